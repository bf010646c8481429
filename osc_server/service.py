"""What stands behind the endpoint: its ``Backend``, made of jobs, models, presets and clips."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.errors import BadRequest, Busy, Forbidden, ModelUnavailable, StorageFailed
from osc_server.contract.mixing import check_mix
from osc_server.contract.replies import (
    Accepted,
    CancelledReply,
    ClipItem,
    ClipNoted,
    ModelFetched,
    ModelFetching,
    ModelItem,
    ModelLicence,
    ModelLoaded,
    ModelUnloaded,
    PresetItem,
    Ready,
    StatusReply,
)
from osc_server.contract.requests import (
    FetchModel,
    GenerateClip,
    GetClip,
    Landed,
    ListClips,
    ListModels,
    ListPresets,
    LoadModel,
    RequestId,
    Status,
    UnloadModel,
)
from osc_server.endpoint.backend import OnFetching
from osc_server.jobs.answers import ready_reply
from osc_server.jobs.job import Job, OnReply
from osc_server.jobs.supervisor import Supervisor
from osc_server.library.clips import ClipStore, read_wav
from osc_server.library.fetching import Fetcher
from osc_server.library.models import ModelShelf, name_of
from osc_server.library.other_rates import samples_at_rate, wav_at_rate
from osc_server.library.paths import confined
from osc_server.library.presets import PresetShelf
from osc_server.rendering.planning import check_request

_SEED_LIMIT = 1_000_000
"""Drawn seeds stay below: hosts whose numbers are floats (Pd shows six digits) can repeat them."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the service is made of."""

    supervisor: Supervisor
    store: ClipStore
    models: ModelShelf
    presets: PresetShelf
    fetcher: Fetcher
    audio_folders: tuple[Path, ...] = ()  # where clips may start from, beside the clips folder


