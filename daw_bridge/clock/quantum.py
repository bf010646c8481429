"""The grid on which decks begin and stop, in words: a beat, a bar, or so many bars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter

_BARS = re.compile(r"(\d{1,3})(?:\.0+)?(?: bars?)?")
_MOST_BARS = 64


@dataclass(frozen=True, slots=True)
class Quantum:
    """So many bars; 0 = a beat."""

    bars: int = 1

    @classmethod
    def parse(cls, text: str) -> Quantum:
        """Read ``beat``, ``bar``, ``4 bars`` or ``4``; more than 64 bars are 64.

        Raises:
            BadRequest: for anything else.
        """
        words = " ".join(text.lower().split())
        if words in ("beat", "1/4"):
            return cls(0)
        if words == "bar":
            return cls(1)
        match = _BARS.fullmatch(words)
        if match is None:
            raise BadRequest(f"quantum {text[:40]!r} must be beat, bar, or bars such as 4 bars")
        return cls(min(int(match[1]), _MOST_BARS))

    def beats(self, meter: Meter) -> Fraction:
        """Its length in quarter notes; a beat is the meter's own, an eighth in 7/8."""
        return self.bars * meter.beats_per_bar or Fraction(4, meter.denominator)

    def __str__(self) -> str:
        return "beat" if not self.bars else "bar" if self.bars == 1 else f"{self.bars} bars"
