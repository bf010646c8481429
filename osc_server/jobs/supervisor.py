"""Decides what the model does next: orders to change it, jobs in their order, loading ahead.

One task (``_run``) does one thing at a time. All of it is on the event loop's thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.errors import MagnetError
from osc_server.contract.replies import CancelledReply, Failed, Preview
from osc_server.jobs.answers import (
    late_reply,
    orphan_reply,
    overdue,
    progress_reply,
    ready_reply,
    take_replies,
)
from osc_server.jobs.job import Job, JobReply
from osc_server.jobs.messages import Answer, Broke, News, Previewed, RenderCommand, Rendered
from osc_server.jobs.model_host import ModelHost
from osc_server.jobs.pace import Pace
from osc_server.jobs.process import WorkerDied, WorkerProcess
from osc_server.jobs.queue import JobQueue
from osc_server.library.clips import ClipStore

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Order:
    """A change of model that somebody waits for: load this one, or unload with an empty spec."""

    model: str
    done: asyncio.Future[None]


class Supervisor:
    """The worker's master.

    Attributes:
        queue: the jobs that wait; call ``wake`` after adding one.
        host: the worker and its model.
        model: spec of the current model, for jobs that name none.
        rendering: the job that the worker has.
        jobs_done: clips made since the start.
    """

    def __init__(
        self,
        host: ModelHost,
        queue: JobQueue,
        store: ClipStore,
        monotonic: Callable[[], float],
        model: str,
    ) -> None:
        """Nothing runs before ``start``.

        Args:
            host: the worker and its model.
            queue: of the jobs.
            store: where finished clips lie.
            monotonic: the event loop's clock.
            model: the current model, until another is loaded.
        """
        self._store = store
        self._monotonic = monotonic
        self._orders: deque[Order] = deque()
        self._wanted = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._load_ahead = True
        self._pace = Pace()
        self.host = host
        self.queue = queue
        self.model = model
        self.rendering: Job | None = None
        self.jobs_done = 0
        host.on_death = self.wake

    @property
    def state(self) -> str:
        """``loading``, ``idle``, ``rendering`` or ``restarting``, as ``status`` says it."""
        if self.host.restarting:
            return "restarting"
        if self.host.loading_since is not None:
            return "loading"
        return "idle" if self.rendering is None else "rendering"

    def start(self) -> None:
        """Start the worker and load the current model, while jobs may come already."""
        self._runner = asyncio.create_task(self._run())

    def wake(self) -> None:
        """There is something new to do."""
        self._wanted.set()

    def watch(self, job: Job) -> None:
        """Tell a waiting job that it is late as soon as its deadline has passed."""
        if job.due_seconds is not None:
            asyncio.get_running_loop().call_at(job.due_seconds, self._expire, job)

    async def order(self, model: str) -> None:
        """Load a model and make it the current one, or unload with an empty spec; jobs wait.

        Raises:
            MagnetError: where it cannot be loaded; the current one stays the current one.
        """
        order = Order(model, asyncio.get_running_loop().create_future())
        self._orders.append(order)
        self.wake()
        await order.done

    def cancel_rendering(self, job: Job) -> None:
        """Let the job that is being rendered stop at its next step."""
        job.cancelling = True
        if self.host.worker is not None:
            self.host.worker.cancel(job.number)

    def eta_seconds(self, job: Job) -> float:
        """Estimated seconds until a waiting job is ready."""
        eta = self.host.eta_seconds(self._model_of(job))
        if self.rendering is not None:
            total = self._pace.seconds_for(self.rendering.audio_seconds)
            eta += max(0.0, total - self._seconds_of(self.rendering))
        for waiting in self.queue:
            eta += self._pace.seconds_for(waiting.audio_seconds)
            if waiting is job:
                break
        return eta

    async def broken(self) -> None:
        """Return never, but raise what nobody foresaw if the supervisor itself stops."""
        if self._runner is not None:
            await asyncio.shield(self._runner)

    async def close(self) -> None:
        """End the worker at once; jobs that are alive are told ``cancelled``."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait({self._runner})
        live = [self.rendering] if self.rendering else []
        for job in [*live, *self.queue.take(lambda job: True)]:
            self._reply(job, CancelledReply(job.request.id))
        for order in self._orders:
            order.done.cancel()
        await self.host.bury()

    async def _run(self) -> None:
        while True:
            self._wanted.clear()
            if self._orders:
                await self._carry_out(self._orders.popleft())
            elif (job := self.queue.first) is not None:
                await self._serve(job)
            elif self._load_ahead and not self.host.loaded:
                await self._load_for_jobs(self.model)
            else:
                await self._wanted.wait()

    async def _carry_out(self, order: Order) -> None:
        try:
            if order.model:
                await self.host.load(order.model)
                self.model = order.model
            else:
                await self.host.unload()
        except asyncio.CancelledError:
            order.done.cancel()
            raise
        except MagnetError as error:
            if not order.done.done():
                order.done.set_exception(error)
        else:
            self._load_ahead = bool(order.model)
            if not order.done.done():
                order.done.set_result(None)

    async def _serve(self, job: Job) -> None:
        """Bring the first job one stage on: load its model, or render it."""
        worker = self.host.worker
        if worker is None or self.host.loaded != self._model_of(job):
            await self._load_for_jobs(self._model_of(job))
        else:
            await self._render(worker, job)

    async def _load_for_jobs(self, model: str) -> None:
        """Load; where that fails, so do the jobs that wait for this model, and all is quiet."""
        try:
            await self.host.load(model)
            self._load_ahead = True
        except MagnetError as error:
            self._load_ahead = False
            _log.warning("%s", error)
            for job in self.queue.take(lambda job: self._model_of(job) == model):
                self._reply(job, Failed(job.request.id, error.code, str(error)))

    async def _render(self, worker: WorkerProcess, job: Job) -> None:
        self.queue.take(lambda waiting: waiting is job)
        seconds_left = self._seconds_left(job)
        if seconds_left is not None and seconds_left <= 0:
            self._reply(job, late_reply(job))
            return
        self.rendering, job.begun_seconds = job, self._monotonic()
        command = RenderCommand(job.number, job.request, job.seed, seconds_left)

        def tell(news: News) -> None:
            if isinstance(news, Previewed):
                self._reply(job, Preview(job.request.id, str(news.path), news.codebooks))
            else:
                self._reply(job, progress_reply(job, news, self._seconds_of(job)))

        try:
            answer = await worker.ask(command, tell)
        except WorkerDied as death:
            _log.warning("the model's process %s while it rendered a job", death)
            await self.host.bury()
            self.rendering = None
            if death.heard:
                self._reply(job, orphan_reply(job, str(death)))
            else:
                self.queue.put_back(job)
        else:
            self.rendering = None
            for reply in self._last_replies(job, answer):
                self._reply(job, reply)

    def _last_replies(self, job: Job, answer: Answer) -> list[JobReply]:
        if isinstance(answer, Rendered):
            return self._finished(job, answer.sidecars)
        if isinstance(answer, Broke):
            return [Failed(job.request.id, answer.code, answer.text)]
        return [CancelledReply(job.request.id)]

    def _finished(self, job: Job, sidecars: Sequence[ClipSidecar]) -> list[JobReply]:
        """Every take, if there are several, and ready with the best."""
        self.jobs_done += 1
        audio_seconds = sum(sidecar.measured.seconds for sidecar in sidecars)
        self._pace.learn(audio_seconds, self._seconds_of(job))
        paths = [self._store.wav_path(sidecar.id) for sidecar in sidecars]
        ready = ready_reply(job.request.id, sidecars[0], paths[0])
        seconds_left = self._seconds_left(job)
        if seconds_left is not None and seconds_left < 0:
            ready = overdue(ready, -seconds_left)
        return [*take_replies(job.request.id, sidecars, paths), ready]

    def _expire(self, job: Job) -> None:
        if self.queue.take(lambda waiting: waiting is job):
            self._reply(job, late_reply(job))

    def _seconds_left(self, job: Job) -> float | None:
        return None if job.due_seconds is None else job.due_seconds - self._monotonic()

    def _model_of(self, job: Job) -> str:
        return job.request.model or self.model

    def _seconds_of(self, job: Job) -> float:
        """Seconds since the worker got it."""
        return 0.0 if job.begun_seconds is None else self._monotonic() - job.begun_seconds

    @staticmethod
    def _reply(job: Job, reply: JobReply) -> None:
        try:
            job.on_reply(reply)
        except Exception:  # noqa: BLE001 - the room's door: one client's fault ends nobody's worker
            _log.exception("a reply to %s could not be sent", job.client)
