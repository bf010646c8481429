"""Magnitude and mel spectra in plain numpy, so that measuring needs no other library.

Audio in this package is mono float32 ``[n_samples]``; spectra are ``[n_frames, n_bins]``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

Floats = NDArray[np.float32]


def magnitudes(audio: Floats, n_fft: int, hop: int, *, loop: bool = False) -> Floats:
    """Hann-windowed magnitudes, frame t centred on sample ``t * hop``.

    Args:
        audio: ``[n_samples]``.
        n_fft: window length in samples.
        hop: samples between frames.
        loop: continue the audio into itself at both ends instead of with silence.

    Returns:
        ``[n_samples // hop, n_fft // 2 + 1]``, scaled so that a full-scale sine peaks near 1.
    """
    n_frames = max(1, len(audio) // hop)
    mode: Literal["wrap", "constant"] = "wrap" if loop and len(audio) else "constant"
    padded = np.pad(audio.astype(np.float32), (n_fft // 2, n_fft // 2 + hop), mode=mode)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop][:n_frames]
    window = np.hanning(n_fft).astype(np.float32)
    spectrum = np.abs(rfft(frames * window, axis=1))
    return np.asarray(spectrum * (2.0 / window.sum()), dtype=np.float32)


def _mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0))


@lru_cache(maxsize=32)
def mel_filters(rate_hz: int, n_fft: int, n_mels: int, low_hz: float = 30.0) -> Floats:
    """Triangular filters ``[n_fft // 2 + 1, n_mels]`` on the HTK mel scale, each summing to 1.

    A filter narrower than a bin takes the bin nearest to its centre, so that none is empty.
    """
    edges_mel = np.linspace(_mel(low_hz), _mel(rate_hz / 2), n_mels + 2)
    edges = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    bins = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    rising = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(rising, falling))
    for index in np.flatnonzero(filters.sum(axis=0) == 0.0):
        filters[np.argmin(np.abs(bins - edges[index + 1])), index] = 1.0
    return np.asarray(filters / filters.sum(axis=0), dtype=np.float32)


def log_mel(
    audio: Floats, rate_hz: int, n_fft: int, hop: int, n_mels: int, *, floor: float = 1e-5
) -> Floats:
    """``log10(mel magnitude + floor)``, ``[n_frames, n_mels]``."""
    mel = magnitudes(audio, n_fft, hop) @ mel_filters(rate_hz, n_fft, n_mels)
    return np.asarray(np.log10(mel + floor), dtype=np.float32)