class Service:
    """The ``Backend`` of the endpoint. Everything runs on the event loop's thread."""

    def __init__(self, rooms: Rooms, monotonic: Callable[[], float], device: str) -> None:
        """Put it together.

        Args:
            rooms: what it is made of.
            monotonic: the event loop's clock.
            device: what was asked for, until a model says what it runs on.
        """
        self._rooms = rooms
        self._supervisor = rooms.supervisor
        self._queue = rooms.supervisor.queue
        self._monotonic = monotonic
        self._device = device
        self._started_seconds = monotonic()
        self._n_jobs = 0
        self._heard_presets: set[tuple[str, str]] = set()  # by client

    def submit(self, request: GenerateClip, client: str, on_reply: OnReply) -> Accepted:
        """See ``Backend.submit``."""
        request = self._with_own_seed(self._completed(request), request, client)
        if self._live(client, request.id) is not None:
            raise Busy(f"your job {request.id} is still alive: take another id, or cancel it first")
        seed = secrets.randbelow(_SEED_LIMIT) if request.seed is None else request.seed
        info = self._supervisor.pool.infos.get(request.model or self._supervisor.model)
        if info is not None:
            check_request(request, info)  # what cannot be rendered is refused at once
        self._n_jobs += 1
        job = Job(self._n_jobs, client, request, seed, on_reply, self._due(request))
        replaced = self._queue.add(job)
        self._heard_presets.add((client, request.preset))
        if replaced is not None:
            replaced.on_reply(CancelledReply(replaced.request.id))
        self._supervisor.watch(job)
        self._supervisor.wake()
        place = self._queue.place_of(job) + (self._supervisor.rendering is not None)
        eta = self._supervisor.eta_seconds(job)
        return Accepted(request.id, place, eta, self._supervisor.warning(job))

    def cancel(self, client: str, request_id: RequestId) -> None:
        """See ``Backend.cancel``."""
        job = self._live(client, request_id)
        if job is None:
            raise BadRequest(f"you have no live job {request_id}: it has ended, or never began")
        if job is self._supervisor.rendering:
            self._supervisor.cancel_rendering(job)
            return
        self._queue.take(lambda waiting: waiting is job)
        job.on_reply(CancelledReply(request_id))

    def forget(self, client: str) -> None:
        """See ``Backend.forget``."""
        for job in self._queue.take(lambda job: job.client == client):
            job.on_reply(CancelledReply(job.request.id))
        self._heard_presets = {heard for heard in self._heard_presets if heard[0] != client}

    def status(self, request: Status) -> StatusReply:
        """See ``Backend.status``."""
        supervisor = self._supervisor
        pool = supervisor.pool
        info = pool.infos.get(supervisor.model) if pool.is_ready(supervisor.model) else None
        return StatusReply(
            id=request.id,
            model=info.name if info else "",
            device=info.device if info else self._device,
            state=supervisor.state,
            queue_length=len(self._queue),
            jobs_done=supervisor.jobs_done,
            version=product_version(),
            clips_folder=str(self._rooms.store.folder),
            takes_tempo=info is not None and info.takes_tempo,
            uptime_seconds=self._monotonic() - self._started_seconds,
            models_loaded=", ".join(name_of(model) for model in reversed(pool.loaded)),
            memory_used_bytes=pool.used_bytes,
            memory_budget_bytes=pool.budget_bytes,
            companion=info.companion if info else "",
        )

    async def models(self, request: ListModels) -> Sequence[ModelItem]:
        """See ``Backend.models``."""
        pool = self._supervisor.pool
        return await asyncio.to_thread(
            self._rooms.models.items, request.id, dict(pool.infos), pool.loaded, pool.device
        )

    async def load_model(self, request: LoadModel) -> ModelLoaded:
        """See ``Backend.load_model``."""
        spec = self._rooms.models.spec(request.model)
        await asyncio.to_thread(self._check_complete, spec)
        await self._supervisor.loader.order(spec)
        return ModelLoaded(request.id, self._supervisor.pool.infos[spec].name)

    async def unload_model(self, request: UnloadModel) -> ModelUnloaded:
        """See ``Backend.unload_model``."""
        spec = self._rooms.models.spec(request.model) if request.model else self._supervisor.model
        await self._supervisor.loader.order_unload(spec)
        return ModelUnloaded(request.id)

    async def fetch_model(self, request: FetchModel, on_fetching: OnFetching) -> ModelFetched:
        """See ``Backend.fetch_model``."""
        loop, stop = asyncio.get_running_loop(), threading.Event()
        done: asyncio.Future[ModelFetched] = loop.create_future()

        def tell(reply: ModelLicence | ModelFetching) -> None:
            _call_on(loop, on_fetching, reply)

        def fetch() -> None:
            try:
                _call_on(loop, _settle, done, self._rooms.fetcher.fetch(request, tell, stop), None)
            except Exception as error:  # noqa: BLE001 - the thread's door: who waits is told
                _call_on(loop, _settle, done, None, error)

        # Not a thread of the loop's own: a dead network must not hold up the server's end.
        threading.Thread(target=fetch, name="fetch a model", daemon=True).start()
        try:
            return await done
        finally:
            stop.set()

    async def presets(self, request: ListPresets) -> Sequence[PresetItem]:
        """See ``Backend.presets``; a preset whose file is wrong is left out."""
        presets, _ = await asyncio.to_thread(self._rooms.presets.all)
        return [
            PresetItem(request.id, preset.name, preset.description, preset.request.prompt)
            for preset in presets
        ]

    async def clips(self, request: ListClips) -> Sequence[ClipItem]:
        """See ``Backend.clips``; one whose sidecar is damaged is left out."""
        return await asyncio.to_thread(self._newest_clips, request)

    async def clip(self, request: GetClip) -> Ready:
        """See ``Backend.clip``."""
        store = self._rooms.store
        sidecar = await asyncio.to_thread(store.sidecar, request.clip)
        rate_hz = request.rate_hz
        if rate_hz is None or rate_hz == sidecar.measured.rate_hz:
            return ready_reply(request.id, sidecar, store.wav_path(sidecar.id))
        path = await asyncio.to_thread(wav_at_rate, store, sidecar, rate_hz)
        seconds = samples_at_rate(sidecar, rate_hz) / rate_hz
        return replace(ready_reply(request.id, sidecar, path), rate_hz=rate_hz, seconds=seconds)

    async def landed(self, request: Landed) -> ClipNoted:
        """See ``Backend.landed``."""
        note = self._rooms.store.note_landing
        await asyncio.to_thread(note, request.clip, request.place, request.problem)
        return ClipNoted(request.id, request.clip)

    async def read_wav(self, path: str) -> tuple[NDArray[np.float32], int]:
        """See ``Backend.read_wav``."""
        return await asyncio.to_thread(read_wav, Path(path))

    def _check_complete(self, spec: str) -> None:
        """Name what a model lacks before its worker is started in vain."""
        missing = self._rooms.models.missing(spec)
        if missing:
            raise ModelUnavailable(f"{name_of(spec)} lacks {missing}")

    def _completed(self, request: GenerateClip) -> GenerateClip:
        """With its preset applied, and its model by spec."""
        if request.preset:
            request = self._rooms.presets.get(request.preset).applied_to(request)
        if request.model:
            request = replace(request, model=self._rooms.models.spec(request.model))
        check_mix(request)
        return self._located(request)

    def _with_own_seed(
        self, request: GenerateClip, asked: GenerateClip, client: str
    ) -> GenerateClip:
        """A preset's seed is for the first clip that a client asks of it; others are others."""
        again = (client, asked.preset) in self._heard_presets
        if asked.preset and again and "seed" not in asked.given:
            return replace(request, seed=None)
        return request

    def _located(self, request: GenerateClip) -> GenerateClip:
        """With what it starts from as a clip id of the store, or as a file's whole path."""
        start, store = request.start, self._rooms.store
        if start is None or store.holds(start.clip):
            return request
        try:
            path = confined(start.clip, [store.folder, *self._rooms.audio_folders])
        except Forbidden as error:
            raise Forbidden(
                f"{error}; copy the file there, or start the server with --audio-folders FOLDER"
            ) from None
        if not os.path.isfile(path):  # Path.is_file raises for a name that is too long
            raise BadRequest(
                f"no clip and no file {start.clip[-200:]!r}: /magnet/clip/list says which clips "
                "there are"
            )
        is_clip = path == store.wav_path(path.stem).resolve() and store.holds(path.stem)
        clip = path.stem if is_clip else str(path)
        return replace(request, start=replace(start, clip=clip))

    def _due(self, request: GenerateClip) -> float | None:
        if request.deadline_ms is None:
            return None
        return self._monotonic() + request.deadline_ms / 1000

    def _live(self, client: str, request_id: RequestId) -> Job | None:
        rendering = self._supervisor.rendering
        if rendering is not None and rendering.key == (client, request_id):
            return rendering
        return self._queue.get((client, request_id))

    def _newest_clips(self, request: ListClips) -> list[ClipItem]:
        items: list[ClipItem] = []
        for clip_id in self._rooms.store.ids():
            if len(items) == request.limit:
                break
            try:
                items.append(self._clip_item(request.id, self._rooms.store.sidecar(clip_id)))
            except (BadRequest, StorageFailed):  # removed meanwhile, or damaged
                continue
        return items

    def _clip_item(self, request_id: RequestId, sidecar: ClipSidecar) -> ClipItem:
        return ClipItem(
            id=request_id,
            clip=sidecar.id,
            path=str(self._rooms.store.wav_path(sidecar.id)),
            prompt=sidecar.request.words,
            bars=sidecar.measured.bars,
            bpm=sidecar.measured.bpm,
            seconds=sidecar.measured.seconds,
            created=sidecar.created,
        )


def _call_on(loop: asyncio.AbstractEventLoop, work: Callable[..., object], *args: object) -> None:
    """Do something on the loop, from another thread; nothing where the loop has ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(work, *args)


def _settle(
    done: asyncio.Future[ModelFetched], fetched: ModelFetched | None, error: Exception | None
) -> None:
    if done.done():  # its client has gone
        return
    if error is not None:
        done.set_exception(error)
    elif fetched is not None:
        done.set_result(fetched)


def product_version() -> str:
    """Version of the installed product."""
    try:
        return version("magnet-bridge")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
