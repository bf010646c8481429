"""A network of its own for programs that speak to every network they find (Linux)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tools import end, require_tool

LOOPBACK = "ip link set lo up"


def seen_by(peers: str, *arguments: str, setup: str = LOOPBACK, seconds: float = 90) -> Any:
    """What a module of peers, run in a network of its own, printed as JSON at its end.

    Args:
        peers: the module, such as ``tests.daw_bridge.clock.link_peers``.
        arguments: its own.
        setup: as for ``own_network``.
        seconds: how long it may take.
    """
    with own_network(setup) as enter:
        done = subprocess.run(
            [*enter, sys.executable, "-W", "ignore", "-m", peers, *arguments],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def own_network(setup: str = LOOPBACK) -> Iterator[list[str]]:
    """A network that nobody else is in; what is put before a command that shall be in it.

    ``setup`` is what a shell does there first.
    """
    unshare = require_tool("unshare", package="util-linux")
    nsenter = require_tool("nsenter", package="util-linux")
    require_tool("ip", package="iproute2")
    is_root = os.geteuid() == 0
    hold = f"{setup} && echo up && exec sleep infinity"
    holder = subprocess.Popen(
        [unshare, *([] if is_root else ["--map-root-user"]), "--net", "sh", "-c", hold],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    with holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"up\n"
            user = [] if is_root else ["--user", "--preserve-credentials"]
            yield [nsenter, "--target", str(holder.pid), *user, "--net"]
        finally:
            end(holder)
