"""Conforming audio to a tempo: time-stretching that leaves its pitch as it is.

A hint is a line, a take is a circle or a line, given audio is either: all are stretched here.
"""

from __future__ import annotations

import math

import numpy as np
from python_stretch import Signalsmith

from osc_server.rendering.joining import join_before
from osc_server.rendering.onsets import first_beat_seconds
from osc_server.rendering.plan import Audio
from osc_server.rendering.tempo import bpm_measured

MAX_STRETCH = 0.15
"""How far audio is stretched at most, as a share of its tempo: beyond it, it is heard as such."""
ALIKE = 0.002
"""Tempos as near as this need no stretching: 16 ms in 8 s."""
_ON_THE_BEAT_SECONDS = 0.015
_CONTEXT_SECONDS = 0.5  # of a loop's own ends, around it while it is stretched


def stretch(audio: Audio, rate_hz: int, n_samples: int, *, loop: bool = False) -> Audio:
    """Stretch audio to exactly ``n_samples``.

    Args:
        audio: ``[n, n_channels]``.
        rate_hz: its rate.
        n_samples: as many as it shall have.
        loop: whether its end runs into its start.
    """
    if n_samples == len(audio):
        return audio
    ratio = n_samples / len(audio)
    return (
        stretch_circle(audio, rate_hz, ratio, n_samples) if loop else _line(audio, rate_hz, ratio)
    )


def stretch_circle(audio: Audio, rate_hz: int, ratio: float, n_samples: int) -> Audio:
    """Play a loop at another speed for as long as ``n_samples`` last, and close it there.

    That is less or more than one turn, where it holds more or fewer beats than it shall: some of
    its end is left out, or some of its beginning comes again.

    Args:
        audio: ``[n, n_channels]``, one turn.
        rate_hz: its rate.
        ratio: how much longer it becomes; over 1 is slower.
        n_samples: as many as the loop shall have.
    """
    around = round(_CONTEXT_SECONDS * rate_hz)
    end = math.ceil(n_samples / ratio) + around
    stretched = _line(audio[np.arange(-around, end) % len(audio)], rate_hz, ratio)
    first = round(around * ratio)
    # Stretched phases do not close of themselves: the end runs into what precedes the beginning.
    return join_before(stretched[first : first + n_samples], stretched[:first], rate_hz)


def _line(audio: Audio, rate_hz: int, ratio: float) -> Audio:
    """``ratio`` times as long, to the nearest sample."""
    stretcher = Signalsmith.Stretch()
    stretcher.preset(audio.shape[1], float(rate_hz))
    stretcher.timeFactor = 1 / ratio
    # It holds back what it cannot see the future of: silence lets the last of it out.
    tail = np.zeros((round(0.2 * rate_hz), audio.shape[1]), np.float32)
    whole = np.ascontiguousarray(np.concatenate([audio, tail]).T)
    stretched: Audio = np.asarray(stretcher.process(whole), np.float32).T
    result = np.zeros((round(len(audio) * ratio), audio.shape[1]), np.float32)
    part = stretched[: len(result)]
    result[: len(part)] = part
    return result


def conform(audio: Audio, rate_hz: int, bpm: float) -> tuple[Audio, str]:
    """Bring a line to a tempo and its first beat to its start.

    Args:
        audio: ``[n, n_channels]``.
        rate_hz: its rate.
        bpm: the tempo that it shall have.

    Returns:
        The audio, shorter or longer than it was, and one sentence about what was done, empty where
        nothing was.
    """
    measured = bpm_measured(audio, rate_hz, bpm, loop=False)
    if measured == 0.0:
        return audio, "No beat was found in the hint, so it was taken as it came."
    ratio = measured / bpm
    if abs(ratio - 1) > MAX_STRETCH:
        return audio, (
            f"The hint came at {measured:.1f} bpm, too far from {bpm:g} to be stretched: "
            "try another seed."
        )
    said = []
    if abs(ratio - 1) > ALIKE:
        audio = stretch(audio, rate_hz, round(len(audio) * ratio))
        said.append(f"was stretched from {measured:.1f} to {bpm:g} bpm")
    begin = first_beat_seconds(audio, rate_hz, bpm)
    beat = 60 / bpm
    if _ON_THE_BEAT_SECONDS < begin < beat - _ON_THE_BEAT_SECONDS:
        audio = audio[round(begin * rate_hz) :]
        said.append(f"begins {begin * 1000:.0f} ms later, on its beat")
    return audio, f"The hint {' and '.join(said)}." if said else ""
