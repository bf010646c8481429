"""What tests need from outside Python: real programs, and a JACK server without a sound card."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest


def require_tool(program: str, *, package: str) -> str:
    """Path of ``program``; where it is missing, fail in CI and skip elsewhere.

    CI installs every real client, so a missing one there is a fault and not an excuse.

    Args:
        program: the command, such as ``"jackd"``.
        package: what to install to get it on Debian or Ubuntu, such as ``"jackd2"``.
    """
    path = shutil.which(program)
    if path is None:
        _miss(f"{program} is not installed: apt-get install {package}")
    return path


def require_package(module: str, *, package: str) -> None:
    """The same for a Python package that is no dependency of the product."""
    if importlib.util.find_spec(module) is None:
        _miss(f"{module} is not installed: pip install {package}")


def require_portaudio() -> None:
    """The same for the library behind sounddevice, whose wheel on Linux brings none."""
    try:
        import sounddevice  # noqa: F401
    except OSError as error:
        _miss(f"{error}: apt-get install libportaudio2")


def require_small_disk(folder: Path, *, megabytes: int) -> None:
    """Put a small disk in memory at ``folder``; skipped (in CI: failed) without being root."""
    size = ["-o", f"size={megabytes}m"]
    done = subprocess.run(
        ["mount", "-t", "tmpfs", *size, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        _miss(f"a small disk cannot be mounted without being root: {done.stderr.strip()}")


def require_soundfont() -> Path:
    """Where the soundfont lies that FluidSynth plays; skipped (in CI: failed) without either."""
    from osc_server.training.corpus.fluidsynth import SamplerUnavailable
    from osc_server.training.corpus.soundfonts import find_soundfont, opened

    try:
        path = find_soundfont()
        opened(path)
    except SamplerUnavailable as missing:
        _miss(str(missing))
    return path


def _miss(sentence: str) -> NoReturn:
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@dataclass(frozen=True, slots=True)
class JackServer:
    """A running JACK server with the dummy driver: it has a clock and no sound card.

    Attributes:
        name: its server name; JACK programs find it by the environment below.
        rate_hz: samples per second.
        block: frames per period.
        log: what jackd writes, xruns among it.
        pid: its process id.
    """

    name: str
    rate_hz: int
    block: int
    log: Path
    pid: int

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment for a program that shall talk to this server."""
        return {
            **os.environ,
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
        }

    def run(self, *command: str, timeout_seconds: float = 30.0) -> str:
        """Run a JACK tool such as ``jack_lsp`` to its end and return what it printed."""
        return subprocess.run(
            command,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
        ).stdout


@contextmanager
def audio_priority() -> Iterator[None]:
    """Programs that are started in the block come before others, where the system allows it.

    A test of audio judges the product, not how the machine shares itself out among all that runs
    on it; a sound card would not wait for a turn either.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except (AttributeError, OSError):  # Windows, or not allowed
        yield
        return
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, 0)


@contextmanager
def running_jack(
    folder: Path,
    *,
    rate_hz: int = 48000,
    block: int = 1024,
    n_outputs: int = 2,
    patient: bool = False,
    name: str = "",
) -> Iterator[JackServer]:
    """Start ``jackd`` with the dummy driver under a name of its own, and stop it at the end.

    Args:
        folder: for its log.
        rate_hz: samples per second.
        block: frames per period.
        n_outputs: of the sound card that there is not.
        patient: wait for a client that is late, as no sound card would, instead of dropping its
            block: a recording is then whole even where the machine stood still for a moment.
        name: of the server, where another one had it; empty = a new one.
    """
    jackd = require_tool("jackd", package="jackd2")
    jack_wait = require_tool("jack_wait", package="jackd2")
    name = name or f"magnet-{uuid.uuid4().hex[:12]}"
    log_path = folder / "jackd.log"
    manner = ["-R" if _may_run_in_real_time() else "-r", *(["-S"] if patient else [])]
    driver = ["-d", "dummy", "-r", str(rate_hz), "-p", str(block), "-P", str(n_outputs)]
    command = [jackd, "-n", name, *manner, *driver]
    process = _start_jack(command, log_path)
    server = JackServer(name, rate_hz, block, log_path, process.pid)
    try:
        server.run(jack_wait, "-w", "-t", "30", "-s", name, timeout_seconds=40)
        yield server
    finally:
        end(process)
        if process.returncode == -signal.SIGKILL:
            # One that was killed keeps one of JACK's eight places until one of its name ends well.
            process = _start_jack(command, log_path)
            server.run(jack_wait, "-w", "-t", "30", "-s", name, timeout_seconds=40)
            end(process)


def _start_jack(command: list[str], log_path: Path) -> subprocess.Popen[bytes]:
    with log_path.open("wb") as log, audio_priority():
        return subprocess.Popen(
            command,
            env={**os.environ, "JACK_NO_AUDIO_RESERVATION": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _may_run_in_real_time() -> bool:
    """Whether audio threads may go before everything else, as on a machine set up for sound."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except (AttributeError, OSError):
        return False
    return True


def end(process: subprocess.Popen[bytes], *, patience_seconds: float = 5.0) -> None:
    """Ask a child to end, and end it by force when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM if sys.platform != "win32" else signal.CTRL_BREAK_EVENT)
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
