"""A server to speak to: the one that runs, or one of our own for as long as it is needed."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from rich.console import Console

from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.client.wires import Transport
from daw_bridge.config import BridgeConfig
from daw_bridge.server_process import ServerProcess, free_port, server_command
from osc_server.contract.errors import DeviceUnavailable, Late

START_SECONDS = 180.0
"""How long a server may take to answer: torch is read from a slow disk at the first start."""
_LOOK_SECONDS = 0.1

MakeClient = Callable[[], AsyncMagnetClient]


@asynccontextmanager
async def some_server(
    config: BridgeConfig, say: Callable[[str], None]
) -> AsyncIterator[tuple[str, int]]:
    """Host and port of a server while the block lasts.

    The one that the settings name, or the one that answers on the front port; where there is none,
    one of our own on a free port, which ends with the block.

    Args:
        config: the bridge's settings.
        say: told in one line what is done.

    Raises:
        DeviceUnavailable: where it cannot be started, with its own sentence.
    """
    host, port = config.server_address()
    if config.server or await answers(host, port, config.token()):
        say(f"using the server at {host}:{port}")
        yield host, port
        return
    say("starting a server")
    async with own_server(free_port(), config.server_options(), config.token()) as address:
        yield address


@asynccontextmanager
async def own_server(
    port: int, options: Sequence[str], token: str
) -> AsyncIterator[tuple[str, int]]:
    """A server on loopback that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="magnet-", ignore_cleanup_errors=True) as folder:
        server = ServerProcess(server_command(port, *options), Path(folder) / "server.log")
        server.start()
        try:
            await first_answer(server, port, token)
            yield "127.0.0.1", port
        finally:
            server.stop()


async def first_answer(server: ServerProcess, port: int, token: str) -> None:
    """Wait until a server that was started answers.

    Raises:
        DeviceUnavailable: where it has ended instead, with its own sentence.
        Late: where it does not answer for minutes.
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + START_SECONDS
    while not await answers("127.0.0.1", port, token):
        if not server.running:
            raise DeviceUnavailable(
                server.last_words() or "the server ended at once: run `magnet-server` to see why"
            )
        if loop.time() > give_up:
            raise Late(f"the server did not answer within {START_SECONDS:g} s")
        await asyncio.sleep(_LOOK_SECONDS)


async def answers(host: str, port: int, token: str, transport: Transport = "tcp") -> bool:
    """Whether a server of ours answers there.

    Raises:
        Forbidden: where it does, and the token is not its own.
    """
    client = AsyncMagnetClient(host, port, transport=transport, token=token)
    try:
        await client.open()
    except DeviceUnavailable:
        return False
    finally:
        await client.close()
    return True


@asynccontextmanager
async def client_of_some_server(
    config: BridgeConfig, console: Console
) -> AsyncIterator[AsyncMagnetClient]:
    """A client of ``some_server``; the terminal shows what is waited for."""
    async with AsyncExitStack() as stack:
        with console.status("looking for a server") as status:
            client = await stack.enter_async_context(told_client(config, status.update))
        yield client


@asynccontextmanager
async def told_client(
    config: BridgeConfig, say: Callable[[str], None]
) -> AsyncIterator[AsyncMagnetClient]:
    """The same; ``say`` is told what is waited for."""
    async with (
        some_server(config, say) as address,
        AsyncMagnetClient(*address, token=config.token()) as client,
    ):
        yield client


@asynccontextmanager
async def client_of_running_server(config: BridgeConfig) -> AsyncIterator[AsyncMagnetClient]:
    """A client of the server that runs already.

    Raises:
        DeviceUnavailable: where none does.
    """
    async with AsyncMagnetClient(*config.server_address(), token=config.token()) as client:
        yield client
