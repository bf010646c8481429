"""True peaks: how high they reach, and holding back those that reach too high."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d
from scipy.signal import oaconvolve, resample_poly

from osc_server.rendering.plan import Audio

_OVERSAMPLING = 4
_MARGIN = 64  # samples around a clip that the oversampling filter reaches
_PIECE_SAMPLES = 1 << 20
_HOLD_SECONDS = 0.010


def true_peak_db(audio: Audio, loop: bool) -> float:
    """True peak in dBTP by 4-fold oversampling (ITU-R BS.1770-4 annex 2); -inf for silence."""
    peak = float(peak_envelope(audio, loop).max())
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def peak_envelope(audio: Audio, loop: bool) -> NDArray[np.float64]:
    """``[n_samples]``: the highest that any channel reaches within a sample of each instant."""
    edge: Literal["wrap", "constant"] = "wrap" if loop else "constant"
    padded = np.pad(audio, ((_MARGIN, _MARGIN), (0, 0)), edge)
    # Piece by piece: minutes of stereo, four times oversampled, would fill gigabytes.
    pieces = [
        _envelope(padded[first : first + _PIECE_SAMPLES + 2 * _MARGIN])
        for first in range(0, len(audio), _PIECE_SAMPLES)
    ]
    return np.concatenate(pieces)


def _envelope(padded: Audio) -> NDArray[np.float64]:
    """Of audio with its margin on both sides, without it."""
    audio = padded[_MARGIN : len(padded) - _MARGIN]
    n_samples = len(audio)
    between = np.abs(resample_poly(padded.astype(np.float64), _OVERSAMPLING, 1, axis=0)).max(axis=1)
    # From one sample to the next: what lies between belongs to both.
    first = (_MARGIN - 1) * _OVERSAMPLING
    steps = between[first : first + (n_samples + 1) * _OVERSAMPLING]
    highest = steps.reshape(n_samples + 1, _OVERSAMPLING).max(axis=1)
    around = np.maximum(highest[:-1], highest[1:])
    return np.asarray(np.maximum(around, np.abs(audio).max(axis=1)))


def hold_peaks(audio: Audio, ceiling_db: float, rate_hz: int, loop: bool) -> Audio:
    """Hold peaks under a ceiling by a gain that moves smoothly, 10 ms to each side of a peak.

    The gain that each instant needs is carried to its neighbourhood (a running minimum) and then
    averaged over the same width (a Hann window), so it is never above what any peak needs and has
    no delay. On a loop both run around the circle. All channels share it, so the image stays.

    Args:
        audio: ``[n_samples, n_channels]``.
        ceiling_db: in dBTP.
        rate_hz: its rate.
        loop: whether the end runs into the start.
    """
    ceiling = 10 ** (ceiling_db / 20)
    needed = np.minimum(1.0, ceiling / np.maximum(peak_envelope(audio, loop), 1e-12))
    width = 2 * min(round(_HOLD_SECONDS * rate_hz), (len(audio) - 1) // 2) + 1
    window = np.hanning(width + 2)[1:-1]
    lowest = minimum_filter1d(needed, width, mode="wrap" if loop else "nearest")
    edge: Literal["wrap", "edge"] = "wrap" if loop else "edge"
    gain = oaconvolve(np.pad(lowest, width // 2, edge), window / window.sum(), mode="valid")
    return np.asarray(audio * gain[:, None], np.float32)
