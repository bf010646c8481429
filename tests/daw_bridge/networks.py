"""A network of its own for programs that speak to every network they find (Linux)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.tools import end, require_tool


@contextmanager
def own_network(setup: str = "ip link set lo up") -> Iterator[list[str]]:
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
