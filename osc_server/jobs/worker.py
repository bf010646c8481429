"""The worker process: owns the model, renders one job at a time, and may die without harm.

It runs at low priority, leaves interrupts from the keyboard to the server, and ends itself when the
server is gone, even in the middle of a step. ``run_worker`` is its composition root.
"""

from __future__ import annotations

import ctypes
import logging
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING

from osc_server.contract.errors import (
    BadRequest,
    Cancelled,
    GenerationFailed,
    MagnetError,
    ModelUnavailable,
    OutOfMemory,
)
from osc_server.jobs.messages import (
    Begun,
    Broke,
    Command,
    Event,
    LoadCommand,
    Loaded,
    LoadFailed,
    Previewed,
    Rehearsed,
    RenderCommand,
    Rendered,
    Stepped,
    Stopped,
    WorkerSetup,
)
from osc_server.rendering.plan import Engine, OnPreview, OnStep, SecondsLeft

if TYPE_CHECKING:
    from osc_server.magnet.precision import Precision
    from osc_server.rendering.renderer import Renderer

TONE = "tone"
"""The weightless engine; ``tone:0.05`` takes 0.05 s a step."""
_SPINS = "600"  # some microseconds
_NICENESS = 10
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000
_PROGRESS_SECONDS = 1 / 30
_QUIET_SECONDS = 1.0  # after a job, before a model that had no time to be rehearsed is
_VERSIONED = ("magnet-bridge", "numpy", "torch", "transformers", "soxr", "pyloudnorm")

_log = logging.getLogger(__name__)


def open_engine(
    model: str, models_folder: Path, device: str, precision: Precision = "auto"
) -> Engine:
    """The engine of a model; the only place that reaches for torch, and only when it must.

    Raises:
        ModelUnavailable: where it is not on disk, cannot be fetched, or is damaged.
        BadRequest: for a tone engine whose step time is no number.
    """
    name, _, step_seconds = model.partition(":")
    if name == TONE:
        from osc_server.rendering.tone_engine import ToneEngine

        try:
            return ToneEngine(step_seconds=float(step_seconds or 0))
        except ValueError as error:
            raise BadRequest(f"{model} is not a model: write tone, or tone:0.05") from error
    from osc_server.magnet.engine import load_engine

    return load_engine(model, models_folder=models_folder, device=device, precision=precision)


def open_reference_engine(model: str, models_folder: Path, device: str) -> Engine:
    """The engine of a model where audiocraft draws the codes.

    Raises:
        ModelUnavailable: audiocraft is not installed, or as ``open_engine``.
    """
    if model.partition(":")[0] == TONE:
        return open_engine(model, models_folder, device)
    from osc_server.magnet.audiocraft_engine import load_audiocraft

    return load_audiocraft(model, models_folder=models_folder, device=device)


