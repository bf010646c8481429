"""Separate notes: does a clip have attacks, and pitches that change, or is it a smear?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import median_filter
from scipy.signal import resample_poly

from osc_server.training.evaluation.onsets import ENVELOPE_RATE_HZ, onset_envelope, pick_onsets
from osc_server.training.evaluation.spectra import Floats, magnitudes

_PITCH_RATE_HZ = 8000  # pitches are tracked on audio reduced to this rate
_PITCH_HOP = 80  # 10 ms
_PITCH_WINDOW = 512  # 64 ms are compared with themselves ...
_LOWEST_HZ = 35.0  # ... shifted by at most one period of this
_HIGHEST_HZ = 2000.0
_APERIODICITY = 0.2  # YIN's threshold: above it there is no pitch
_SHORTEST_NOTE_FRAMES = 5  # 50 ms
_QUIET = 0.003  # onset strength that counts as none
_CHORD_DISTANCE = 0.12  # cosine distance of chroma between half beats that is another chord


@dataclass(frozen=True, slots=True)
class NoteFigures:
    """What tells notes from a smear.

    Attributes:
        onsets_per_beat: attacks in a quarter note.
        contrast_db: onset strength at the attacks over that between them; a smear has little.
        notes_per_beat: stretches of one steady pitch (to the semitone, at least 50 ms; a new
            attack begins a new one) in a quarter note; for single voices.
        chords_per_bar: changes of harmony from one half beat to the next, in four beats.
        pitched: share of the sounding frames that have one clear pitch.
    """

    onsets_per_beat: float
    contrast_db: float
    notes_per_beat: float
    chords_per_bar: float
    pitched: float


def note_figures(audio: Floats, rate_hz: int, bpm: float, *, loop: bool = False) -> NoteFigures:
    """Measure a clip ``[n_samples]`` whose beats are known to be at ``bpm``."""
    beats = len(audio) / rate_hz * bpm / 60.0
    envelope = onset_envelope(audio, rate_hz, loop=loop)
    onsets = pick_onsets(envelope, loop=loop)
    semitones = pitch_track(audio, rate_hz)
    sounding = _sounding(audio, rate_hz, len(semitones))
    voiced = np.isfinite(semitones) & sounding
    starts = onsets / ENVELOPE_RATE_HZ * (_PITCH_RATE_HZ / _PITCH_HOP)
    return NoteFigures(
        onsets_per_beat=len(onsets) / beats,
        contrast_db=onset_contrast_db(envelope, onsets),
        notes_per_beat=count_notes(np.where(voiced, semitones, np.nan), starts) / beats,
        chords_per_bar=4.0 * count_chord_changes(audio, rate_hz, bpm) / beats,
        pitched=float(voiced.sum() / max(1, sounding.sum())),
    )


def onset_contrast_db(envelope: Floats, onsets: NDArray[np.int64]) -> float:
    """Mean onset strength at the onsets over the mean more than 50 ms from any, in decibels."""
    if not len(onsets):
        return 0.0
    away = np.ones(len(envelope), bool)
    for offset in range(-10, 11):
        away[np.clip(onsets + offset, 0, len(envelope) - 1)] = False
    between = float(envelope[away].mean()) if away.any() else 0.0
    return float(20.0 * np.log10(envelope[onsets].mean() / max(between, _QUIET)))


def pitch_track(audio: Floats, rate_hz: int) -> NDArray[np.float64]:
    """Pitch every 10 ms as a MIDI note number, NaN where there is no clear one.

    YIN (de Cheveigné and Kawahara, 2002): cumulative-mean-normalised difference, first minimum
    below the threshold, refined by a parabola.
    """
    low = resample_poly(audio.astype(np.float64), _PITCH_RATE_HZ, rate_hz)
    longest = int(_PITCH_RATE_HZ / _LOWEST_HZ)
    shortest = int(_PITCH_RATE_HZ / _HIGHEST_HZ)
    span = _PITCH_WINDOW + longest
    padded = np.pad(low, (span // 2, span))
    frames = np.lib.stride_tricks.sliding_window_view(padded, span)[::_PITCH_HOP]
    frames = frames[: max(1, len(low) // _PITCH_HOP)]
    normalised = _normalised_difference(frames, longest)
    lags, found = _first_minimum(normalised, shortest)
    periods = _refine(normalised, lags) / _PITCH_RATE_HZ
    semitones = 69.0 - 12.0 * np.log2(periods * 440.0)
    return np.where(found, semitones, np.nan)


def _first_minimum(
    rows: NDArray[np.float64], shortest: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Lag of the first minimum below the threshold in each row, and whether there is one."""
    lags = np.arange(rows.shape[1] - 1)
    below = (rows[:, :-1] < _APERIODICITY) & (lags >= shortest)
    first = below.argmax(axis=1)
    # The minimum is where the row stops falling; the last lag stops every row.
    stops = (np.diff(rows, axis=1) >= 0.0) & (lags >= first[:, None])
    stops[:, -1] = True
    return stops.argmax(axis=1), np.asarray(below.any(axis=1))


