"""The models in memory: as many as the budget holds, each in a worker process of its own.

What is used least goes first when another needs its room. A model that renders is never touched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from osc_server.contract.errors import OutOfMemory
from osc_server.jobs.model_host import ModelHost
from osc_server.jobs.process import WorkerProcess
from osc_server.rendering.plan import EngineInfo

MakeHost = Callable[[str, Callable[[], None]], ModelHost]
"""Makes the home of a model, by its spec; the second argument is called when its worker dies."""
_FIRST_GUESS_SECONDS = 3.0
_DEVICE_SHARE = 0.9
"""Of a GPU's memory that models may use, where the owner has set no budget."""

_log = logging.getLogger(__name__)


class ModelPool:
    """Every model that is in memory. Made and used on the event loop's thread.

    Attributes:
        infos: what is known of models that have been loaded once, by spec.
        device: what models compute on, as the last one said: ``cpu``, ``cuda`` or ``mps``.
        loading: spec of the model that is being loaded; empty for none.
        on_death: called when a worker has died that nobody was asking.
    """

    def __init__(
        self,
        make_host: MakeHost,
        estimate_bytes: Callable[[str, str], int],
        budget_bytes: int,
        monotonic: Callable[[], float],
        *,
        device: str,
        fixed_budget: bool,
    ) -> None:
        """Start nothing yet.

        Args:
            make_host: makes the home of a model.
            estimate_bytes: what a model will take, by its spec and the kind of device.
            budget_bytes: what all models may take together.
            monotonic: the event loop's clock.
            device: what models are asked to compute on.
            fixed_budget: the owner has set the budget; otherwise that of a GPU is taken once a
                model has told of it.
        """
        self._make_host = make_host
        self._estimate_bytes = estimate_bytes
        self._monotonic = monotonic
        self._fixed_budget = fixed_budget
        self._hosts: dict[str, ModelHost] = {}  # the least recently used first
        self._needs: dict[str, int] = {}
        self._load_seconds: dict[str, float] = {}
        self._loading_since = 0.0
        self._fallen: set[str] = set()
        self.budget_bytes = budget_bytes
        self.infos: dict[str, EngineInfo] = {}
        self.device = "cpu" if device == "auto" else device.partition(":")[0]
        self.loading = ""
        self.on_death: Callable[[], None] = lambda: None

    @property
    def loaded(self) -> list[str]:
        """Specs of the models that can render, the most recently used last."""
        return [model for model, host in self._hosts.items() if host.ready]

    @property
    def used_bytes(self) -> int:
        """What the models take, estimated, with the one that is being loaded."""
        return sum(self.need_bytes(model) for model in self._hosts)

    def is_ready(self, model: str) -> bool:
        """Whether this model can render now."""
        host = self._hosts.get(model)
        return host is not None and host.ready

    def is_restarting(self, model: str) -> bool:
        """Whether this model's worker has died and it has not been loaded again."""
        return model in self._fallen

    def worker(self, model: str) -> WorkerProcess | None:
        """The process that renders with this model; it counts as used now."""
        if not self.is_ready(model):
            return None
        host = self._hosts[model] = self._hosts.pop(model)
        return host.worker

    def least_seconds(self, model: str) -> float:
        """What a second of audio takes this model at least; 0 where that is not known."""
        host = self._hosts.get(model)
        rehearsed = host.worker.rehearsed if host is not None and host.worker is not None else None
        return 0.0 if rehearsed is None else rehearsed.least_seconds

    def need_bytes(self, model: str) -> int:
        """What a model takes, estimated; looked up on disk the first time."""
        if model not in self._needs:
            self._needs[model] = self._estimate_bytes(model, self.device)
        return self._needs[model]

    def fits(self, model: str) -> bool:
        """Whether it can be loaded beside all that is there."""
        return model in self._hosts or self._fits_beside(model, self._hosts)

    def can_make_room(self, model: str, keep: Collection[str]) -> bool:
        """Whether it can be loaded once all but those to keep are gone, or never at all."""
        never = self.need_bytes(model) > self.budget_bytes
        return never or self._fits_beside(model, keep)

    def eta_seconds(self, model: str) -> float:
        """Estimated seconds until this model is in memory."""
        if self.is_ready(model):
            return 0.0
        guess = self._load_seconds.get(model, _FIRST_GUESS_SECONDS)
        if self.loading == model:
            return max(0.0, guess - (self._monotonic() - self._loading_since))
        return guess

    async def load(self, model: str, *, keep: Callable[[], Collection[str]], current: str) -> None:
        """Bring a model into memory; others go where there is no room beside them.

        Args:
            model: its spec.
            keep: which stay, such as the one that renders; asked whenever one has to go.
            current: the current model, which goes last.

        Raises:
            MagnetError: where it cannot be loaded.
        """
        if self.is_ready(model):
            return
        self._check_budget(model)
        self.loading, self._loading_since = model, self._monotonic()
        try:
            await self.unload(model)  # what is left of a dead one
            while not self.fits(model) and (victim := self._victim(keep(), current)):
                await self.unload(victim)
            try:
                await self._load(model)
            except OutOfMemory:  # the estimate was wrong: try once with the room of all others
                victims = [other for other in self._hosts if other not in {*keep(), model}]
                if not victims:
                    raise
                for victim in victims:
                    await self.unload(victim)
                await self._load(model)
        finally:
            self.loading = ""

    async def unload(self, model: str) -> None:
        """Free a model's memory, and end its worker."""
        self._fallen.discard(model)
        host = self._hosts.pop(model, None)
        if host is not None:
            await host.bury()

    async def bury(self, model: str) -> None:
        """End a worker that has died, or is to die, over a job; the model is then restarting."""
        await self.unload(model)
        self._fallen.add(model)

    async def close(self) -> None:
        """End every worker."""
        for model in list(self._hosts):
            await self.unload(model)

    async def _load(self, model: str) -> None:
        host = self._hosts[model] = self._make_host(model, lambda: self._hear_of_death(model))
        try:
            await host.load()
        except BaseException:
            await self.unload(model)
            raise
        loaded = host.loaded
        if loaded is None:  # it died at the very moment
            return
        self._load_seconds[model] = self._monotonic() - self._loading_since
        self.infos[model] = loaded.info
        self._fallen.discard(model)
        device = loaded.info.device.partition(":")[0]
        if device != self.device:
            self.device = device
            self._needs.clear()
        if loaded.device_memory_bytes and not self._fixed_budget:
            self.budget_bytes = int(loaded.device_memory_bytes * _DEVICE_SHARE)

    def _fits_beside(self, model: str, others: Collection[str]) -> bool:
        taken = sum(self.need_bytes(other) for other in self._hosts if other in others)
        return taken + self.need_bytes(model) <= self.budget_bytes

    def _victim(self, keep: Collection[str], current: str) -> str:
        """The model that goes next; empty where none may."""
        idle = [model for model in self._hosts if model not in keep]
        return next((model for model in idle if model != current), next(iter(idle), ""))

    def _check_budget(self, model: str) -> None:
        need = self.need_bytes(model)
        if need > self.budget_bytes:
            raise OutOfMemory(
                f"{model} takes about {need / 1e9:.1f} GB, and models may take "
                f"{self.budget_bytes / 1e9:.1f} GB here: load a smaller one, or start the server "
                f"with --memory {need / 1e9 + 0.1:.1f}"
            )

    def _hear_of_death(self, model: str) -> None:
        """Whoever waits for an answer of it deals with that; nobody waits for an idle one."""
        self._fallen.add(model)
        self.on_death()
