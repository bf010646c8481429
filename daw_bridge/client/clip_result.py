"""What comes back: a finished clip, on disk or streamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from osc_server.contract.errors import GenerationFailed, StorageFailed
from osc_server.contract.replies import AudioChunk, Preview, PreviewChunk, Ready, Take
from osc_server.contract.requests import GenerateClip

Audio = NDArray[np.float32]  # [n_samples, n_channels]
_TICKS_A_BEAT = 960


@dataclass(frozen=True, slots=True, eq=False)
class ClipResult:
    """A finished clip.

    Attributes:
        id: the clip's own id on the server, for ``client.clip(id)``.
        prompt: the words that it was made from, or the name of the preset; empty for a clip
            recalled by id.
        path: the WAV; None where the audio was streamed.
        seconds: length.
        bars: length in bars.
        beats: length in quarter notes, exact where the request said bars or beats.
        bpm: tempo asked for.
        bpm_measured: tempo found in the audio; 0 where no beat was found.
        seam: jump at the loop's seam against those inside; up to 1 it cannot be heard.
        lufs: integrated loudness.
        seed: ask again with it to get the same clip.
        rate_hz: samples per second.
        rtf: compute seconds per audio second.
        notes: one sentence where something asked for could not be met.
        seam_flux: change of the spectrum at the loop's seam against the mean inside; about 1 is
            like any other place, 0 where it was not measured.
        seam_perplexity: how much the seam surprises the model against the interior; the same.
        confidence: how sure the model was of its codes, 0..1.
        tempo_confidence: how regularly its onsets repeat at bpm_measured, 0..1; 0 = no beat.
        stretch: tempo that it was drawn at over bpm, where it was stretched to bpm; 1 = it was not.
        turned_beats: quarter notes by which its bar began later than the loop, and was turned.
        unknown_words: of the prompt that the model has never learned; the embedded one
            leaves them out, others can only guess.
        takes: all that were made, the best first, where more than one was asked for; this is the
            best, and ``client.clip(take.clip)`` brings any.
    """

    id: str
    prompt: str
    path: Path | None
    seconds: float
    bars: float
    beats: Fraction
    bpm: float
    bpm_measured: float
    seam: float
    lufs: float
    seed: int
    rate_hz: int
    rtf: float
    notes: str
    streamed: Audio | None = None
    seam_flux: float = 0.0
    seam_perplexity: float = 0.0
    confidence: float = 0.0
    takes: tuple[Take, ...] = ()
    tempo_confidence: float = 0.0
    stretch: float = 1.0
    turned_beats: float = 0.0
    unknown_words: tuple[str, ...] = ()

    def read(self) -> Audio:
        """The audio, float32 ``[n_samples, n_channels]``.

        Raises:
            StorageFailed: where the server's disk is not this computer's, or the file is gone.
        """
        if self.streamed is not None:
            return self.streamed
        return _read(self.path)[0]


@dataclass(frozen=True, slots=True, eq=False)
class PreviewResult:
    """A first, coarse version of a clip that is being made, of the same length.

    Attributes:
        path: the WAV; None where the audio was streamed.
        codebooks: how many of the model's it is made of.
    """

    path: Path | None
    codebooks: int
    streamed: tuple[Audio, int] | None = None

    def read(self) -> tuple[Audio, int]:
        """The audio, float32 ``[n_samples, n_channels]``, and its rate in Hz.

        Raises:
            StorageFailed: as ``ClipResult.read``.
        """
        return self.streamed if self.streamed is not None else _read(self.path)


def _read(path: Path | None) -> tuple[Audio, int]:
    if path is None or not path.exists():
        raise StorageFailed(
            f"{path} is not on this computer; where the server runs on another one, "
            'ask with delivery="stream"'
        )
    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise StorageFailed(f"{path} cannot be read as audio: {error}") from error
    return np.asarray(samples, np.float32), int(rate_hz)


def make_preview(preview: Preview, chunks: dict[int, PreviewChunk]) -> PreviewResult:
    """Put the ``preview`` reply and what was streamed before it together.

    Raises:
        GenerationFailed: where pieces of the audio are missing.
    """
    if not chunks:
        return PreviewResult(Path(preview.path) if preview.path else None, preview.codebooks)
    first = next(iter(chunks.values()))
    audio = _joined(chunks, "the preview").reshape(-1, first.n_channels)
    return PreviewResult(None, preview.codebooks, (audio, first.rate_hz))


def make_result(
    ready: Ready,
    request: GenerateClip | None,
    chunks: dict[int, AudioChunk],
    takes: Sequence[Take] = (),
) -> ClipResult:
    """Put the ``ready`` reply and what came before it together.

    Raises:
        GenerationFailed: where pieces of the audio are missing.
    """
    exact = request is not None and _says_its_length(request)
    beats = (
        request.length_beats
        if request is not None and exact
        else Fraction(round(ready.seconds * ready.bpm / 60 * _TICKS_A_BEAT), _TICKS_A_BEAT)
    )
    return ClipResult(
        id=ready.clip,
        prompt="" if request is None else request.words or request.preset,
        path=Path(ready.path) if ready.path else None,
        seconds=ready.seconds,
        bars=ready.bars,
        beats=beats,
        bpm=ready.bpm,
        bpm_measured=ready.bpm_measured,
        seam=ready.seam,
        lufs=ready.lufs,
        seed=ready.seed,
        rate_hz=ready.rate_hz,
        rtf=ready.rtf,
        notes=ready.notes,
        streamed=_assemble(ready, chunks) if chunks else None,
        seam_flux=ready.seam_flux,
        seam_perplexity=ready.seam_perplexity,
        confidence=ready.confidence,
        takes=tuple(takes),
        tempo_confidence=ready.tempo_confidence,
        stretch=ready.stretch,
        turned_beats=ready.turned_beats,
        unknown_words=tuple(ready.unknown_words.split()),
    )


def _says_its_length(request: GenerateClip) -> bool:
    """In beats, exactly: not where a preset or another clip may give it, or tempo and meter."""
    return not request.preset and request.seconds is None and request.start is None


def _assemble(ready: Ready, chunks: dict[int, AudioChunk]) -> Audio:
    flat = _joined(chunks, ready.clip)
    n_channels = max(1, round(len(flat) / (ready.seconds * ready.rate_hz)))
    return flat.reshape(-1, n_channels)


def _joined(chunks: Mapping[int, AudioChunk | PreviewChunk], what: str) -> Audio:
    count = next(iter(chunks.values())).count
    if set(chunks) != set(range(count)):
        raise GenerationFailed(
            f"{count - len(chunks)} of {count} pieces of {what} did not arrive: ask again"
        )
    flat = np.frombuffer(b"".join(chunks[index].samples for index in range(count)), "<f4")
    return flat.astype(np.float32)
