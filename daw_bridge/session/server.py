"""The server of a live set: one that runs, or one of our own behind the front port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import platformdirs

from daw_bridge.config import APPLICATION, BridgeConfig
from daw_bridge.live.state import LiveState
from daw_bridge.live.supervisor import keep_running
from daw_bridge.pass_through import PassThrough, check_open
from daw_bridge.server_process import ServerProcess, free_port, is_free, server_command
from daw_bridge.serving import first_answer


@asynccontextmanager
async def live_server(
    config: BridgeConfig, state: LiveState
) -> AsyncIterator[tuple[tuple[str, int], asyncio.Task[None], PassThrough | None]]:
    """The server of a live set.

    Yields:
        Its address, a task that ends only if it cannot be started, and the front port where we
        hold it.
    """
    if config.server:
        health = asyncio.create_task(_never())
        try:
            yield config.server_address(), health, None
        finally:
            health.cancel()
        return
    check_open(config.host, config.token())
    port = config.port + 1 if is_free(config.port + 1) else free_port()
    log = platformdirs.user_log_path(APPLICATION, appauthor=False) / f"server-{port}.log"
    server = ServerProcess(server_command(port, *config.server_options()), log)
    front = PassThrough(config.host, config.port, ("127.0.0.1", port), config.token())

    def gone(sentence: str) -> None:
        state.message = sentence
        front.server_gone()

    await front.open()
    try:
        server.start()
        health = asyncio.create_task(_keep_healthy(server, port, config.token(), gone))
        try:
            yield ("127.0.0.1", port), health, front
        finally:
            health.cancel()
    finally:
        server.stop()
        await front.close()


async def _keep_healthy(
    server: ServerProcess, port: int, token: str, gone: Callable[[str], None]
) -> None:
    await first_answer(server, port, token)
    await keep_running(server, gone)


async def _never() -> None:
    await asyncio.Event().wait()
