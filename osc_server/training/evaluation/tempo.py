"""Tempo of a rhythmic clip, estimated blindly, and how its onsets lie on the asked grid.

The estimator never hears which tempo was asked for. It returns a tempo within one octave, and a
comparison folds by powers of two only: 3/2 of the asked tempo is wrong.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from osc_server.training.evaluation.onsets import ENVELOPE_RATE_HZ
from osc_server.training.evaluation.spectra import Floats

OCTAVE_LOW_BPM = 80.0  # estimates lie in 80..160
TOLERANCE = 0.02
_STEP = 1.0025  # ratio between neighbouring candidates
_SHORTEST_LAG_SECONDS = 0.09
_LONGEST_LAG_SHARE = 0.75  # of the clip: longer lags compare too little
_SMOOTH_SECONDS = 0.012
_BEAT_MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def candidate_bpms() -> NDArray[np.float64]:
    """Every tempo that can be returned: one octave in steps of a quarter of a percent."""
    count = round(math.log(2.0) / math.log(_STEP))
    return np.asarray(OCTAVE_LOW_BPM * 2.0 ** (np.arange(count) / count))


def autocorrelation(envelope: Floats) -> NDArray[np.float64]:
    """Autocorrelation without the mean, each lag over the frames that overlap; r[0] = 1."""
    smooth = gaussian_filter1d(envelope.astype(np.float64), _SMOOTH_SECONDS * ENVELOPE_RATE_HZ)
    centred = smooth - smooth.mean()
    n = len(centred)
    spectrum = np.fft.rfft(centred, 2 * n)
    raw = np.fft.irfft(np.abs(spectrum) ** 2)[:n] / np.arange(n, 0, -1)
    return np.asarray(raw / raw[0] if raw[0] > 1e-12 else np.zeros(n))


def tempo_scores(envelope: Floats) -> NDArray[np.float64]:
    """How well each candidate tempo explains the envelope, ``[n_candidates]``.

    Mean autocorrelation at the candidate's sixteenth, eighth, beat, half bar, bar, two and four
    bars: the lags that 4/4 music shares whichever octave is called the beat.
    """
    correlation = autocorrelation(envelope)
    longest = _LONGEST_LAG_SHARE * len(envelope) / ENVELOPE_RATE_HZ
    beat_seconds = 60.0 / candidate_bpms()
    total = np.zeros(len(beat_seconds))
    weight = np.zeros(len(beat_seconds))
    grid = np.arange(len(correlation)) / ENVELOPE_RATE_HZ
    for multiple in _BEAT_MULTIPLES:
        lags = multiple * beat_seconds
        usable = (lags >= _SHORTEST_LAG_SECONDS) & (lags <= longest)
        total += np.where(usable, np.interp(lags, grid, correlation), 0.0)
        weight += usable
    return np.asarray(total / np.maximum(weight, 1.0))


def estimate_bpm(envelope: Floats) -> float:
    """The tempo in 80..160 that explains the envelope best; 0 where nothing repeats."""
    scores = tempo_scores(envelope)
    best = int(np.argmax(scores))
    return float(candidate_bpms()[best]) if scores[best] > 0.0 else 0.0


def tempo_ratio(estimated_bpm: float, asked_bpm: float) -> float:
    """Estimated over asked, folded by powers of two into 0.707..1.414; 1 is right, 0 is none."""
    if estimated_bpm <= 0.0 or asked_bpm <= 0.0:
        return 0.0
    octaves = math.log2(estimated_bpm / asked_bpm)
    return float(2.0 ** (octaves - round(octaves)))


def same_tempo(estimated_bpm: float, asked_bpm: float, tolerance: float = TOLERANCE) -> bool:
    """Whether the two agree within ``tolerance`` (0.02 = 2 %), octaves folded."""
    return abs(tempo_ratio(estimated_bpm, asked_bpm) - 1.0) <= tolerance
