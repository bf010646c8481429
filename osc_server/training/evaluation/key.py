"""Which key a clip is in, estimated from its pitch classes, and how far that is from another.

The estimator is never told what was asked for. What counts is the place on the circle of fifths, so
that a key and its relative (C major, A minor) are one: a loop of two chords rarely says more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from osc_server.training.corpus.harmony import NOTE_NAMES
from osc_server.training.evaluation.spectra import Floats, magnitudes

_N_FFT = 8192
_HOP_SECONDS = 0.05
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 1000.0

# How often each of the twelve notes comes in a key that begins at the first (Albrecht and Shanahan,
# 2013). On 300 corpus clips that nothing else uses they found the key within a fifth in 94 %, the
# ratings of Krumhansl and Kessler in 87 %.
_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
_MODES = ("major", "minor")

KEYS = tuple(f"{note} {mode}" for mode in _MODES for note in NOTE_NAMES)
"""All 24, as requests say them."""


def pitch_classes(audio: Floats, rate_hz: int) -> NDArray[np.float64]:
    """How much of each pitch class sounds in a loop ``[n_samples]``, C first, ``[12]``.

    Only peaks of the spectrum from 30 Hz to 1 kHz count: noise has no key, and high partials are
    those of other notes.
    """
    spectrum = magnitudes(audio, _N_FFT, round(_HOP_SECONDS * rate_hz), loop=True)
    hz = np.arange(spectrum.shape[1]) * rate_hz / _N_FFT
    inner = spectrum[:, 1:-1]
    is_peak = (inner >= spectrum[:, :-2]) & (inner >= spectrum[:, 2:])
    strength = np.where(is_peak, inner, 0.0).sum(axis=0)
    hz = hz[1:-1]
    inside = (hz > _LOWEST_HZ) & (hz < _HIGHEST_HZ)
    pitch_class = np.round(69.0 + 12.0 * np.log2(hz[inside] / 440.0)).astype(int) % 12
    return np.bincount(pitch_class, weights=strength[inside], minlength=12).astype(np.float64)


def estimate_key(classes: NDArray[np.float64]) -> str:
    """The likeliest of ``KEYS``, by correlation with the profile of each; empty for silence."""
    if classes.std() <= 1e-9 * max(1.0, float(classes.mean())):
        return ""
    scores = [
        float(np.corrcoef(classes, np.roll(profile, tonic))[0, 1])
        for profile in (_MAJOR, _MINOR)
        for tonic in range(12)
    ]
    return KEYS[int(np.argmax(scores))]


def fifths_apart(key: str, other: str) -> int:
    """Steps between two keys on the circle of fifths, 0..6; relative keys are 0 apart.

    No key (empty) is as far as can be from any.
    """
    if not key or not other:
        return 6
    steps = abs(_place(key) - _place(other))
    return min(steps, 12 - steps)


def _place(key: str) -> int:
    tonic, mode = key.split()
    return 7 * (NOTE_NAMES.index(tonic) + 3 * _MODES.index(mode)) % 12