def _normalised_difference(frames: NDArray[np.float64], longest: int) -> NDArray[np.float64]:
    """YIN's d'(lag) for lags 0..longest, ``[n_frames, longest + 1]``."""
    size = 1 << int(np.ceil(np.log2(2 * frames.shape[1])))
    head = rfft(frames[:, :_PITCH_WINDOW], size)
    products = np.asarray(irfft(np.conj(head) * rfft(frames, size), size))[:, : longest + 1]
    energy = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    lags = np.arange(longest + 1)
    shifted = energy[:, lags + _PITCH_WINDOW] - energy[:, lags]
    difference = np.maximum(shifted[:, :1] + shifted - 2.0 * products, 0.0)
    mean = np.cumsum(difference[:, 1:], axis=1) / lags[1:]
    normalised = np.ones_like(difference)
    normalised[:, 1:] = difference[:, 1:] / np.maximum(mean, 1e-9)
    return np.asarray(normalised)


def _refine(rows: NDArray[np.float64], lags: NDArray[np.int64]) -> NDArray[np.float64]:
    """The minimum of the parabola through each lag and its neighbours, within half a lag."""
    inner = np.clip(lags, 1, rows.shape[1] - 2)
    at = np.arange(len(rows))
    left, mid, right = rows[at, inner - 1], rows[at, inner], rows[at, inner + 1]
    curve = left - 2.0 * mid + right
    shift = 0.5 * (left - right) / np.where(curve > 1e-12, curve, np.inf)
    return np.asarray(inner + np.clip(shift, -0.5, 0.5))


def _sounding(audio: Floats, rate_hz: int, n_frames: int) -> NDArray[np.bool_]:
    """Which 10 ms frames lie within 40 dB of the loudest."""
    hop = rate_hz * _PITCH_HOP // _PITCH_RATE_HZ
    frames = audio[: n_frames * hop].astype(np.float64)
    frames = np.pad(frames, (0, n_frames * hop - len(frames))).reshape(n_frames, hop)
    level = np.sqrt((frames**2).mean(axis=1))
    return np.asarray((level > 0.01 * level.max()) & (level > 1e-6))


def count_notes(semitones: NDArray[np.float64], starts: NDArray[np.float64]) -> int:
    """Steady stretches of a pitch track (NaN = none), cut at ``starts`` (frames) too."""
    rounded = np.where(np.isfinite(semitones), np.round(semitones), -1.0)
    steady = median_filter(rounded, size=_SHORTEST_NOTE_FRAMES, mode="nearest")
    edges = np.flatnonzero(np.diff(steady) != 0) + 1
    cuts = np.unique(np.concatenate([[0], edges, np.round(starts), [len(steady)]]).astype(int))
    count = 0
    for begin, end in pairwise(cuts.tolist()):
        count += bool(end - begin >= _SHORTEST_NOTE_FRAMES and steady[(begin + end) // 2] >= 0)
    return count


def n_pitches(semitones: NDArray[np.float64], least_share: float = 0.1) -> int:
    """How many pitch classes each hold so much of what has a pitch (NaN = none).

    Octaves are folded: a pitch tracker that errs, errs by them.
    """
    voiced = np.round(semitones[np.isfinite(semitones)]).astype(int) % 12
    _, counts = np.unique(voiced, return_counts=True)
    return int((counts >= least_share * max(1, len(voiced))).sum())


def chroma(audio: Floats, rate_hz: int, hop: int) -> Floats:
    """Energy of the twelve pitch classes from 80 Hz to 2 kHz, ``[n_frames, 12]``, unit length."""
    spectrum = magnitudes(audio, 8192, hop)
    hz = np.arange(spectrum.shape[1]) * rate_hz / 8192
    inside = (hz > 80.0) & (hz < 2000.0)
    pitch_class = np.round(69.0 + 12.0 * np.log2(hz[inside] / 440.0)).astype(int) % 12
    classes = np.eye(12, dtype=np.float32)[pitch_class]
    energy = np.sqrt(spectrum[:, inside]) @ classes
    energy -= energy.min(axis=1, keepdims=True)  # what all classes share is noise, not harmony
    return np.asarray(energy / np.maximum(np.linalg.norm(energy, axis=1, keepdims=True), 1e-9))


def count_chord_changes(audio: Floats, rate_hz: int, bpm: float) -> int:
    """Times the harmony of a half beat differs from that of the half beat before."""
    hop = round(0.05 * rate_hz)
    frames = chroma(audio, rate_hz, hop)
    halves = max(1, round(len(audio) / rate_hz * bpm / 30.0))
    of_frame = np.minimum((np.arange(len(frames)) + 0.5) * halves / len(frames), halves - 1)
    sums = np.zeros((halves, 12))
    np.add.at(sums, of_frame.astype(int), frames)
    unit = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    distance = 1.0 - (unit[1:] * unit[:-1]).sum(axis=1)
    return int((distance > _CHORD_DISTANCE).sum())
