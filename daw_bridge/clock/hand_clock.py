"""A clock turned by hand, so that tests pass bars without waiting."""

from __future__ import annotations

from fractions import Fraction

from daw_bridge.clock.bar_grid import BarGrid
from daw_bridge.clock.clock import moment_at
from osc_server.contract.musical_time import Meter, Moment


class HandClock:
    """Stands still until it is turned: ``clock.turn(beats=4)``.

    Args:
        bpm: tempo.
        rate_hz: samples per second of the stream that it pretends to count.
        meter: time signature.
    """

    def __init__(
        self, bpm: float = 120.0, rate_hz: int = 48000, meter: Meter | None = None
    ) -> None:
        self._bpm = bpm
        self._rate_hz = rate_hz
        self._grid = BarGrid(meter or Meter())
        self.changes = 0
        self.sample = 0

    source, description, playing, jumps = "internal", "internal", True, 0

    def turn(self, beats: Fraction | float) -> None:
        """Move on by ``beats`` quarter notes."""
        self.sample = self.sample_at(self.beat_at(self.sample) + Fraction(beats))

    @property
    def bpm(self) -> float:
        """Quarter notes a minute."""
        return self._bpm

    @property
    def meter(self) -> Meter:
        """The time signature."""
        return self._grid.meter

    @property
    def grid(self) -> BarGrid:
        """Where the bars lie on the beats: bar 0 on beat 0."""
        return self._grid

    def set_bpm(self, bpm: float, at_beat: Fraction) -> None:
        """Let ``bpm`` hold, now and always: this clock has one tempo at a time."""
        del at_beat
        self._bpm = bpm
        self.changes += 1

    def beat_at(self, sample: int) -> Fraction:
        """Quarter notes from sample 0 to ``sample``."""
        return sample * Fraction(self._bpm) / (60 * self._rate_hz)

    def sample_at(self, beat: Fraction) -> int:
        """The sample nearest to a beat."""
        return round(beat * 60 * self._rate_hz / Fraction(self._bpm))

    def now(self) -> Moment:
        """Where it was turned to."""
        return moment_at(self, self.sample, self._rate_hz)
