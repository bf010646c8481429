"""Time tags: what is due in a moment waits for it, and a hostile or wrong clock cannot hold us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from osc_server.contract.addresses import TIME_TAG_WINDOW_SECONDS

MAX_WAITING = 256
"""Groups of messages that may wait at a time, over all clients."""


class Schedule:
    """Runs things when they are due, at most ten seconds from now.

    Args:
        unix_seconds: the wall clock, which time tags are written in.
    """

    def __init__(self, unix_seconds: Callable[[], float]) -> None:
        self._unix_seconds = unix_seconds
        self._waiting: set[asyncio.TimerHandle] = set()

    @property
    def n_waiting(self) -> int:
        """Things that wait for their time."""
        return len(self._waiting)

    def run(self, due_unix_seconds: float | None, action: Callable[[], None]) -> str:
        """Run ``action`` when it is due: now, or later if that is within ten seconds.

        Returns:
            A sentence if it ran now although its time tag asked for another time; else empty.
        """
        wait_seconds = 0.0
        if due_unix_seconds is not None:
            wait_seconds = due_unix_seconds - self._unix_seconds()
        complaint = self._complaint(wait_seconds)
        if wait_seconds <= 0 or complaint:
            action()
            return complaint

        def ring() -> None:
            self._waiting.discard(handle)
            action()

        handle: asyncio.TimerHandle = asyncio.get_running_loop().call_later(wait_seconds, ring)
        self._waiting.add(handle)
        return ""

    def close(self) -> None:
        """Forget all that waits."""
        for handle in self._waiting:
            handle.cancel()
        self._waiting.clear()

    def _complaint(self, wait_seconds: float) -> str:
        if abs(wait_seconds) > TIME_TAG_WINDOW_SECONDS:
            side = "ahead of" if wait_seconds > 0 else "behind"
            return (
                f"a time tag {abs(wait_seconds):.0f} s {side} the server's clock was not waited "
                f"for, only up to {TIME_TAG_WINDOW_SECONDS:.0f} s are: set both clocks by the net"
            )
        if wait_seconds > 0 and len(self._waiting) >= MAX_WAITING:
            return f"{MAX_WAITING} bundles wait for their time already, so this one ran at once"
        return ""
