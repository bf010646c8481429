"""The server's hold on one worker process: start it, ask it, hear of its death, end it."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.sharedctypes import RawValue

from osc_server.jobs.messages import (
    Answer,
    Begun,
    Command,
    Event,
    News,
    Previewed,
    Rehearsed,
    Stepped,
    WorkerSetup,
)
from osc_server.jobs.worker import run_worker

OnNews = Callable[[News], None]
_END_SECONDS = 1.0


class WorkerDied(Exception):
    """The process ended while, or before, it was asked something."""

    def __init__(self, exit_code: int | None, *, heard: bool) -> None:
        """Args: ``heard``, whether it had begun with what it was asked."""
        super().__init__(describe_exit(exit_code))
        self.heard = heard


class WorkerProcess:
    """A spawned worker process. Made and used on the event loop's thread.

    Attributes:
        pid: of the process.
        alive: whether it has not ended.
        rehearsed: what its model takes; None where that is not known yet.
    """

    def __init__(self, setup: WorkerSetup, on_death: Callable[[], None]) -> None:
        """Start the process; ``on_death`` is called on the running loop when it has ended."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._cancelled_number = RawValue(ctypes.c_longlong, 0)
        self._loop = asyncio.get_running_loop()
        self._on_death = on_death
        self._ended = False
        self._heard = False
        self._answer: asyncio.Future[Answer] | None = None
        self._on_news: OnNews = lambda news: None
        self._process = context.Process(
            target=run_worker,
            args=(setup, theirs, self._cancelled_number),
            name="magnet worker",
            daemon=True,
        )
        with _interrupts_held():
            self._process.start()
        theirs.close()  # else its death would not end the connection
        self.pid = self._process.pid or 0
        self.alive = True
        self.rehearsed: Rehearsed | None = None
        threading.Thread(target=self._read, name="hear the worker", daemon=True).start()

    async def ask(self, command: Command, on_news: OnNews = lambda news: None) -> Answer:
        """Give it a command and wait for the answer; one at a time.

        Raises:
            WorkerDied: where there will be none.
        """
        self._on_news = on_news
        self._heard = False
        self._answer = self._loop.create_future()
        try:
            self._connection.send(command)
        except OSError:
            raise WorkerDied(self._process.exitcode, heard=False) from None
        return await self._answer

    def cancel(self, number: int) -> None:
        """Let the job of this number stop at its next step."""
        self._cancelled_number.value = number

    async def end(self) -> None:
        """Kill it; nothing of it is heard any more."""
        self._ended = True
        self.alive = False
        # Not asked to end, but killed: what it writes is whole or absent, so nothing can be lost.
        self._process.kill()
        await asyncio.to_thread(self._process.join, _END_SECONDS)

    def _read(self) -> None:
        """On its own thread: a pipe cannot be awaited on every platform."""
        # A process killed while it writes leaves half a message.
        with suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                self._tell(partial(self._take, self._connection.recv()))
        self._process.join()
        self._connection.close()
        self._tell(self._bury)

    def _tell(self, news: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(news)

    def _take(self, event: Event) -> None:
        if self._ended:
            return
        if isinstance(event, Rehearsed):  # not of what it was asked since
            self.rehearsed = event
            return
        self._heard = True
        if isinstance(event, Begun):
            return
        if isinstance(event, Stepped | Previewed):
            self._on_news(event)
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(event)

    def _bury(self) -> None:
        self.alive = False
        if self._ended:
            return
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(WorkerDied(self._process.exitcode, heard=self._heard))
        self._on_death()


def describe_exit(exit_code: int | None) -> str:
    """How a process ended, in words: ``was killed by SIGKILL``."""
    if exit_code is not None and exit_code < 0:
        try:
            return f"was killed by {signal.Signals(-exit_code).name}"
        except ValueError:
            return f"was killed by signal {-exit_code}"
    return "ended" if exit_code is None else f"ended with code {exit_code}"


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from a child that is not ready to ignore it; it inherits what is blocked here."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
