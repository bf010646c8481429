"""Saying things seldom: a log of one line a second, and a limit for what is told to one sender."""

from __future__ import annotations

import logging
from collections.abc import Callable

Monotonic = Callable[[], float]
"""Seconds from any start, never backwards: the event loop's own clock."""


class Seldom:
    """Lets one event through in each interval."""

    def __init__(self, interval_seconds: float, monotonic: Monotonic) -> None:
        self._interval_seconds = interval_seconds
        self._monotonic = monotonic
        self._last: float | None = None

    def allows(self) -> bool:
        """Whether this event may pass; the next one waits for the interval if it does."""
        now = self._monotonic()
        if self._last is not None and now - self._last < self._interval_seconds:
            return False
        self._last = now
        return True


class QuietLog:
    """A log that writes at most one line a second, whatever comes in, and counts the rest."""

    def __init__(self, logger: logging.Logger, monotonic: Monotonic) -> None:
        self._logger = logger
        self._seldom = Seldom(1.0, monotonic)
        self._held = 0

    def warning(self, text: str, error: BaseException | None = None) -> None:
        """Write a line, or count it; with ``error`` its traceback goes below."""
        if not self._seldom.allows():
            self._held += 1
            return
        held = f" ({self._held} more lines were held back)" if self._held else ""
        self._held = 0
        self._logger.warning("%s%s", text.replace("\n", " ")[:300], held, exc_info=error)
