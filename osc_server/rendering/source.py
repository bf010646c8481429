"""The audio that a clip starts from: a clip of the store, or a file, read whole and checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.library.clips import ClipStore
from osc_server.rendering.plan import Audio, Codes

Samples = NDArray[Any]  # [n_samples, n_channels]: int32, float32 or float64, as the file holds them

MAX_SECONDS = 600.0
MIN_SECONDS = 0.1
_SILENCE = 1e-4  # -80 dBFS: dither and hum of a muted track stay under it
_INTEGERS = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32")
_HASHED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """Given audio.

    Attributes:
        name: as it was asked for: a clip id or a path.
        audio: ``[n_samples, n_channels]`` float32 in -1..1.
        exact: the same samples without any rounding, as the file holds them; integers are scaled
            to 32 bits.
        subtype: of the file, as libsndfile names it, such as ``PCM_24``.
        rate_hz: its rate.
        sha256: of the file.
        sidecar: of a clip; None for any other file.
        codes: of a clip, ``[K, T]``; None where there are none.
    """

    name: str
    audio: Audio
    exact: Samples
    subtype: str
    rate_hz: int
    sha256: str
    sidecar: ClipSidecar | None = None
    codes: Codes | None = None

    @property
    def n_samples(self) -> int:
        """Length in samples of one channel."""
        return len(self.audio)

    @property
    def n_channels(self) -> int:
        """1 or 2."""
        return int(self.audio.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate_hz


def read_source(name: str, store: ClipStore) -> Source:
    """Read a clip, or a file that libsndfile can read, mono or stereo, at any rate.

    Args:
        name: a clip id of the store, or a path; a relative one begins in the clips folder.
        store: the clips.

    Raises:
        BadRequest: where there is no such audio, or it cannot be started from: empty, damaged,
            silent, too long, too short, of more than two channels.
        StorageFailed: where a clip of the store is damaged.
    """
    clip_id = _clip_id(name, store)
    path = store.wav_path(clip_id) if clip_id else store.folder / name
    exact, subtype, rate_hz = _read(path, name)
    audio = _as_float(exact)
    _check_content(audio, name)
    sidecar, codes = (None, None) if clip_id is None else _belongings(clip_id, store)
    return Source(name, audio, exact, subtype, rate_hz, _sha256(path), sidecar, codes)


def _clip_id(name: str, store: ClipStore) -> str | None:
    """The clip that is meant: by its id, or by the path of its WAV."""
    if store.holds(name):
        return name
    path = store.folder / name
    if path.suffix == ".wav" and path.parent == store.folder and store.holds(path.stem):
        return path.stem
    return None


def _belongings(clip_id: str, store: ClipStore) -> tuple[ClipSidecar, Codes | None]:
    try:
        codes = store.read_codes(clip_id)
    except (BadRequest, StorageFailed):
        codes = None  # the audio alone will do: it is encoded again
    return store.sidecar(clip_id), codes


def _read(path: Path, name: str) -> tuple[Samples, str, int]:
    shown = repr(name[-200:])
    if not path.is_file():
        raise BadRequest(
            f"no clip and no file {shown}: /magnet/clip/list says which clips there are"
        )
    try:
        if path.stat().st_size == 0:
            raise BadRequest(f"{shown} is an empty file: render it again in your DAW")
        with soundfile.SoundFile(path) as file:
            _check_form(file, shown)
            kind = "int32" if file.subtype in _INTEGERS else "float32"
            kind = "float64" if file.subtype == "DOUBLE" else kind
            return file.read(dtype=kind, always_2d=True), file.subtype, file.samplerate
    except (OSError, soundfile.SoundFileError) as error:
        raise BadRequest(
            f"{shown} cannot be read as audio: give a WAV, AIFF or FLAC file ({error})"
        ) from error


def _check_form(file: soundfile.SoundFile, shown: str) -> None:
    seconds = file.frames / file.samplerate
    if file.frames == 0:
        raise BadRequest(f"{shown} is empty: it holds no sample")
    if seconds < MIN_SECONDS:
        raise BadRequest(f"{shown} is too short: {seconds * 1000:.3g} ms, and 100 ms are needed")
    if seconds > MAX_SECONDS:
        raise BadRequest(
            f"{shown} is too long: {seconds / 60:.3g} minutes, and at most {MAX_SECONDS / 60:g} "
            "can be read: cut out the part that matters"
        )
    if file.channels > 2:
        raise BadRequest(f"{shown} has {file.channels} channels: give a mono or a stereo file")


def _check_content(audio: Audio, name: str) -> None:
    shown = repr(name[-200:])
    if not np.isfinite(audio).all():
        raise BadRequest(f"{shown} holds samples that are not numbers: render it again")
    if float(np.abs(audio).max(initial=0.0)) < _SILENCE:
        raise BadRequest(f"{shown} is silent: there is nothing in it to start from")


def _as_float(exact: Samples) -> Audio:
    if exact.dtype == np.int32:
        return (exact * 2.0**-31).astype(np.float32)
    return exact.astype(np.float32, copy=False)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASHED_BYTES):
            digest.update(block)
    return digest.hexdigest()
