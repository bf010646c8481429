"""Soft takeover: a fader that stands elsewhere does nothing until it meets the value."""

from __future__ import annotations

from collections import deque

_REMEMBERED = 64
"""Positions that were sent and may still come back as news of themselves."""
_SAME = 0.006
"""How far the news of a position may be from it: less than one step of 7 bits."""
_NEAR_STEPS = 1.5
"""How near the fader has to come: so near that no step leaps over it."""


class Pickup:
    """One control's hold on its value. Positions run from 0 to 1."""

    def __init__(self) -> None:
        self._held = False
        self._last: float | None = None
        self._sent: deque[float] = deque(maxlen=_REMEMBERED)

    def moves(self, position: float, step: float, target: float | None) -> bool:
        """Whether a move counts.

        Args:
            position: where the control is now.
            step: the smallest way that it can go.
            target: where the value stands; None = unknown, so that there is nothing to meet.
        """
        if target is None:
            self._held = True
        elif not self._held:
            last = position if self._last is None else self._last
            passed = min(last, position) <= target <= max(last, position)
            self._held = passed or abs(position - target) <= _NEAR_STEPS * step
        self._last = position
        if self._held:
            self._sent.append(position)
        return self._held

    def settle(self, position: float) -> None:
        """The value stands here now.

        Where it is not what this control sent itself, somebody else moved it: it has to be met
        again. News of a fast move comes late, so everything sent lately counts as its own.
        """
        for index, sent in enumerate(self._sent):
            if abs(sent - position) <= _SAME:
                for _ in range(index):  # news comes in order: what is older will not come any more
                    self._sent.popleft()
                return
        self._held = False
        self._sent.clear()
