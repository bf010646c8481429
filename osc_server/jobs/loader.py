"""Decides which model comes into memory next, and brings it there while jobs go on."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from osc_server.contract.errors import MagnetError
from osc_server.jobs.job import Job
from osc_server.jobs.model_pool import ModelPool
from osc_server.jobs.queue import JobQueue

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Change:
    """A model to load or to unload.

    Attributes:
        model: its spec.
        load: or else unload.
        done: of the one who waits for it; None where it is for jobs, or ahead of them.
        keep: models that jobs before this one want.
    """

    model: str
    load: bool = True
    done: asyncio.Future[None] | None = None
    keep: frozenset[str] = frozenset()


class Loader:
    """Changes of model, one after another, in their order: those asked for, then those for jobs.

    Attributes:
        pool: the models in memory.
        model: spec of the current model, for jobs that name none.
        holding: a change that was asked for waits for the job that renders to end, so no other
            may begin.
        rendering: the model that renders, or empty; set by the supervisor.
        on_change: called after each change.
        on_failure: told the model that could not be loaded for jobs, and why.
    """

    def __init__(self, pool: ModelPool, queue: JobQueue, model: str) -> None:
        """Nothing is loaded before ``run``.

        Args:
            pool: the models in memory.
            queue: of the jobs, each of which wants a model.
            model: the current one, until another is loaded.
        """
        self._queue = queue
        self._orders: deque[Change] = deque()
        self._wanted = asyncio.Event()
        self._load_ahead = True
        self.pool = pool
        self.model = model
        self.holding = False
        self.rendering: Callable[[], str] = lambda: ""
        self.on_change: Callable[[], None] = lambda: None
        self.on_failure: Callable[[str, MagnetError], None] = lambda model, error: None

    def model_of(self, job: Job) -> str:
        """Spec of the model that a job is for."""
        return job.request.model or self.model

    def wake(self) -> None:
        """There is something new to do."""
        self._wanted.set()

    async def order(self, model: str) -> None:
        """Load a model and make it the current one.

        Raises:
            MagnetError: where it cannot be loaded; the current one stays the current one.
        """
        await self._wait_for(Change(model, True, asyncio.get_running_loop().create_future()))

    async def order_unload(self, model: str) -> None:
        """Free the memory of a model, once it does not render."""
        await self._wait_for(Change(model, False, asyncio.get_running_loop().create_future()))

    async def run(self) -> None:
        """Make changes for ever."""
        while True:
            self._wanted.clear()
            change = self._next_change()
            waits = change is not None and self._must_wait(change)
            was_holding = self.holding
            self.holding = waits and change is not None and change.done is not None
            if was_holding and not self.holding:
                self.on_change()
            if change is None or waits:
                await self._wanted.wait()
            else:
                await self._make(change)
                self.on_change()

    async def close(self) -> None:
        """Nobody waits any longer, and no model is in memory."""
        for order in self._orders:
            if order.done is not None:
                order.done.cancel()
        await self.pool.close()

    async def _wait_for(self, order: Change) -> None:
        self._orders.append(order)
        self.wake()
        if order.done is not None:
            await order.done

    def _next_change(self) -> Change | None:
        while self._orders:
            order = self._orders[0]
            if order.done is None or not order.done.done():  # its client may have gone
                return order
            self._orders.popleft()
        before: set[str] = set()
        for job in self._queue:
            model = self.model_of(job)
            if not self.pool.is_ready(model):
                return Change(model, keep=frozenset(before))
            before.add(model)
        idle = not self.pool.loaded or self.pool.fits(self.model)
        if self._load_ahead and idle and not self.pool.is_ready(self.model):
            return Change(self.model)
        return None

    def _must_wait(self, change: Change) -> bool:
        if change.load:
            return not self.pool.can_make_room(change.model, self._kept(change))
        return change.model == self.rendering()

    def _kept(self, change: Change) -> frozenset[str]:
        """The models that may not go for it."""
        return change.keep | {self.rendering()}

    async def _make(self, change: Change) -> None:
        if change.done is not None:
            self._orders.popleft()
        try:
            if change.load:
                await self.pool.load(
                    change.model, keep=lambda: self._kept(change), current=self.model
                )
            else:
                await self.pool.unload(change.model)
        except asyncio.CancelledError:
            if change.done is not None:
                change.done.cancel()
            raise
        except MagnetError as error:
            self._fail(change, error)
        else:
            self._complete(change)

    def _complete(self, change: Change) -> None:
        if change.load:
            self._load_ahead = True
        elif change.model == self.model:
            self._load_ahead = False
        if change.done is not None:
            if change.load:
                self.model = change.model
            if not change.done.done():
                change.done.set_result(None)

    def _fail(self, change: Change, error: MagnetError) -> None:
        if change.done is not None:
            if not change.done.done():
                change.done.set_exception(error)
            return
        if change.model == self.model:
            self._load_ahead = False
        _log.warning("%s", error)
        self.on_failure(change.model, error)
