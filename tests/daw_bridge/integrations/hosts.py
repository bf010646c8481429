"""Foreign programs under test: a magnet server, a host that writes lines, a JACK recorder."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.tools import JackServer, audio_priority, end, require_tool

Samples = NDArray[np.float32]  # [n_samples, n_channels]


class Host:
    """A running program whose output is read line by line.

    Attributes:
        lines: everything that it has written so far.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, audio: bool
    ) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        with audio_priority() if audio else nullcontext():
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.decode("utf-8", "replace").rstrip())
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(
        self, pattern: str, *, times: int = 1, since: int = 0, timeout_seconds: float = 30.0
    ) -> re.Match[str]:
        """Wait for the ``times``-th line from ``since`` on that matches; its match."""

        def found() -> list[re.Match[str]]:
            return [m for line in self.lines[since:] if (m := re.search(pattern, line))]

        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= times or self._ended, timeout_seconds)
            matches = found()
        if len(matches) < times:
            written = "\n".join(self.lines[-40:])
            raise AssertionError(f"no {pattern!r} in what the program wrote:\n{written}")
        return matches[times - 1]

    def interrupt(self) -> None:
        """Send SIGINT and wait for the end."""
        self._process.send_signal(signal.SIGINT)
        self.join()

    def join(self, timeout_seconds: float = 15.0) -> None:
        """Wait until it has ended by itself."""
        self._process.wait(timeout_seconds)

    def kill(self) -> None:
        """Let it vanish without a word."""
        self._process.kill()

    def close(self) -> None:
        """End it and what it has started, whatever they are doing."""
        end(self._process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def host(
    command: Sequence[str], environment: Mapping[str, str], *, audio: bool = True
) -> Iterator[Host]:
    """Run a program for the length of the block."""
    running = Host(command, environment, audio=audio)
    try:
        yield running
    finally:
        running.close()


class Recording:
    """What jack_capture hears, from the block's beginning until ``finish``."""

    def __init__(self, recorder: Host, path: Path) -> None:
        self._recorder = recorder
        self._path = path

    def finish(self) -> Samples:
        """Stop and return what was heard, ``[n_samples, n_channels]``."""
        self._recorder.interrupt()
        samples, _ = soundfile.read(self._path, dtype="float32", always_2d=True)
        return samples


@contextmanager
def recording(jack: JackServer, ports: Sequence[str], path: Path) -> Iterator[Recording]:
    """Record JACK output ports, such as ``SuperCollider:out_1``, into a WAV of floats."""
    program = require_tool("jack_capture", package="jack-capture")
    options = ["--no-stdin", "--disable-console", "--bitdepth", "FLOAT", "--format", "wav"]
    wanted = [word for port in ports for word in ("--port", port)]
    command = [program, *options, "--channels", str(len(ports)), *wanted, "--filename", str(path)]
    with host(command, jack.environment) as recorder:
        recorder.wait_for("Recording to")
        yield Recording(recorder, path)
