"""Loudness beside given audio: as loud as what it stands next to, and no gain that jumps."""

from __future__ import annotations

import math

import numpy as np

from osc_server.rendering.finishing import SILENCE_LUFS, measure_loudness
from osc_server.rendering.peaks import hold_peaks
from osc_server.rendering.plan import Audio

MODEL_LUFS = -16.0
"""About as loud as what models are trained on; what they are given is brought to it."""
_CEILING_DB = -1.0
_MAX_MATCH_DB = 24.0
_MAX_DRIFT_DB = 9.0
_SETTLE_SECONDS = 0.5
_FREE_DRIFT_DB = 0.3
_ROUNDS = 5


def loudness(audio: Audio, rate_hz: int) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4) of a line; -70 for silence."""
    return measure_loudness(audio, rate_hz, False)[0] if len(audio) else SILENCE_LUFS


def for_model(mono: Audio, rate_hz: int) -> tuple[Audio, float]:
    """Audio brought to the level that models know, and the gain in dB that did it."""
    lufs = loudness(mono, rate_hz)
    peak = float(np.abs(mono).max(initial=0.0))
    if lufs <= SILENCE_LUFS or peak <= 0:
        return mono, 0.0
    gain_db = min(MODEL_LUFS - lufs, -20 * math.log10(peak))
    return amplified(mono, gain_db), gain_db


def match_db(given: Audio, made: Audio, rate_hz: int, otherwise_db: float = 0.0) -> float:
    """Gain that brings what the model has in a place to the level of what is given there."""
    given_lufs, made_lufs = loudness(given, rate_hz), loudness(made, rate_hz)
    if min(given_lufs, made_lufs) <= SILENCE_LUFS:
        return otherwise_db
    return float(np.clip(given_lufs - made_lufs, -_MAX_MATCH_DB, _MAX_MATCH_DB))


def settle(made: Audio, place: tuple[int, int], given: Audio, rate_hz: int) -> Audio:
    """Let a part that came out louder or softer than given audio move to its level.

    The gain begins at 0 dB, where the part joins what is given, and reaches its end in half a
    second, or by the middle of a short part. Peaks are held under -1 dBTP, or under those of the
    given audio where they are higher; what that costs in loudness is made up, within limits.

    Args:
        made: ``[n_samples, n_channels]``, at the level of the given audio where that is.
        place: first sample and end of the part.
        given: what it shall be as loud as.
        rate_hz: their rate.
    """
    first, end = place
    wanted = loudness(given, rate_hz)
    ceiling_db = _ceiling_db(given)
    gain_db, missing_db = 0.0, wanted - loudness(made[first:end], rate_hz)
    held = hold_peaks(made, ceiling_db, rate_hz, False).audio
    if wanted <= SILENCE_LUFS or missing_db > MODEL_LUFS - SILENCE_LUFS:
        return held
    for _ in range(_ROUNDS):
        if abs(missing_db) <= _FREE_DRIFT_DB:
            break
        gain_db = float(np.clip(gain_db + missing_db, -_MAX_DRIFT_DB, _MAX_DRIFT_DB))
        louder = made.copy()
        louder[first:end] *= _curve(end - first, gain_db, rate_hz)
        held = hold_peaks(louder, ceiling_db, rate_hz, False).audio
        missing_db = wanted - loudness(held[first:end], rate_hz)
    return held


def _curve(n_samples: int, gain_db: float, rate_hz: int) -> Audio:
    """``[n_samples, 1]``: from 0 dB to a gain, as factors."""
    length = min(round(_SETTLE_SECONDS * rate_hz), n_samples // 2)
    curve_db = np.full((n_samples, 1), gain_db)
    curve_db[:length, 0] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))
    return np.asarray(10 ** (curve_db / 20), np.float32)


def _ceiling_db(given: Audio) -> float:
    highest = float(np.abs(given).max(initial=0.0))
    return min(0.0, max(_CEILING_DB, 20 * math.log10(max(highest, 1e-9))))


def amplified(audio: Audio, gain_db: float) -> Audio:
    """With a gain in dB."""
    return (audio * 10 ** (gain_db / 20)).astype(np.float32)
