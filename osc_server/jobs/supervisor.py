"""Renders the jobs in their order, one at a time, while the loader brings their models.

Two tasks: one renders, one (``Loader.run``) changes models; neither waits for the other but where
memory is too small for both models. All of it is on the event loop's thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.errors import MagnetError
from osc_server.contract.replies import CancelledReply, Failed, Preview
from osc_server.jobs.answers import (
    hardly_kept,
    late_reply,
    orphan_reply,
    overdue,
    progress_reply,
    ready_reply,
    take_replies,
)
from osc_server.jobs.job import Job, JobReply
from osc_server.jobs.loader import Loader
from osc_server.jobs.messages import Answer, Broke, News, Previewed, RenderCommand, Rendered
from osc_server.jobs.pace import Pace
from osc_server.jobs.process import WorkerDied, WorkerProcess
from osc_server.jobs.queue import JobQueue
from osc_server.library.clips import ClipStore

_log = logging.getLogger(__name__)


class Supervisor:
    """The workers' master.

    Attributes:
        queue: the jobs that wait; call ``wake`` after adding one.
        loader: brings models into memory.
        pool: the models in memory.
        rendering: the job that a worker has.
        jobs_done: clips made since the start.
    """

    def __init__(
        self,
        loader: Loader,
        queue: JobQueue,
        store: ClipStore,
        monotonic: Callable[[], float],
    ) -> None:
        """Nothing runs before ``start``.

        Args:
            loader: brings models into memory.
            queue: of the jobs.
            store: where finished clips lie.
            monotonic: the event loop's clock.
        """
        self._store = store
        self._monotonic = monotonic
        self._wanted = asyncio.Event()
        self._runners: set[asyncio.Task[None]] = set()
        self._pace = Pace()
        self.loader = loader
        self.pool = loader.pool
        self.queue = queue
        self.rendering: Job | None = None
        self._busy_model = ""
        self.jobs_done = 0
        self.pool.on_death = self.wake
        loader.rendering = lambda: self._busy_model
        loader.on_change = self.wake
        loader.on_failure = self._fail_jobs

    @property
    def state(self) -> str:
        """``loading``, ``idle``, ``rendering`` or ``restarting``, as ``status`` says it."""
        if self.pool.is_restarting(self.model):
            return "restarting"
        if self.rendering is not None:
            return "rendering"
        return "loading" if self.pool.loading else "idle"

    @property
    def model(self) -> str:
        """Spec of the current model, for jobs that name none."""
        return self.loader.model

    def start(self) -> None:
        """Load the current model, while jobs may come already."""
        self._runners = {asyncio.create_task(self._run()), asyncio.create_task(self.loader.run())}

    def wake(self) -> None:
        """There is something new to do."""
        self._wanted.set()
        self.loader.wake()

    def watch(self, job: Job) -> None:
        """Tell a waiting job that it is late as soon as its deadline has passed."""
        if job.due_seconds is not None:
            asyncio.get_running_loop().call_at(job.due_seconds, self._expire, job)

    def cancel_rendering(self, job: Job) -> None:
        """Let the job that is being rendered stop at its next step."""
        job.cancelling = True
        worker = self.pool.worker(self._busy_model)
        if worker is not None:
            worker.cancel(job.number)

    def eta_seconds(self, job: Job) -> float:
        """Estimated seconds until a waiting job is ready."""
        return self._wait_seconds(job) + self._pace.seconds_for(job.audio_seconds)

    def warning(self, job: Job) -> str:
        """Whether a waiting job's deadline will hardly be kept, in one sentence; or empty."""
        left = self._seconds_left(job)
        least = self.pool.least_seconds(self.loader.model_of(job)) * job.audio_seconds
        if left is None or not least:
            return ""
        least += self._wait_seconds(job)
        return "" if least <= left else hardly_kept(left, least)

    def _wait_seconds(self, job: Job) -> float:
        """Estimated seconds until a waiting job begins."""
        wait = self.pool.eta_seconds(self.loader.model_of(job))
        if self.rendering is not None:
            total = self._pace.seconds_for(self.rendering.audio_seconds)
            wait += max(0.0, total - self._seconds_of(self.rendering))
        for waiting in self.queue:
            if waiting is job:
                break
            wait += self._pace.seconds_for(waiting.audio_seconds)
        return wait

    async def broken(self) -> None:
        """Return never, but raise what nobody foresaw if the supervisor itself stops."""
        done, _ = await asyncio.wait(self._runners, return_when=asyncio.FIRST_COMPLETED)
        for runner in done:
            runner.result()

    async def close(self) -> None:
        """End the workers at once; jobs that are alive are told ``cancelled``."""
        for runner in self._runners:
            runner.cancel()
        if self._runners:
            await asyncio.wait(self._runners)
        live = [self.rendering] if self.rendering else []
        for job in [*live, *self.queue.take(lambda job: True)]:
            self._reply(job, CancelledReply(job.request.id))
        await self.loader.close()

    async def _run(self) -> None:
        while True:
            self._wanted.clear()
            job = self._next_job()
            worker = None if job is None else self.pool.worker(self.loader.model_of(job))
            if job is None or worker is None:
                await self._wanted.wait()
            else:
                await self._render(worker, job)
                self.loader.wake()

    def _next_job(self) -> Job | None:
        """The first whose model is in memory; none may overtake one that waits for room."""
        if self.loader.holding:
            return None
        for job in self.queue:
            model = self.loader.model_of(job)
            if self.pool.is_ready(model):
                return job
            if not self.pool.fits(model):
                return None
        return None

    def _fail_jobs(self, model: str, error: MagnetError) -> None:
        """Those that wait for a model that cannot be loaded; then all is quiet."""
        for job in self.queue.take(lambda job: self.loader.model_of(job) == model):
            self._reply(job, Failed(job.request.id, error.code, str(error)))

    async def _render(self, worker: WorkerProcess, job: Job) -> None:
        self.queue.take(lambda waiting: waiting is job)
        model = self.loader.model_of(job)
        seconds_left = self._seconds_left(job)
        if seconds_left is not None and seconds_left <= 0:
            self._reply(job, late_reply(job))
            return
        self.rendering, job.begun_seconds = job, self._monotonic()
        self._busy_model = model
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
            await self.pool.bury(model)
            self.rendering, self._busy_model = None, ""
            if death.heard:
                self._reply(job, orphan_reply(job, str(death)))
            else:
                self.queue.put_back(job)
        else:
            self.rendering, self._busy_model = None, ""
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

    def _seconds_of(self, job: Job) -> float:
        """Seconds since the worker got it."""
        return 0.0 if job.begun_seconds is None else self._monotonic() - job.begun_seconds

    @staticmethod
    def _reply(job: Job, reply: JobReply) -> None:
        try:
            job.on_reply(reply)
        except Exception:  # noqa: BLE001 - the room's door: one client's fault ends nobody's worker
            _log.exception("a reply to %s could not be sent", job.client)
