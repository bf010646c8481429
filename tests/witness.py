"""Somebody who only watches the clock: whether the machine itself stood still.

A virtual machine can be put off by its host for longer than a block lasts. Whoever comes before
all others on a core and only sleeps a millisecond at a time notices that, and nothing else.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_NAP_SECONDS = 0.001
_FOREMOST = 95  # of the real-time priorities; JACK's are 5 and 10


class Witnesses:
    """One on each core.

    Attributes:
        stalls_ms: how long it stood still each time that it was for 10 ms or more; once they left.
    """

    LEAST_MS = 10.0

    def __init__(self) -> None:
        self.stalls_ms: list[float] = []


@contextmanager
def watching_the_machine() -> Iterator[Witnesses]:
    """Let witnesses watch while the block lasts."""
    witnesses = Witnesses()
    with ExitStack() as stack:
        watchers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(Path(__file__)), str(core)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for core in sorted(os.sched_getaffinity(0))
        ]
        try:
            yield witnesses
        finally:
            for watcher in watchers:
                said, _ = watcher.communicate("")
                witnesses.stalls_ms += map(float, said.split())


def _watch(core: int) -> None:
    """Until the input ends; then tell."""
    os.set_blocking(0, False)
    os.sched_setaffinity(0, {core})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_FOREMOST))
    except PermissionError:  # one that waits its turn like others would excuse everything
        return
    gc.disable()
    stalls: list[float] = []
    last = time.monotonic()
    while _holds_on():
        time.sleep(_NAP_SECONDS)
        now = time.monotonic()
        stood_ms = (now - last) * 1000
        if stood_ms >= Witnesses.LEAST_MS:
            stalls.append(stood_ms)
        last = now
    sys.stdout.write(" ".join(map(str, stalls)))


def _holds_on() -> bool:
    try:
        return os.read(0, 1) != b""
    except BlockingIOError:
        return True


if __name__ == "__main__":
    _watch(int(sys.argv[1]))
