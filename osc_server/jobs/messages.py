"""What the server and its worker process say to each other; all of it is pickled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.requests import GenerateClip
from osc_server.library.clips import WavFormat
from osc_server.rendering.plan import Engine, EngineInfo

EngineLoader = Callable[[str, Path, str], Engine]
"""Opens a model: (name or folder, models folder, device). A module's own function, for pickling."""


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker process is started with.

    Attributes:
        open_engine: opens a model.
        models_folder: where checkpoints are looked for first.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        clips_folder: where clips are written.
        wav_format: how.
        threads: CPU threads of the model; 0 = as many as it likes.
        offline: never ask the network for a model.
        log_level: of the worker's own log lines.
    """

    open_engine: EngineLoader
    models_folder: Path
    device: str
    clips_folder: Path
    wav_format: WavFormat
    threads: int = 0
    offline: bool = False
    log_level: str = "WARNING"


@dataclass(frozen=True, slots=True)
class LoadCommand:
    """Open an engine; answered by ``Loaded`` or ``LoadFailed``."""

    model: str


@dataclass(frozen=True, slots=True)
class RenderCommand:
    """Render a job; answered by ``News`` often, then ``Rendered``, ``Broke`` or ``Stopped``.

    Attributes:
        number: the job's.
        request: its preset applied, its clip's path confined.
        seed: to draw from.
        seconds_left: until the job's deadline, from when this is sent; None = no deadline.
    """

    number: int
    request: GenerateClip
    seed: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The engine is there; ``device_memory_bytes`` is that of its GPU, 0 on CPU."""

    info: EngineInfo
    device_memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A loaded model was tried out: a second of audio takes it at least so many seconds.

    Comes unasked, after ``Loaded``, unless a job came first.
    """

    least_seconds: float


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """There is no engine now; ``code`` and ``text`` as in ``/magnet/failed``."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A job has reached the worker: should that die now, the job may be the cause."""

    number: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """A job has come so far; sent at most 30 times a second, and for the last step."""

    number: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Previewed:
    """A first version of a job's clip is on disk, made of its first codebooks."""

    number: int
    path: Path
    codebooks: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A job's takes are on disk, the best first."""

    number: int
    sidecars: tuple[ClipSidecar, ...]


@dataclass(frozen=True, slots=True)
class Broke:
    """A job failed; the worker goes on."""

    number: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A job was cancelled."""

    number: int


Command = LoadCommand | RenderCommand
Answer = Loaded | LoadFailed | Rendered | Broke | Stopped
"""What ends a command; each command has one."""
News = Stepped | Previewed
"""What is heard of a job before its end."""
Event = Answer | Begun | News | Rehearsed
