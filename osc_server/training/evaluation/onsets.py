"""Onset strength, and how it lies on a beat grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from osc_server.training.evaluation.spectra import Floats, magnitudes, mel_filters

HOP_SECONDS = 0.005
ENVELOPE_RATE_HZ = 200.0
_N_FFT = 1024
_N_MELS = 48
_LAG = 3  # frames between the spectra compared: a 15 ms attack counts whole
_SENSITIVITY = 300.0  # log(1 + s * m): what lies 50 dB under full scale counts as silence
_SHARE_OF_STRONG = 0.2  # of the strong onsets' strength, that an onset must reach
_FAINTEST = 0.05  # below it is the ripple of beating partials
_GAP_SECONDS = 0.05  # the least distance between two onsets
BANDS = ((0, 6), (6, 24), (24, 48))  # mel bands: kick and bass, snare and body, hats


def onset_bands(audio: Floats, rate_hz: int, *, loop: bool = False) -> Floats:
    """Onset strength in three bands of frequency.

    Half-wave rectified difference of log-compressed mel spectra (spectral flux).

    Args:
        audio: ``[n_samples]``; its level does not matter.
        rate_hz: sample rate.
        loop: the audio continues into itself.

    Returns:
        ``[n_frames, 3]`` at 200 frames a second (low, middle, high); 0 where nothing begins.
    """
    peak = float(np.max(np.abs(audio), initial=0.0))
    if peak < 1e-6:
        return np.zeros((max(1, int(len(audio) / rate_hz * ENVELOPE_RATE_HZ)), 3), np.float32)
    hop = round(rate_hz * HOP_SECONDS)
    spectrum = magnitudes(audio / np.float32(peak), _N_FFT, hop, loop=loop)
    mel = np.log1p(_SENSITIVITY * (spectrum @ mel_filters(rate_hz, _N_FFT, _N_MELS)))
    before = np.roll(mel, _LAG, axis=0)
    if not loop:
        before[:_LAG] = 0.0
    rise = np.maximum(mel - before, 0.0)
    return np.stack([rise[:, a:b].mean(axis=1) for a, b in BANDS], axis=1).astype(np.float32)


def onset_envelope(audio: Floats, rate_hz: int, *, loop: bool = False) -> Floats:
    """Onset strength over all bands, ``[n_frames]`` at 200 frames a second."""
    bands = onset_bands(audio, rate_hz, loop=loop)
    weights = np.array([b - a for a, b in BANDS], np.float32)
    return np.asarray(bands @ (weights / weights.sum()), dtype=np.float32)


def pick_onsets(envelope: Floats, *, loop: bool = False) -> NDArray[np.int64]:
    """Frames at which something begins: local maxima above a share of the strong ones.

    Args:
        envelope: onset strength at 200 frames a second.
        loop: the envelope continues into itself.
    """
    if not len(envelope):
        return np.zeros(0, np.int64)
    # The 99.5th percentile is still an onset in a clip that has only one a second.
    height = max(_FAINTEST, _SHARE_OF_STRONG * float(np.percentile(envelope, 99.5)))
    distance = max(1, round(_GAP_SECONDS * ENVELOPE_RATE_HZ))
    # Zeros let an onset on the first frame be a maximum; a loop sees what really comes before.
    padded = np.pad(envelope, 2 * distance, mode="wrap" if loop else "constant")
    peaks, _ = find_peaks(padded, height=height, distance=distance)
    frames = np.asarray(peaks - 2 * distance, dtype=np.int64)
    return frames[(frames >= 0) & (frames < len(envelope))]
