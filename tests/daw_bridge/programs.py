"""The bridge's commands as programs of their own, watched line by line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.tools import end

BRIDGE = [sys.executable, "-m", "daw_bridge.cli"]


class Program:
    """A running command: its lines so far, and a way to type to it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.text = ""
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def type(self, line: str) -> None:
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def expect(self, pattern: str, *, seconds: float = 60.0, after: int = 0) -> int:
        """Wait until the output holds a pattern behind ``after``; where the match ends."""
        deadline = time.monotonic() + seconds
        with self._news:
            while (match := re.compile(pattern).search(self.text, after)) is None:
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    raise AssertionError(f"no {pattern!r} within {seconds} s in:\n{self.text}")
            return match.end()

    def seconds_to_end(self, *, limit: float = 60.0) -> float:
        """How long the process still runs; its output is complete afterwards."""
        began = time.monotonic()
        self.process.wait(limit)
        took = time.monotonic() - began
        self._reader.join(limit)
        return took

    def _read(self) -> None:
        while chunk := self.process.stdout.read1(4096):
            with self._news:
                self.text += chunk.decode("utf-8", "replace")
                self._news.notify_all()


def run(folder: Path, *arguments: str, **env: str) -> tuple[int, str]:
    """Run a command to its end: exit code and output."""
    done = subprocess.run(
        [*BRIDGE, *arguments],
        cwd=folder,
        env=environment(folder, env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


@contextmanager
def running(
    *arguments: str, folder: Path, env: dict[str, str] | None = None, enter: Sequence[str] = ()
) -> Iterator[Program]:
    """``magnet-bridge …`` in a folder, ended with the block; ``enter`` goes before the command."""
    process = subprocess.Popen(
        [*enter, *BRIDGE, *arguments],
        cwd=folder,
        env=environment(folder, env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield Program(process)
    finally:
        end(process)
        process.stdin.close()
        process.stdout.close()


def environment(folder: Path, env: dict[str, str] | None = None) -> dict[str, str]:
    """An environment in which nothing of the user's is read or written."""
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    home |= {"XDG_STATE_HOME": str(folder / "state"), "XDG_DATA_HOME": str(folder / "data")}
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAGNET_")}
    source = Path(__file__).parents[2]
    # Several bridges run at a time, and Link would speak to the whole network.
    quiet = {"COLUMNS": "200", "MAGNET_PAGE_PORT": "0", "MAGNET_LINK": "0"}
    return {**clean, **home, **quiet, "PYTHONPATH": str(source), **(env or {})}


def descendants(pid: int) -> set[int]:
    """Child processes, theirs, and so on (Linux)."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        children = Path(f"/proc/{(parent := waiting.pop())}/task/{parent}/children")
        for child in map(int, children.read_text().split() if children.exists() else ()):
            found.add(child)
            waiting.append(child)
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that still run; a zombie does not."""

    def runs(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return {pid for pid in pids if runs(pid)}
