"""One model in a worker process of its own: loaded, and started again when loading kills it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from osc_server.contract.errors import ModelUnavailable, error_from_code
from osc_server.jobs.messages import Answer, LoadCommand, Loaded, LoadFailed
from osc_server.jobs.process import WorkerDied, WorkerProcess
from osc_server.library.clips import ClipStore

StartWorker = Callable[[Callable[[], None]], WorkerProcess]
"""Starts a worker process; its argument is called when that has died."""
MAX_LOAD_CRASHES = 3
_FIRST_PAUSE_SECONDS = 0.25

_log = logging.getLogger(__name__)


class ModelHost:
    """The home of one model.

    Attributes:
        model: its spec.
        loaded: what the worker said of the model in its memory; None where it has none.
        worker: the process.
    """

    def __init__(
        self,
        start_worker: StartWorker,
        store: ClipStore,
        model: str,
        on_death: Callable[[], None],
    ) -> None:
        """Start nothing yet.

        Args:
            start_worker: starts a worker process.
            store: the clips folder, swept after a worker's death.
            model: spec of the model.
            on_death: called when the worker has died while nobody asked it anything.
        """
        self._start_worker = start_worker
        self._store = store
        self._on_death = on_death
        self.model = model
        self.loaded: Loaded | None = None
        self.worker: WorkerProcess | None = None

    @property
    def ready(self) -> bool:
        """Whether it can render."""
        return self.loaded is not None and self.worker is not None and self.worker.alive

    async def load(self) -> None:
        """Load, with a new worker each time that loading kills one, later and later.

        Raises:
            MagnetError: where it cannot be loaded.
        """
        for attempt in range(MAX_LOAD_CRASHES):
            await asyncio.sleep(_FIRST_PAUSE_SECONDS * (2**attempt - 1))
            try:
                answer = await self._living_worker().ask(LoadCommand(self.model))
            except (WorkerDied, OSError) as death:  # OSError: no process could be started
                _log.warning("the model's process %s while it loaded %s", death, self.model)
                await self.bury()
                continue
            self._take(answer)
            return
        raise ModelUnavailable(
            f"{self.model} cannot be loaded: its process died {MAX_LOAD_CRASHES} times over it. "
            "Often memory is too small: close other programs, or load another with "
            "/magnet/model/load"
        )

    async def bury(self) -> None:
        """End the worker for good, and sweep away what it was writing."""
        self.loaded = None
        worker, self.worker = self.worker, None
        if worker is not None:
            await worker.end()
            with suppress(OSError):
                await asyncio.to_thread(self._store.sweep, worker.pid)

    def _take(self, answer: Answer) -> None:
        if isinstance(answer, LoadFailed):
            raise error_from_code(answer.code, answer.text)
        if isinstance(answer, Loaded):
            self.loaded = answer

    def _living_worker(self) -> WorkerProcess:
        if self.worker is None or not self.worker.alive:
            self.worker = self._start_worker(self._on_death)
        return self.worker
