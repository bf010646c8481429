"""Where bars lie on a clock's beats, and where a quantum ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from osc_server.contract.musical_time import Meter


@dataclass(frozen=True, slots=True)
class BarGrid:
    """Bars of one meter, counted from an anchor.

    Attributes:
        meter: the time signature.
        beat: the clock's beat on which bar number ``bar`` begins.
        bar: that bar's index, from 0.
    """

    meter: Meter = field(default_factory=Meter)
    beat: Fraction = Fraction(0)
    bar: int = 0

    def bar_at(self, beat: Fraction) -> int:
        """Index of the bar that holds a beat; negative before bar 0."""
        return self.bar + math.floor((beat - self.beat) / self.meter.beats_per_bar)

    def phase_at(self, beat: Fraction) -> Fraction:
        """Quarter notes since that bar began."""
        return (beat - self.beat) % self.meter.beats_per_bar

    def beat_of(self, bar: int) -> Fraction:
        """The clock's beat on which a bar begins."""
        return self.beat + (bar - self.bar) * self.meter.beats_per_bar

    def next_boundary(self, beat: Fraction, quantum_beats: Fraction) -> Fraction:
        """The first beat at or after ``beat`` on which a quantum begins.

        Quanta are counted from bar 0, so that 4 bars begin on bars 0, 4, 8 wherever the clock's
        own beat 0 lies.
        """
        first = self.beat_of(0)
        return first + math.ceil((beat - first) / quantum_beats) * quantum_beats

    def in_meter(self, meter: Meter, beat: Fraction) -> BarGrid:
        """The same grid with another meter from the first bar line at or after ``beat``."""
        line = self.next_boundary(beat, self.meter.beats_per_bar)
        return BarGrid(meter, line, self.bar_at(line))
