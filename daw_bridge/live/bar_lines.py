"""Where the last bars lay, written down as they were heard."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from daw_bridge.clock.clock import Clock

_KEPT = 1024


@dataclass(frozen=True, slots=True)
class BarLine:
    """The beginning of a bar.

    Attributes:
        bar: its index, from 0.
        beat: the clock's beat.
        sample: of the output, on which it was heard.
        place: of the input, which came in as it was heard.
    """

    bar: int
    beat: Fraction
    sample: int
    place: int


class BarLines:
    """Notes each bar line as it is heard.

    A clock may follow somebody else: what it says later of a line that is long past need not be
    where it was, and nor need the relation of two devices' samples.

    Args:
        clock: whose bars.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[int, BarLine] = {}

    def note(self, bar: int, place: int, sample: int) -> BarLine:
        """Write a line down, which is heard about now."""
        line = BarLine(bar, self._clock.grid.beat_of(bar), sample, place)
        self._lines[bar] = line
        if len(self._lines) > _KEPT:
            del self._lines[min(self._lines)]
        return line

    def get(self, bar: int) -> BarLine | None:
        """The line of a bar; None where it was not heard."""
        return self._lines.get(bar)

    def before(self, bar: int) -> int:
        """How many bars in a row, up to the line of this one, began where it was written down."""
        n_bars = 0
        while bar - n_bars - 1 in self._lines:
            n_bars += 1
        return n_bars
