"""The model server as a child process: started, watched, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from osc_server.contract.errors import DeviceUnavailable, StorageFailed

STOP_SECONDS = 1.3
"""How long the server may take to end by itself; both processes have 2 s together."""
_TAIL_BYTES = 4096


def server_command(port: int, *options: str) -> list[str]:
    """The command line of a server on loopback, in the Python that runs this."""
    return [
        sys.executable,
        *("-m", "daw_bridge.server_child", "--host", "127.0.0.1", "--port", str(port)),
        *options,
    ]


def is_free(port: int) -> bool:
    """Whether a port is free now for both UDP and TCP on loopback."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        if sys.platform != "win32":
            # As asyncio does, so that connections that have just ended do not count.
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that is free now for both UDP and TCP on loopback."""
    for _ in range(16):
        with socket.socket() as tcp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
        if is_free(port):
            return port
    raise DeviceUnavailable("no free network port found: close a few programs and try again")


class ServerProcess:
    """One server at a time, in a process group of its own.

    Its own group, so that Ctrl-C in the terminal reaches the bridge alone, which then ends both in
    order; and so that the server's worker goes with it when it has to be ended by force.

    Args:
        command: what to run; see ``server_command``.
        log: a file that takes the server's complaints; begun anew at each start.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = list(command)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id, or None before the start."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it. Raises StorageFailed where its log cannot be written."""
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            log = self._log.open("wb")
        except OSError as error:
            raise StorageFailed(f"cannot write {self._log}: {error.strerror}") from error
        with log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,  # held open: its end tells the server that we are gone
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=sys.platform != "win32",
                creationflags=_NEW_GROUP,
            )

    def last_words(self) -> str:
        """Its last complaint: where it refused to start, the sentence that says why."""
        try:
            with self._log.open("rb") as log:
                log.seek(max(0, self._log.stat().st_size - _TAIL_BYTES))
                lines = log.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        line = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return line.removeprefix("magnet-server: ")

    def stop(self) -> None:
        """End it within 2 s and wait until it is gone; more than once is fine."""
        process = self._process
        if process is None:
            return
        _ask_to_end(process)
        if process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        _end_group(process)
        process.wait()


_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """End its standard input, which it watches; that works without a console on Windows too."""
    if process.stdin is not None:
        process.stdin.close()
    if sys.platform != "win32":
        process.terminate()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End by force what is left: the server if it hangs, and its worker if it outlived it."""
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(
                ["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False
            )
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all ended by themselves
        os.killpg(process.pid, signal.SIGKILL)
