"""One worker process and the model in it: loaded, unloaded, and started again when it dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from osc_server.contract.errors import ModelUnavailable, error_from_code
from osc_server.jobs.messages import Answer, LoadCommand, Loaded, LoadFailed, UnloadCommand
from osc_server.jobs.process import WorkerDied, WorkerProcess
from osc_server.library.clips import ClipStore
from osc_server.rendering.plan import EngineInfo

StartWorker = Callable[[Callable[[], None]], WorkerProcess]
"""Starts a worker process; its argument is called when that has died."""
MAX_LOAD_CRASHES = 3
_FIRST_PAUSE_SECONDS = 0.25
_FIRST_GUESS_SECONDS = 3.0

_log = logging.getLogger(__name__)


class ModelHost:
    """A place for one model at a time.

    Attributes:
        loaded: spec of the model that is in memory; empty for none.
        infos: what is known of models that have been loaded once, by spec.
        loading_since: when the load that is under way began; None where none is.
        restarting: the worker has died, and no model has been loaded since.
    """

    def __init__(
        self,
        start_worker: StartWorker,
        store: ClipStore,
        monotonic: Callable[[], float],
    ) -> None:
        """Start nothing yet.

        Args:
            start_worker: starts a worker process.
            store: the clips folder, swept after a worker's death.
            monotonic: the event loop's clock.
        """
        self._start_worker = start_worker
        self._store = store
        self._monotonic = monotonic
        self._load_seconds = _FIRST_GUESS_SECONDS
        self.worker: WorkerProcess | None = None
        self.on_death: Callable[[], None] = lambda: None
        self.loaded = ""
        self.infos: dict[str, EngineInfo] = {}
        self.loading_since: float | None = None
        self.restarting = False

    def eta_seconds(self, model: str) -> float:
        """Estimated seconds until this model is in memory."""
        if self.loading_since is not None:
            return max(0.0, self._load_seconds - (self._monotonic() - self.loading_since))
        return 0.0 if self.loaded == model else self._load_seconds

    async def load(self, model: str) -> None:
        """Load a model, with a new worker each time that loading kills one, later and later.

        Raises:
            MagnetError: where it cannot be loaded.
        """
        self.loaded = ""
        self.loading_since = self._monotonic()
        try:
            for attempt in range(MAX_LOAD_CRASHES):
                await asyncio.sleep(_FIRST_PAUSE_SECONDS * (2**attempt - 1))
                try:
                    answer = await self._living_worker().ask(LoadCommand(model))
                except (WorkerDied, OSError) as death:  # OSError: no process could be started
                    _log.warning("the model's process %s while it loaded %s", death, model)
                    await self.bury()
                    continue
                self._take(model, answer)
                return
        finally:
            self.loading_since = None
        raise ModelUnavailable(
            f"{model} cannot be loaded: its process died {MAX_LOAD_CRASHES} times over it. Often "
            "memory is too small: close other programs, or load another with /magnet/model/load"
        )

    async def unload(self) -> None:
        """Free the model's memory; the worker stays."""
        self.loaded = ""
        if self.worker is None:
            return
        try:
            await self.worker.ask(UnloadCommand())
        except WorkerDied:  # its memory is free all the more
            await self.bury()

    async def bury(self) -> None:
        """End the worker for good, and sweep away what it was writing."""
        self.loaded = ""
        worker, self.worker = self.worker, None
        if worker is not None:
            self.restarting = True
            await worker.end()
            with suppress(OSError):
                await asyncio.to_thread(self._store.sweep, worker.pid)

    def _take(self, model: str, answer: Answer) -> None:
        self.restarting = False
        if isinstance(answer, LoadFailed):
            raise error_from_code(answer.code, answer.text)
        if isinstance(answer, Loaded) and self.loading_since is not None:
            self._load_seconds = self._monotonic() - self.loading_since
            self.infos[model] = answer.info
            self.loaded = model

    def _living_worker(self) -> WorkerProcess:
        if self.worker is None or not self.worker.alive:
            self.worker = self._start_worker(self._hear_of_death)
        return self.worker

    def _hear_of_death(self) -> None:
        """Whoever waits for an answer of it deals with that; nobody waits for an idle one."""
        self.loaded = ""
        self.restarting = True
        self.on_death()
