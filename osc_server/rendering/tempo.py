"""The tempo that a clip really has, measured from its onsets.

Spectral flux of a log-mel spectrum (after Böck and Widmer, DAFx 2013, without the vibrato filter),
then the autocorrelation of that envelope, read at whole multiples of each candidate beat: what
repeats after one beat repeats after two, so the multiples sharpen the figure far beyond one frame
of the envelope. On a loop the autocorrelation is circular.

Plain numpy on purpose: librosa's onset envelope gives the same, but its first call compiles for
about 16 s on two cores (measured with librosa 0.11), which a first clip must not wait for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osc_server.rendering.bands import Levels, band_levels_db
from osc_server.rendering.plan import Audio

Envelope = NDArray[np.float64]  # [n_frames]

_RIPPLE_DB = 0.2  # what a steady tone shows as its phase moves under the window
_PRIOR_OCTAVES = 0.25  # standard deviation of the prior around the asked tempo
_LEAST_BEATS = 4
_LEAST_REGULARITY = 0.12  # over 8 beats noise and rain stay under it, drums well above
_LONGEST_REACH_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Tempo:
    """What was measured.

    Attributes:
        bpm: beats a minute; 0 where no beat was found.
        confidence: how regularly onsets repeat beat after beat, 0..1: the mean autocorrelation of
            their envelope at whole beats; 0 where no beat was found.
    """

    bpm: float
    confidence: float


NO_TEMPO = Tempo(0.0, 0.0)


def bpm_measured(audio: Audio, rate_hz: int, asked_bpm: float, *, loop: bool) -> float:
    """The beats a minute of ``measure_tempo``."""
    return measure_tempo(audio, rate_hz, asked_bpm, loop=loop).bpm


def measure_tempo(
    audio: Audio, rate_hz: int, asked_bpm: float, *, loop: bool, levels: Levels | None = None
) -> Tempo:
    """Tempo within half an octave of the asked one.

    Half and double tempo are folded into that octave: which of them is the beat is what the
    musician said. Under four beats too little repeats to tell.

    Args:
        audio: ``[n_samples, n_channels]``.
        rate_hz: its rate.
        asked_bpm: the tempo to search around.
        loop: whether the end runs into the start.
        levels: the audio's own ``band_levels_db``, where they are known.
    """
    envelope = onset_envelope(audio, rate_hz, loop=loop, levels=levels)
    frames_per_second = len(envelope) * rate_hz / len(audio)
    n_beats = len(audio) / rate_hz * asked_bpm / 60
    if n_beats < _LEAST_BEATS - 0.01 or envelope.max() <= 0:
        return NO_TEMPO
    correlation = _autocorrelation(envelope, loop)
    octaves = np.arange(-0.5, 0.5, 0.0005)
    lags = frames_per_second * 60 / (asked_bpm * 2**octaves)
    reach = min(len(correlation) - 1, _LONGEST_REACH_SECONDS * frames_per_second)
    regularity = _regularity(correlation, lags, reach)
    weighted = regularity * np.exp(-0.5 * (octaves / _PRIOR_OCTAVES) ** 2)
    best = int(weighted.argmax())
    # Few beats repeat by chance more easily.
    if regularity[best] < _LEAST_REGULARITY * max(1.0, (8 / n_beats) ** 1.5):
        return NO_TEMPO
    bpm = float(frames_per_second * 60 / _refined(lags, regularity, best))
    return Tempo(bpm, float(min(1.0, regularity[best])))


def onset_envelope(
    audio: Audio, rate_hz: int, *, loop: bool, levels: Levels | None = None
) -> Envelope:
    """Strength of onsets ``[n_frames]``, about 200 frames a second; on a loop exactly one turn."""
    level_db = band_levels_db(audio, rate_hz, loop=loop) if levels is None else levels
    before = np.roll(level_db, 1, axis=0)
    if not loop:
        before[0] = level_db[0]
    flux_db: Envelope = np.maximum(level_db - before, 0).mean(axis=1)
    return np.maximum(flux_db - _RIPPLE_DB, 0)


def _autocorrelation(envelope: Envelope, loop: bool) -> Envelope:
    """Of the envelope without its mean, 1 at lag 0; on a line each lag over what overlaps."""
    n = len(envelope)
    centred = envelope - envelope.mean()
    size = n if loop else 2 * n
    correlation = np.fft.irfft(np.abs(np.fft.rfft(centred, size)) ** 2, size)[:n]
    if not loop:
        correlation = correlation[: max(2, n * 3 // 4)]
        correlation *= n / (n - np.arange(len(correlation)))
    return np.asarray(correlation / max(correlation[0], 1e-12))


def _regularity(correlation: Envelope, lags: Envelope, reach: float) -> Envelope:
    """Mean autocorrelation at whole multiples of each lag, as far as ``reach`` frames."""
    n_multiples = np.maximum(1, (reach / lags).astype(int))
    frames, total = np.arange(len(correlation)), np.zeros(len(lags))
    for i in range(1, int(n_multiples.max()) + 1):
        at = np.interp(i * lags, frames, correlation)
        total += np.where(i <= n_multiples, at, 0.0)
    return np.asarray(total / n_multiples)


def _refined(lags: Envelope, regularity: Envelope, best: int) -> float:
    """Centre of the peak: the mean of the lags around it, weighted by what rises above its foot."""
    around = slice(max(0, best - 6), best + 7)
    weight = regularity[around] - regularity[around].min()
    return float((lags[around] * weight).sum() / weight.sum()) if weight.sum() > 0 else lags[best]
