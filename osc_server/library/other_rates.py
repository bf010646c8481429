"""Clips at other rates than their own: WAVs in a folder of their own, made when first asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.musical_time import beats_to_samples
from osc_server.library.clips import ClipStore, wav_bytes
from osc_server.library.storage import storage_errors, write_through

FOLDER = "rates"


def wav_at_rate(store: ClipStore, sidecar: ClipSidecar, rate_hz: int) -> Path:
    """The WAV of a clip at a rate: its own, or one beside it that stays for the next who asks.

    Floats, since resampling a loud clip may pass full scale by a hair.

    Raises:
        BadRequest: where there is no such clip.
        StorageFailed: where it cannot be read, or the other written.
    """
    if rate_hz == sidecar.measured.rate_hz:
        return store.wav_path(sidecar.id)
    path = store.folder / FOLDER / f"{sidecar.id}.{rate_hz}hz.wav"
    if path.exists():
        return path
    audio = at_rate(store.read_audio(sidecar.id), sidecar, rate_hz)
    content = wav_bytes(audio, rate_hz, "FLOAT")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with storage_errors(store.folder):
        path.parent.mkdir(exist_ok=True)
        try:
            write_through(part, content)
            os.replace(part, path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return path


def samples_at_rate(sidecar: ClipSidecar, rate_hz: int) -> int:
    """How many samples a clip has at a rate: those of its beats, where it has its beats' now."""
    request, measured = sidecar.request, sidecar.measured
    if beats_to_samples(request.length_beats, request.bpm, measured.rate_hz) == measured.n_samples:
        return beats_to_samples(request.length_beats, request.bpm, rate_hz)
    return max(1, round(measured.n_samples * rate_hz / measured.rate_hz))


def at_rate(audio: NDArray[np.float32], sidecar: ClipSidecar, rate_hz: int) -> NDArray[np.float32]:
    """A clip's samples at another rate; a loop as the circle that it is."""
    n_samples = samples_at_rate(sidecar, rate_hz)
    if sidecar.request.loop:
        from osc_server.rendering.finishing import fit_loop  # half a second, and rarely needed

        return fit_loop(audio, n_samples)
    line = soxr.resample(audio, sidecar.measured.rate_hz, rate_hz, "VHQ")
    fitted = np.zeros((n_samples, audio.shape[1]), np.float32)
    fitted[: len(line)] = line[:n_samples]
    return fitted
