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
_FREE_DRIFT_DB = 0.5


def loudness(audio: Audio, rate_hz: int) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4) of a line; -70 for silence."""
    return measure_loudness(audio, rate_hz, False)[0]


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


def settle(made: Audio, wanted_lufs: float, rate_hz: int) -> Audio:
    """Let a part that came out louder or softer than its surroundings move to their level.

    The gain begins at 0 dB, where the part joins what is given, and reaches its end in half a
    second, or by the middle of a short part.
    """
    lufs = loudness(made, rate_hz)
    if min(lufs, wanted_lufs) <= SILENCE_LUFS or abs(lufs - wanted_lufs) <= _FREE_DRIFT_DB:
        return made
    gain_db = float(np.clip(wanted_lufs - lufs, -_MAX_DRIFT_DB, _MAX_DRIFT_DB))
    length = min(round(_SETTLE_SECONDS * rate_hz), len(made) // 2)
    curve = np.full((len(made), 1), gain_db)
    curve[:length, 0] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))
    return np.asarray(made * 10 ** (curve / 20), np.float32)


def hold(made: Audio, given: Audio, rate_hz: int) -> Audio:
    """Hold its peaks under -1 dBTP, or under those of the given audio where they are higher."""
    highest = float(np.abs(given).max(initial=0.0))
    ceiling_db = max(_CEILING_DB, 20 * math.log10(max(highest, 1e-9)))
    return hold_peaks(made, min(ceiling_db, 0.0), rate_hz, False)


def amplified(audio: Audio, gain_db: float) -> Audio:
    """With a gain in dB."""
    return (audio * 10 ** (gain_db / 20)).astype(np.float32)
