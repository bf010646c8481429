"""From the model's audio to a finished clip: exact length and rate, fades, loudness, true peak.

A loop is a circle to every step here: it is resampled in the frequency domain (exact for a periodic
signal, so no edge arises), measured as if it went on repeating, and never faded.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyloudnorm
import soxr
from numpy.typing import NDArray
from scipy.signal import resample

from osc_server.rendering.peaks import (
    Held,
    highest_db,
    hold_peaks,
    peak_envelope,
    true_peak_db,
)
from osc_server.rendering.plan import Audio

TRUE_PEAK_CEILING_DB = -1.0
"""dBTP, ITU-R BS.1770-4 annex 2: room for the codecs and converters behind us."""
MAX_HOLD_DB = 6.0
"""How far peaks are held back for loudness: more would be heard as squashing."""
SILENCE_LUFS = -70.0
"""BS.1770-4's absolute gate: what is under it counts as silence."""
_MEASURED_SECONDS = 3.0
_GATE_SECONDS = 0.4
_LONG_SECONDS = 301.0
_FADE_IN_SECONDS = 0.001
_FADE_OUT_SECONDS = 0.010
_LOUDNESS_ROUNDS = 3
_CLOSE_ENOUGH_DB = 0.05


@dataclass(frozen=True, slots=True)
class Finished:
    """A clip as it is written.

    Attributes:
        audio: ``[n_samples, n_channels]`` float32.
        lufs: its integrated loudness; -70 for silence.
        true_peak_db: its true peak in dBTP; -inf for silence.
        notes: what was done where the asked loudness could not be met, one sentence each.
        exact: ``[n_samples, n_channels]`` int32, float32 or float64, written instead of ``audio``
            where given samples must stay as they are; None = write ``audio``.
        subtype: of the file then, as libsndfile names it.
    """

    audio: Audio
    lufs: float
    true_peak_db: float
    notes: tuple[str, ...] = ()
    exact: NDArray[Any] | None = None
    subtype: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a clip shall be: exactly ``n_samples`` at ``rate_hz``."""

    n_samples: int
    rate_hz: int
    n_channels: int
    loop: bool
    loudness_lufs: float


def finish(audio: Audio, model_rate_hz: int, target: Target) -> Finished:
    """Bring the model's audio to exact length, rate, channels, loudness and peak.

    Args:
        audio: ``[n, 1]`` or ``[n, 2]`` at the model's rate, in -1..1. A loop is one whole turn; a
            line holds at least what is asked.
        model_rate_hz: its rate.
        target: what it shall be.
    """
    fitted = (
        fit_loop(audio, target.n_samples)
        if target.loop
        else fit_line(audio, model_rate_hz, target.rate_hz, target.n_samples)
    )
    return set_loudness(set_channels(fitted, target.n_channels), target)


def report(
    audio: Audio,
    rate_hz: int,
    loop: bool,
    *,
    exact: NDArray[Any] | None = None,
    subtype: str = "",
) -> Finished:
    """Audio that is finished already, with its loudness and peak measured."""
    lufs, _ = measure_loudness(audio, rate_hz, loop)
    return Finished(audio, lufs, true_peak_db(audio, loop), (), exact, subtype)


def fade_out(audio: Audio, rate_hz: int, seconds: float) -> Audio:
    """Fade the last moment out; at most a quarter of a very short clip."""
    length = min(round(seconds * rate_hz), len(audio) // 4)
    faded = audio.copy()
    shape = 0.5 + 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(length, 1))
    faded[len(audio) - length :] *= shape[:, None].astype(np.float32)
    return faded


def fit_loop(audio: Audio, n_samples: int) -> Audio:
    """Resample one turn of a loop to exactly ``n_samples``, as the circle it is (no edges)."""
    if len(audio) == n_samples:
        return audio
    return np.asarray(resample(audio.astype(np.float64), n_samples, axis=0), np.float32)


def fit_line(audio: Audio, rate_from_hz: int, rate_to_hz: int, n_samples: int) -> Audio:
    """Resample a line, cut or pad it to exactly ``n_samples``, and fade its ends."""
    line = np.asarray(soxr.resample(audio, rate_from_hz, rate_to_hz, "VHQ"), np.float32)
    fitted = np.zeros((n_samples, audio.shape[1]), np.float32)
    present = min(len(line), n_samples)
    fitted[:present] = line[:present] * _fades(present, rate_to_hz)[:, None]
    return fitted


def set_loudness(audio: Audio, target: Target) -> Finished:
    """Bring audio to the asked loudness, or as near as its peaks allow.

    One gain if that is enough. Where peaks would pass the ceiling they are held back, by at most
    6 dB, so that drums do not come out far softer than pads; what is still missing stays missing.
    """
    lufs, notes = measure_loudness(audio, target.rate_hz, target.loop)
    envelope = peak_envelope(audio, target.loop)
    peak_db = highest_db(envelope)
    if lufs <= SILENCE_LUFS:
        silent = "The model returned silence, so its level was left as it is: try another seed."
        return Finished(audio, SILENCE_LUFS, peak_db, (silent,))
    gain_db, room_db = target.loudness_lufs - lufs, TRUE_PEAK_CEILING_DB - peak_db
    if gain_db <= room_db:
        louder = _amplified(audio, gain_db)
        return Finished(louder, lufs + gain_db, peak_db + gain_db, tuple(notes))
    held, lufs, held_db = _held_to(audio, envelope, gain_db, room_db, target)
    notes.append(_say_what_was_held(held_db, lufs, target))
    return Finished(held.audio, lufs, held.true_peak_db, tuple(notes))


def measure_loudness(audio: Audio, rate_hz: int, loop: bool) -> tuple[float, list[str]]:
    """Integrated loudness in LUFS (ITU-R BS.1770-4), -70 for silence, and what to say about it.

    A loop is measured as it will be heard, repeating. A line under 0.4 s, which the standard cannot
    measure, is repeated as well, and the note says so. Of more than five minutes each minute is
    measured on its own and their energies are averaged.
    """
    if len(audio) > _LONG_SECONDS * rate_hz:
        return _loudness_by_minutes(audio, rate_hz), []
    notes = []
    too_short = len(audio) < _GATE_SECONDS * rate_hz
    if too_short and not loop:
        notes.append("Shorter than the 0.4 s that loudness needs: measured as if it repeated.")
    if loop or too_short:
        # A block that crosses the seam is one of the loop's own.
        n_heard = max(len(audio) + round(_GATE_SECONDS * rate_hz), _MEASURED_SECONDS * rate_hz)
        turns = math.ceil(n_heard / len(audio))
        audio = np.tile(audio, (turns, 1))[: round(n_heard)]
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # Silence makes pyloudnorm take the mean of nothing and the logarithm of zero.
        warnings.simplefilter("ignore", RuntimeWarning)
        lufs = float(pyloudnorm.Meter(rate_hz).integrated_loudness(audio.astype(np.float64)))
    return (lufs if lufs > SILENCE_LUFS else SILENCE_LUFS), notes


def _loudness_by_minutes(audio: Audio, rate_hz: int) -> float:
    minutes = np.array_split(audio, math.ceil(len(audio) / (60 * rate_hz)))
    each = np.array([measure_loudness(minute, rate_hz, False)[0] for minute in minutes])
    loud = each[each > SILENCE_LUFS]
    return float(10 * np.log10(np.mean(10 ** (loud / 10)))) if len(loud) else SILENCE_LUFS


def _held_to(
    audio: Audio,
    envelope: NDArray[np.float64],
    gain_db: float,
    room_db: float,
    target: Target,
) -> tuple[Held, float, float]:
    """With its peaks held back: the audio, its loudness, and by how much at most (dB)."""
    most_db = room_db + MAX_HOLD_DB
    gain_db = min(gain_db, most_db)
    for _ in range(_LOUDNESS_ROUNDS):  # holding peaks costs loudness, which more gain makes up
        louder = _amplified(audio, gain_db)
        reached = envelope * 10 ** (gain_db / 20)
        held = hold_peaks(louder, TRUE_PEAK_CEILING_DB, target.rate_hz, target.loop, reached)
        # The moving gain may lift what lies between samples by a hair.
        over_db = max(0.0, held.true_peak_db - TRUE_PEAK_CEILING_DB)
        held = Held(_amplified(held.audio, -over_db), held.true_peak_db - over_db)
        lufs, _ = measure_loudness(held.audio, target.rate_hz, target.loop)
        missing_db = target.loudness_lufs - lufs
        held_db = gain_db - room_db
        if abs(missing_db) < _CLOSE_ENOUGH_DB or (missing_db > 0 and gain_db == most_db):
            break
        gain_db = min(gain_db + missing_db, most_db)
    return held, lufs, held_db


def _say_what_was_held(held_db: float, lufs: float, target: Target) -> str:
    if target.loudness_lufs - lufs < 2 * _CLOSE_ENOUGH_DB:
        return f"Its peaks were held back by {held_db:.1f} dB to reach {lufs:.1f} LUFS."
    return (
        f"Set to {lufs:.1f} LUFS instead of {target.loudness_lufs:g}: its peaks reach "
        f"{TRUE_PEAK_CEILING_DB:g} dBTP there, held back by {held_db:.1f} dB."
    )


def _amplified(audio: Audio, gain_db: float) -> Audio:
    return (audio * 10 ** (gain_db / 20)).astype(np.float32)


def set_channels(audio: Audio, n_channels: int) -> Audio:
    """Mono or stereo: the mean of two, or twice the one."""
    if audio.shape[1] == n_channels:
        return audio
    if n_channels == 1:
        return np.asarray(audio.mean(axis=1, keepdims=True), np.float32)
    return np.repeat(audio[:, :1], n_channels, axis=1)


def _fades(n_samples: int, rate_hz: int) -> NDArray[np.float32]:
    """``[n_samples]``: raised-cosine ends; at most a quarter of a very short clip each."""
    shape = np.ones(n_samples, np.float32)
    for seconds, reverse in ((_FADE_IN_SECONDS, False), (_FADE_OUT_SECONDS, True)):
        length = min(round(seconds * rate_hz), n_samples // 4)
        ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(length, 1))).astype("f4")
        if reverse and length:
            shape[-length:] = ramp[::-1]
        elif length:
            shape[:length] = ramp
    return shape
