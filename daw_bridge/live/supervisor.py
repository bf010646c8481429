"""Keeps the server alive: it is started again whenever it dies, and the loop plays on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daw_bridge.server_process import ServerProcess

_LOOK_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 8.0
_HEALTHY_SECONDS = 20.0


async def keep_running(server: ServerProcess, on_gone: Callable[[str], None]) -> None:
    """Start the server again whenever it ends, more slowly if it ends soon each time.

    Args:
        server: a server that has been started.
        on_gone: told, in one line, each time that it has ended.
    """
    loop = asyncio.get_running_loop()
    pause_seconds, started = _FIRST_PAUSE_SECONDS, loop.time()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if server.running:
            continue
        on_gone(
            f"the server stopped ({server.last_words() or 'without a word'}); starting it again"
        )
        if loop.time() - started > _HEALTHY_SECONDS:
            pause_seconds = _FIRST_PAUSE_SECONDS
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
        started = loop.time()
        server.start()
