"""What comes back: a finished clip, on disk or streamed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from osc_server.contract.errors import GenerationFailed, StorageFailed
from osc_server.contract.replies import AudioChunk, Ready
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

    def read(self) -> Audio:
        """The audio, float32 ``[n_samples, n_channels]``.

        Raises:
            StorageFailed: where the server's disk is not this computer's, or the file is gone.
        """
        if self.streamed is not None:
            return self.streamed
        if self.path is None or not self.path.exists():
            raise StorageFailed(
                f"{self.path} is not on this computer; where the server runs on another one, "
                'ask with delivery="stream"'
            )
        try:
            samples, _ = soundfile.read(self.path, dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            raise StorageFailed(f"{self.path} cannot be read as audio: {error}") from error
        return np.asarray(samples, np.float32)


def make_result(
    ready: Ready, request: GenerateClip | None, chunks: dict[int, AudioChunk]
) -> ClipResult:
    """Put the ``ready`` reply and what was streamed before it together.

    Raises:
        GenerationFailed: where pieces of the audio are missing.
    """
    exact = request is not None and not request.preset and request.seconds is None
    beats = (
        request.length_beats
        if request is not None and exact
        else Fraction(round(ready.seconds * ready.bpm / 60 * _TICKS_A_BEAT), _TICKS_A_BEAT)
    )
    return ClipResult(
        id=ready.clip,
        prompt="" if request is None else request.prompt or request.preset,
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
    )


def _assemble(ready: Ready, chunks: dict[int, AudioChunk]) -> Audio:
    count = next(iter(chunks.values())).count
    if set(chunks) != set(range(count)):
        raise GenerationFailed(
            f"{count - len(chunks)} of {count} pieces of {ready.clip} did not arrive: ask again"
        )
    flat = np.frombuffer(b"".join(chunks[index].samples for index in range(count)), "<f4")
    n_channels = max(1, round(len(flat) / (ready.seconds * ready.rate_hz)))
    return flat.astype(np.float32).reshape(-1, n_channels)
