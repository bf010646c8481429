"""True peaks: how high they reach, and holding back those that reach too high."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d
from scipy.signal import oaconvolve, resample_poly

from osc_server.rendering.plan import Audio

_OVERSAMPLING = 4
_MARGIN = 64  # samples around a clip that the oversampling filter reaches
_PIECE_SAMPLES = 1 << 20
_BLOCK = 512  # samples that are held together, or not
_HOLD_SECONDS = 0.010


@dataclass(frozen=True, slots=True)
class Held:
    """Audio whose peaks were held back.

    Attributes:
        audio: ``[n_samples, n_channels]``.
        true_peak_db: what it still reaches, in dBTP; -inf for silence.
    """

    audio: Audio
    true_peak_db: float


def true_peak_db(audio: Audio, loop: bool) -> float:
    """True peak in dBTP by 4-fold oversampling (ITU-R BS.1770-4 annex 2); -inf for silence."""
    return highest_db(peak_envelope(audio, loop))


def highest_db(envelope: NDArray[np.float64]) -> float:
    """The highest of a peak envelope in dBTP; -inf for silence."""
    peak = float(envelope.max())
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def peak_envelope(audio: Audio, loop: bool) -> NDArray[np.float64]:
    """``[n_samples]``: the highest that any channel reaches within a sample of each instant."""
    padded = _padded(audio, loop)
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
    between = _loudest_channel(resample_poly(padded.astype(np.float64), _OVERSAMPLING, 1, axis=0))
    # From one sample to the next: what lies between belongs to both.
    first = (_MARGIN - 1) * _OVERSAMPLING
    steps = between[first : first + (n_samples + 1) * _OVERSAMPLING]
    highest = steps[::_OVERSAMPLING]
    for i in range(1, _OVERSAMPLING):
        highest = np.maximum(highest, steps[i::_OVERSAMPLING])
    around = np.maximum(highest[:-1], highest[1:])
    return np.asarray(np.maximum(around, _loudest_channel(audio)))


def _loudest_channel(audio: NDArray[Any]) -> NDArray[Any]:
    """``[n_samples]``: the magnitude of the channel that is the highest."""
    # NumPy's own maximum over an axis of one or two takes ten times as long.
    loudest = np.abs(audio[:, 0])
    for channel in range(1, audio.shape[1]):
        loudest = np.maximum(loudest, np.abs(audio[:, channel]))
    return np.asarray(loudest)


def hold_peaks(
    audio: Audio,
    ceiling_db: float,
    rate_hz: int,
    loop: bool,
    envelope: NDArray[np.float64] | None = None,
) -> Held:
    """Hold peaks under a ceiling by a gain that moves smoothly, 10 ms to each side of a peak.

    The gain that each instant needs is carried to its neighbourhood (a running minimum) and then
    averaged over the same width (a Hann window), so it is never above what any peak needs and has
    no delay. On a loop both run around the circle. All channels share it, so the image stays.

    Args:
        audio: ``[n_samples, n_channels]``.
        ceiling_db: in dBTP.
        rate_hz: its rate.
        loop: whether the end runs into the start.
        envelope: the audio's own peak envelope, where it is known.
    """
    if envelope is None:
        envelope = peak_envelope(audio, loop)
    needed = np.minimum(1.0, 10 ** (ceiling_db / 20) / np.maximum(envelope, 1e-12))
    width = 2 * min(round(_HOLD_SECONDS * rate_hz), (len(audio) - 1) // 2) + 1
    window = np.hanning(width + 2)[1:-1]
    window /= window.sum()
    lowest = minimum_filter1d(needed, width, mode="wrap" if loop else "nearest")
    reach = width // 2
    lowest = np.pad(lowest, reach + _MARGIN, "wrap" if loop else "edge")
    held, envelope = audio.copy(), envelope.copy()
    stretches = _stretches(lowest < 1, len(audio))
    for first, end in stretches:
        near = lowest[first + _MARGIN : end + _MARGIN + 2 * reach]
        held[first:end] *= oaconvolve(near, window, mode="valid")[:, None]
    # What lies between the samples moves with them, and only there.
    around = _padded(held, loop)
    for first, end in stretches:
        envelope[first:end] = _envelope(around[first : end + 2 * _MARGIN])
    return Held(held, highest_db(envelope))


def _padded(audio: Audio, loop: bool) -> Audio:
    """With a margin on both sides: its own ends on a loop, otherwise silence."""
    edge: Literal["wrap", "constant"] = "wrap" if loop else "constant"
    return np.pad(audio, ((_MARGIN, _MARGIN), (0, 0)), edge)


def _stretches(is_lowered: NDArray[np.bool_], n_samples: int) -> list[tuple[int, int]]:
    """Runs of whole blocks, first sample and end, in whose reach something is lowered.

    Args:
        is_lowered: of each sample, with as many more on both sides as are within reach.
        n_samples: without those.
    """
    reach = len(is_lowered) - n_samples
    before = np.concatenate([[0], np.cumsum(is_lowered)])
    firsts = np.arange(0, n_samples, _BLOCK)
    ends = np.minimum(firsts + _BLOCK, n_samples)
    touched = before[ends + reach] > before[firsts]
    edges = np.flatnonzero(np.diff(touched, prepend=False, append=False)).reshape(-1, 2)
    return [(a * _BLOCK, min(b * _BLOCK, n_samples)) for a, b in edges.tolist()]