def run_worker(
    setup: WorkerSetup, connection: Connection, cancelled_number: ctypes.c_longlong
) -> None:
    """The process's main function.

    Args:
        setup: what it works with.
        connection: commands in, events out; its end is the end of the process.
        cancelled_number: shared memory: the number of the job that shall stop.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_the_server()
    _lower_priority()
    logging.basicConfig(level=setup.log_level, format="magnet worker: %(message)s")
    # Threads that spin while they wait for each other starve beside a busy DAW; those that go to
    # sleep at once lose a quarter of their time to waking up.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    if setup.threads:
        os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(setup.threads)
    if setup.offline:
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    with suppress(EOFError, OSError):  # the server has gone
        Worker(setup, connection, cancelled_number).serve()


class Worker:
    """Takes commands one by one and answers each."""

    def __init__(
        self, setup: WorkerSetup, connection: Connection, cancelled_number: ctypes.c_longlong
    ) -> None:
        self._setup = setup
        self._connection = connection
        self._cancelled_number = cancelled_number
        self._renderer: Renderer | None = None
        self._is_rehearsed = False
        self._looked_seconds: float | None = None  # when a rehearsal last saw no command waiting

    def serve(self) -> None:
        """Answer commands until the server hangs up (EOFError)."""
        while True:
            command: Command = self._connection.recv()
            if isinstance(command, LoadCommand):
                self._send(self._load(command))
                self._is_rehearsed, quiet_seconds = False, 0.0
            else:
                self._send(self._render(command))
                quiet_seconds = _QUIET_SECONDS
            if not (self._is_rehearsed or self._connection.poll(quiet_seconds)):
                self._rehearse()

    def _load(self, command: LoadCommand) -> Event:
        self._renderer = None  # its memory goes before the next one's comes
        setup = self._setup
        try:
            engine = setup.open_engine(command.model, setup.models_folder, setup.device)
        except Exception as error:  # noqa: BLE001 - the room's door: a load may fail in any way
            failure = _as_magnet_error(error, ModelUnavailable, f"{command.model} cannot be loaded")
            return LoadFailed(failure.code, str(failure))
        # Scipy takes its time: not in the server, and not before a model that may not be there.
        from osc_server.library.clips import ClipStore
        from osc_server.rendering.renderer import Clocks, Renderer

        store = ClipStore(setup.clips_folder, setup.wav_format)
        clocks = Clocks(time.perf_counter, lambda: datetime.now(UTC))
        self._renderer = Renderer(engine, store, clocks, _versions())
        return Loaded(engine.info, _device_memory_bytes(engine.info.device))

    def _rehearse(self) -> None:
        """Measure the model while nothing is asked of it; a command ends that at the next step."""
        self._looked_seconds = time.monotonic()
        if self._renderer is None:
            return

        def on_step(step: int, steps: int) -> None:
            if self._connection.poll():
                raise Cancelled("there is a job")
            self._looked_seconds = time.monotonic()

        try:
            self._send(Rehearsed(self._renderer.rehearse(on_step).least_seconds))
            self._is_rehearsed = True
        except Cancelled:
            pass
        except Exception as error:  # noqa: BLE001 - the room's door: jobs will say what is wrong
            _log.warning("the model could not be tried out: %s", error)
            self._is_rehearsed = True
        if not self._connection.poll():
            self._looked_seconds = None

    def _render(self, command: RenderCommand) -> Event:
        # It may have come while a rehearsal made its last step: its time runs since before that.
        since, self._looked_seconds = self._looked_seconds or time.monotonic(), None
        self._send(Begun(command.number))
        try:
            if self._renderer is None:
                raise ModelUnavailable("no model is loaded: load one with /magnet/model/load")
            sidecars = self._renderer.render(
                command.request,
                command.seed,
                self._on_step(command.number),
                on_preview=self._on_preview(command),
                seconds_left=_countdown(command.seconds_left, since),
            )
        except Cancelled:
            return Stopped(command.number)
        except Exception as error:  # the room's door: one job breaks, not the server
            failure = _as_magnet_error(error, GenerationFailed, "the model broke")
            if "CUDA error" in str(error):
                # The device's context is lost for good; a new process gets a new one.
                self._send(Broke(command.number, failure.code, str(failure)))
                raise SystemExit(1) from error
            return Broke(command.number, failure.code, str(failure))
        return Rendered(command.number, sidecars)

    def _on_step(self, number: int) -> OnStep:
        """After each step: stop if the job is cancelled; tell of it, not too often."""
        told_step, told_seconds = 0, -math.inf

        def on_step(step: int, steps: int) -> None:
            nonlocal told_step, told_seconds
            if self._cancelled_number.value == number:
                raise Cancelled("the job was cancelled")
            now = time.monotonic()
            due = now - told_seconds >= _PROGRESS_SECONDS or step == steps
            if step > told_step and due:
                told_step, told_seconds = step, now
                self._send(Stepped(number, step, steps))

        return on_step

    def _on_preview(self, command: RenderCommand) -> OnPreview | None:
        if not command.request.preview:
            return None
        return lambda path, codebooks: self._send(Previewed(command.number, path, codebooks))

    def _send(self, event: Event) -> None:
        self._connection.send(event)


def _device_memory_bytes(device: str) -> int:
    """Memory of the GPU that the model is on; 0 on CPU, whose memory the server sees itself."""
    if not device.startswith(("cuda", "mps")):
        return 0
    from osc_server.magnet.devices import memory_bytes

    return memory_bytes(device)


def _countdown(seconds: float | None, since: float) -> SecondsLeft | None:
    """What is left of so many seconds since then; below 0 once they are over."""
    if seconds is None:
        return None
    end = since + seconds
    return lambda: end - time.monotonic()


def _as_magnet_error(error: Exception, kind: type[MagnetError], what: str) -> MagnetError:
    """What went wrong as the error that reaches the musician; the unforeseen is logged."""
    if isinstance(error, MagnetError):
        return error
    # torch's own OutOfMemoryError cannot be named here: this room does not import torch.
    text = str(error).lower()
    if (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "out of memory" in text
        or "can't allocate memory" in text
    ):
        return OutOfMemory(
            "not enough memory for this clip on this device: ask for fewer bars, close other "
            "programs, or load a smaller model"
        )
    _log.error("%s", what, exc_info=error)
    return kind(f"{what}: {type(error).__name__}: {error}")


def _end_with_the_server() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="watch the server", daemon=True).start()


def _lower_priority() -> None:
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS)
    else:
        with suppress(OSError):
            os.nice(_NICENESS)


def _versions() -> dict[str, str]:
    found = {}
    for name in _VERSIONED:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
