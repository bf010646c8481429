"""SIGINT, SIGTERM and their kin, as an orderly end on every platform."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

Answer = TypeVar("Answer")


class Interrupted(Exception):
    """A signal ended the work; ``exit_code`` is what shells expect."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.exit_code = 128 + number


@contextmanager
def on_signals(end: Callable[[int], None]) -> Iterator[None]:
    """Call ``end(number)`` on the running loop at a signal. For the main thread.

    ``loop.add_signal_handler`` would do on POSIX only; both kinds of loop wake up for this one.
    """
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end, number)

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def until_signal(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run ``work``; a signal cancels it, and its cleaning up is waited for.

    Raises:
        Interrupted: where a signal ended it.
    """
    task = asyncio.ensure_future(work)
    received: list[int] = []

    def end(number: int) -> None:
        received.append(number)
        task.cancel()

    with on_signals(end):
        try:
            return await task
        except asyncio.CancelledError:
            if received:
                raise Interrupted(received[0]) from None
            raise
