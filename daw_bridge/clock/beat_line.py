"""Tempo and phase from beats that somebody sends or taps, one at a time."""

from __future__ import annotations

from daw_bridge.clock.line_fit import Line, LineFit

_NEWEST = 4
_LONGEST = 64
_ANOTHER_TEMPO = 0.3
_TREMBLE_SECONDS = 0.05
"""Less than this is no other tempo: where beats are told many times each, they come unevenly."""


class BeatLine:
    """A line through numbered beats and the instants at which they came.

    Beats may skip numbers. A beat that comes at quite another distance than those before begins a
    new line.
    """

    def __init__(self) -> None:
        self._fit = LineFit(_NEWEST, _LONGEST)
        self._last: tuple[float, float] | None = None
        self.line: Line | None = None

    def __len__(self) -> int:
        return len(self._fit)

    def clear(self) -> None:
        """Forget all beats."""
        self._fit.clear()
        self._last = self.line = None

    def add(self, beat: float, seconds: float) -> None:
        """Take the next beat; one that does not lie after the last begins a new line."""
        last = self._last
        if last is not None:
            if beat <= last[0] or seconds <= last[1]:
                self.clear()
            elif self.line is not None:
                due_seconds = (beat - last[0]) * self.line.period_seconds
                off_seconds = abs(seconds - last[1] - due_seconds)
                if off_seconds > max(_ANOTHER_TEMPO * due_seconds, _TREMBLE_SECONDS):
                    # The last beat is the first of the new tempo.
                    self._fit.clear()
                    self._fit.add(*last)
        self._fit.add(beat, seconds)
        self._last = (beat, seconds)
        if len(self._fit) >= 2:
            self.line = self._fit.line()
