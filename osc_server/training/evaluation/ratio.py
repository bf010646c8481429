"""A share of clips with its uncertainty, for tables that do not pretend."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True)
class Ratio:
    """``hits`` of ``total`` clips."""

    hits: int
    total: int

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> Ratio:
        """Count the true ones."""
        values = [bool(outcome) for outcome in outcomes]
        return cls(sum(values), len(values))

    @property
    def share(self) -> float:
        """Hits over total; 0 for an empty set."""
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval at 95 %, (low, high); (0, 1) for an empty set."""
        if not self.total:
            return 0.0, 1.0
        n, p = self.total, self.share
        centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)

    def record(self) -> dict[str, float | int | list[float]]:
        """What goes into ``figures.json``."""
        low, high = self.interval
        return {
            "share": round(self.share, 4),
            "hits": self.hits,
            "total": self.total,
            "interval": [round(low, 4), round(high, 4)],
        }
