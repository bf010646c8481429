"""The composition root of the server: the one place that builds its parts and connects them."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.resources import files
from pathlib import Path

from osc_server.config import APPLICATION, ServerConfig
from osc_server.endpoint.listen import listen
from osc_server.jobs.loader import Loader
from osc_server.jobs.messages import EngineLoader, WorkerSetup
from osc_server.jobs.model_host import ModelHost
from osc_server.jobs.model_pool import ModelPool
from osc_server.jobs.process import WorkerProcess
from osc_server.jobs.queue import JobQueue
from osc_server.jobs.supervisor import Supervisor
from osc_server.jobs.worker import open_engine, open_reference_engine
from osc_server.library.clips import ClipStore
from osc_server.library.fetching import Fetcher
from osc_server.library.hub import Hub
from osc_server.library.models import ModelShelf
from osc_server.library.presets import PresetShelf
from osc_server.service import Rooms, Service, product_version

OnReady = Callable[[int], None]
"""Told the port once everybody can be served."""

_ENDING = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")

_log = logging.getLogger(__name__)


async def serve(
    config: ServerConfig,
    *,
    ready: OnReady | None = None,
    open_engine: EngineLoader = open_engine,
) -> None:
    """Run a server until it is told to end: by SIGINT, SIGTERM, Ctrl-Break, or by cancelling this.

    Whatever ends it, the worker is dead and no file is half-written when this returns.

    Args:
        config: how to run it.
        ready: told the port once it listens.
        open_engine: opens models in the worker; a module's own function.

    Raises:
        MagnetError: where it cannot start: port taken, no token, clips folder not usable.
    """
    token = config.token()
    loop = asyncio.get_running_loop()
    store = ClipStore(config.clips.absolute(), config.wav_format)
    store.prepare()
    supervisor, service = _build(config, store, open_engine)
    endpoint = await listen(
        service, host=config.host, port=config.port, token=token, unix_seconds=time.time
    )
    with _stop_signals(loop) as stop:
        try:
            supervisor.start()
            if ready is not None:
                ready(endpoint.port)
            await _until(stop, supervisor)
        finally:
            await supervisor.close()
            await endpoint.close()


async def _until(stop: asyncio.Event, supervisor: Supervisor) -> None:
    """Wait for a stop; raise what nobody foresaw if the supervisor itself ends."""
    waits = {asyncio.create_task(stop.wait()), asyncio.create_task(supervisor.broken())}
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in waits:
            task.cancel()


def _opener(config: ServerConfig, asked: EngineLoader) -> EngineLoader:
    """What opens models in the worker; all can be pickled."""
    if config.engine == "audiocraft":
        return open_reference_engine
    if asked is open_engine and config.precision != "auto":
        return partial(open_engine, precision=config.precision)
    return asked


def _build(
    config: ServerConfig, store: ClipStore, open_engine: EngineLoader
) -> tuple[Supervisor, Service]:
    monotonic = asyncio.get_running_loop().time
    setup = WorkerSetup(
        open_engine=_opener(config, open_engine),
        models_folder=config.models.absolute(),
        device=config.device,
        clips_folder=store.folder,
        wav_format=config.wav_format,
        threads=config.threads,
        offline=config.offline,
        log_level=config.log_level,
    )
    models = ModelShelf(setup.models_folder, embedded_folder(), config.model)
    presets = PresetShelf([config.presets, built_in_presets()])
    for problem in presets.all()[1]:
        _log.warning("%s", problem)
    pool = ModelPool(
        partial(ModelHost, partial(WorkerProcess, setup), store),
        models.need_bytes,
        config.memory_bytes(),
        monotonic,
        device=config.device,
        fixed_budget=config.memory > 0,
    )
    queue = JobQueue(config.queue_limit)
    loader = Loader(pool, queue, models.own_spec)
    supervisor = Supervisor(loader, queue, store, monotonic)
    hub = Hub(config.hub, f"{APPLICATION}/{product_version()}")
    fetcher = Fetcher(models, hub, monotonic, offline=config.offline)
    audio_folders = tuple(folder.absolute() for folder in config.audio_folders)
    rooms = Rooms(supervisor, store, models, presets, fetcher, audio_folders)
    return supervisor, Service(rooms, monotonic, config.device)


def embedded_folder() -> Path:
    """Where the model that comes with the product lies."""
    return Path(str(files("osc_server") / "magnet" / "embedded"))


def built_in_presets() -> Path:
    """Where the presets that come with the product lie: beside the packages, or in the wheel."""
    packages = Path(str(files("osc_server")))
    checkout = packages.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / "presets"
    return packages / "_presets"


@contextmanager
def _stop_signals(loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.Event]:
    """An event that is set by every signal that asks a program to end."""
    stop = asyncio.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # whoever runs us on another thread cancels us instead
        return
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    before = {}
    for number in numbers:
        if signal.getsignal(number) is signal.SIG_IGN and number != signal.SIGINT:
            continue  # nohup, for one
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: a plain handler wakes its loops
            before[number] = signal.signal(
                number, lambda *_: loop.call_soon_threadsafe(stop.set) and None
            )
    try:
        yield stop
    finally:
        for number in numbers:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
        for number, handler in before.items():
            signal.signal(number, handler)
