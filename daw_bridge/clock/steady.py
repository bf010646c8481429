"""A tempo that stands still while its measurement trembles."""

from __future__ import annotations

_SIGNIFICANT = 2.5
_BETTER = 0.7


class SteadyTempo:
    """Holds a tempo until a measurement says with confidence that it is another.

    Loops are made and stretched to this figure: if it trembled with each tick, so would they.
    """

    def __init__(self) -> None:
        self._bpm = 0.0
        self._error_bpm = 0.0

    def take(self, bpm: float, error_bpm: float) -> float:
        """The tempo to show, given a measurement and its standard error."""
        differs = abs(bpm - self._bpm) > _SIGNIFICANT * error_bpm
        if differs or error_bpm < _BETTER * self._error_bpm:
            self._bpm, self._error_bpm = bpm, error_bpm
        return self._bpm
