"""Tap tempo: a finger as a source of tempo and beat."""

from __future__ import annotations

from daw_bridge.clock.beat_line import BeatLine
from daw_bridge.clock.source import Reading
from daw_bridge.clock.steady import SteadyTempo
from osc_server.contract.musical_time import BPM_MAX, BPM_MIN

_TAPS = 3
_PAUSE_SECONDS = 3.0
"""Longer than a beat of the slowest tempo that anybody taps; then the tapping is over."""


class TapTempo:
    """A source that is there while somebody taps quarter notes, from the third tap on.

    Once the tapping is over the clock goes on alone, with the tempo and the beat that were tapped.
    """

    def __init__(self) -> None:
        self._beats = BeatLine()
        self._steady = SteadyTempo()
        self._count = 0
        self._last_seconds = 0.0

    @property
    def name(self) -> str:
        """``tap``."""
        return "tap"

    def forget(self) -> None:
        """The tapping is over: a tempo was set."""
        self._beats.clear()
        self._count = 0

    def tap(self, seconds: float) -> None:
        """One tap, at an instant of the monotonic clock."""
        if self._count and seconds - self._last_seconds > _PAUSE_SECONDS:
            self.forget()
        line = self._beats.line
        skipped = 1
        if line is not None and len(self._beats) >= _TAPS:  # a tap left out is no slower tempo
            skipped = max(1, round((seconds - self._last_seconds) / line.period_seconds))
        self._count += skipped
        self._last_seconds = seconds
        self._beats.add(self._count - 1, seconds)

    def reading(self, seconds: float) -> Reading | None:
        """Where the tapping is; None before the third tap and three seconds after the last."""
        line = self._beats.line
        if line is None or len(self._beats) < _TAPS:
            return None
        speed = 60 / line.period_seconds
        if seconds - self._last_seconds > _PAUSE_SECONDS or not BPM_MIN <= speed <= BPM_MAX:
            return None
        bpm = self._steady.take(speed, speed * line.error)
        return Reading(line.position_at(seconds), bpm, speed, True, 0, "beat")
