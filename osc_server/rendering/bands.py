"""Levels of mel bands over time: what onsets, distances and fluxes are measured on."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from osc_server.rendering.plan import Audio

Levels = NDArray[np.float64]  # [n_frames, 40]
ONSET_FRAMES_PER_SECOND = 200.0
"""As finely as onsets are placed."""
_WINDOW_SECONDS = 0.032
_N_BANDS = 40
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 12000.0
_RANGE_DB = 60.0
_FRAMES_AT_ONCE = 2048


def band_levels_db(
    audio: Audio,
    rate_hz: int,
    *,
    frames_per_second: float = ONSET_FRAMES_PER_SECOND,
    loop: bool,
) -> Levels:
    """Levels ``[n_frames, 40]`` in dB, at most 60 dB under the loudest; on a loop one turn.

    Frame i is centred on sample ``i * n_samples / n_frames``. All zeros for silence.

    Args:
        audio: ``[n_samples, n_channels]``.
        rate_hz: its rate.
        frames_per_second: about how many; a loop's frames close on it exactly.
        loop: whether the end runs into the start.
    """
    mono = audio.mean(axis=1, dtype=np.float64).astype(np.float32)
    n_frames = max(2, round(len(mono) / rate_hz * frames_per_second))
    width = round(_WINDOW_SECONDS * rate_hz)
    padded = np.pad(mono, width, "wrap") if loop else np.pad(mono, width)
    # Frames start at rounded places, so that a loop's frames close on it exactly.
    starts = np.round(np.arange(n_frames) * len(mono) / n_frames).astype(int) + width - width // 2
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    # In single precision, which holds 60 dB many times over, the transforms take half as long.
    hann = np.hanning(width).astype(np.float32)
    mel = _mel_bands(width, rate_hz).astype(np.float32)
    bands = np.empty((n_frames, _N_BANDS), np.float32)
    for first in range(0, n_frames, _FRAMES_AT_ONCE):  # minutes of windows would fill the memory
        some = slice(first, first + _FRAMES_AT_ONCE)
        spectra = rfft(windows[starts[some]] * hann)
        bands[some] = (spectra.real**2 + spectra.imag**2) @ mel
    loudest = bands.max()
    if loudest <= 0:
        return np.zeros((n_frames, _N_BANDS))
    floor = loudest * 10 ** (-_RANGE_DB / 10)
    return np.asarray(10 * np.log10(np.maximum(bands, floor)), np.float64)


def _mel_bands(width: int, rate_hz: int) -> NDArray[np.float64]:
    """``[width // 2 + 1, n_bands]`` triangles, equally spaced on the mel scale (O'Shaughnessy)."""
    hz = np.fft.rfftfreq(width, 1 / rate_hz)
    highest = min(_HIGHEST_HZ, rate_hz / 2)
    mels = np.linspace(_mel(_LOWEST_HZ), _mel(highest), _N_BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    # Where bands are narrower than a bin, a triangle is widened to one bin on each side.
    rise = np.maximum(np.diff(edges), rate_hz / width)
    up = 1 - (edges[1:-1] - hz[:, None]) / rise[:-1]
    down = 1 - (hz[:, None] - edges[1:-1]) / rise[1:]
    return np.maximum(np.minimum(up, down), 0.0)


def _mel(hz: float) -> float:
    return 2595 * math.log10(1 + hz / 700)
