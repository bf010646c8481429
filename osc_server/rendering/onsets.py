"""Where beats fall in audio of a known tempo."""

from __future__ import annotations

import numpy as np

from osc_server.rendering.plan import Audio
from osc_server.rendering.tempo import onset_envelope

_PHASES = 96
_ATTACK_SECONDS = 0.010  # from a beat to where the envelope, with its 32 ms window, is highest


def first_beat_seconds(audio: Audio, rate_hz: int, bpm: float, *, loop: bool = False) -> float:
    """When the first beat falls, 0 up to one beat: the phase on which the most onsets lie.

    Args:
        audio: ``[n_samples, n_channels]``.
        rate_hz: its rate.
        bpm: its tempo.
        loop: whether its end runs into its start.
    """
    envelope = onset_envelope(audio, rate_hz, loop=loop)
    per_second = len(envelope) * rate_hz / len(audio)
    period = per_second * 60 / bpm
    phases = np.arange(_PHASES) / _PHASES * period
    n_beats = round(len(envelope) / period) if loop else int((len(envelope) - period) / period) + 1
    beats = np.arange(max(1, n_beats)) * period
    at = np.arange(len(envelope))
    turn = float(len(envelope)) if loop else None
    strength = [
        float(np.interp(phase + beats, at, envelope, period=turn).sum()) for phase in phases
    ]
    seconds = float(phases[int(np.argmax(strength))]) / per_second
    return float((seconds + _ATTACK_SECONDS) % (60 / bpm))
