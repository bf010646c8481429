"""Whether the bridge is there: it is pinged now and then, and answers or does not."""

from __future__ import annotations

PING_SECONDS = 2.0


class Presence:
    """Knows when to ping and when the bridge has come, or has come back."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._answered = False
        self.here = False

    def is_due(self, now: float) -> bool:
        """Whether to ping now; one that was not answered until then means that it is away."""
        if self._asked_at is not None and now - self._asked_at < PING_SECONDS:
            return False
        self.here = self.here and self._answered
        self._asked_at, self._answered = now, False
        return True

    def answer(self) -> bool:
        """It has answered; whether it was away before."""
        came = not self.here
        self.here = self._answered = True
        return came
