"""From the model's audio to a finished clip: exact length and rate, fades, loudness, true peak.

A loop is a circle to every step here: it is resampled in the frequency domain (exact for a periodic
signal, so no edge arises), measured as if it went on repeating, and never faded.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyloudnorm
import soxr
from numpy.typing import NDArray
from scipy.signal import resample, resample_poly

from osc_server.rendering.plan import Audio

TRUE_PEAK_CEILING_DB = -1.0
"""dBTP, ITU-R BS.1770-4 annex 2: room for the codecs and converters behind us."""
SILENCE_LUFS = -70.0
"""BS.1770-4's absolute gate: what is under it counts as silence."""
_MEASURED_SECONDS = 3.0
_GATE_SECONDS = 0.4
_FADE_IN_SECONDS = 0.001
_FADE_OUT_SECONDS = 0.010
_OVERSAMPLING = 4
_MARGIN = 64  # samples around a clip that the oversampling filter reaches


@dataclass(frozen=True, slots=True)
class Finished:
    """A clip as it is written.

    Attributes:
        audio: ``[n_samples, n_channels]`` float32.
        lufs: its integrated loudness; -70 for silence.
        true_peak_db: its true peak in dBTP; -inf for silence.
        notes: what was done where the asked loudness could not be met, one sentence each.
    """

    audio: Audio
    lufs: float
    true_peak_db: float
    notes: tuple[str, ...] = ()


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
    return set_loudness(_set_channels(fitted, target.n_channels), target)


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
    """Apply one gain: to the asked loudness, or as near as the true-peak ceiling allows."""
    lufs, notes = measure_loudness(audio, target.rate_hz, target.loop)
    peak_db = true_peak_db(audio, target.loop)
    if lufs <= SILENCE_LUFS:
        silent = "The model returned silence, so its level was left as it is: try another seed."
        return Finished(audio, SILENCE_LUFS, peak_db, (silent,))
    wanted_db = target.loudness_lufs - lufs
    gain_db = min(wanted_db, TRUE_PEAK_CEILING_DB - peak_db)
    if gain_db < wanted_db - 0.05:
        notes.append(
            f"Set to {lufs + gain_db:.1f} LUFS instead of {target.loudness_lufs:g}: "
            f"its peaks reach {TRUE_PEAK_CEILING_DB:g} dBTP there."
        )
    louder = (audio * 10 ** (gain_db / 20)).astype(np.float32)
    return Finished(louder, lufs + gain_db, peak_db + gain_db, tuple(notes))


def measure_loudness(audio: Audio, rate_hz: int, loop: bool) -> tuple[float, list[str]]:
    """Integrated loudness in LUFS (ITU-R BS.1770-4), -70 for silence, and what to say about it.

    A loop is measured as it will be heard, repeating. A line under 0.4 s, which the standard cannot
    measure, is repeated as well, and the note says so.
    """
    notes = []
    too_short = len(audio) < _GATE_SECONDS * rate_hz
    if too_short and not loop:
        notes.append("Shorter than the 0.4 s that loudness needs: measured as if it repeated.")
    if loop or too_short:
        turns = max(2, math.ceil(_MEASURED_SECONDS * rate_hz / len(audio)))
        audio = np.tile(audio, (turns, 1))
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # Silence makes pyloudnorm take the mean of nothing and the logarithm of zero.
        warnings.simplefilter("ignore", RuntimeWarning)
        lufs = float(pyloudnorm.Meter(rate_hz).integrated_loudness(audio.astype(np.float64)))
    return (lufs if lufs > SILENCE_LUFS else SILENCE_LUFS), notes


def true_peak_db(audio: Audio, loop: bool) -> float:
    """True peak in dBTP by 4-fold oversampling (ITU-R BS.1770-4 annex 2); -inf for silence."""
    edge: Literal["wrap", "constant"] = "wrap" if loop else "constant"
    padded = np.pad(audio.astype(np.float64), ((_MARGIN, _MARGIN), (0, 0)), edge)
    oversampled = resample_poly(padded, _OVERSAMPLING, 1, axis=0)
    inside = oversampled[_MARGIN * _OVERSAMPLING : -_MARGIN * _OVERSAMPLING]
    peak = max(float(np.abs(inside).max()), float(np.abs(audio).max()))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def _set_channels(audio: Audio, n_channels: int) -> Audio:
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
