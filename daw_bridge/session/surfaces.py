"""Surfaces of a live set: asked over OSCQuery, found by zeroconf, and monome grids."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from daw_bridge.config import BridgeConfig
from daw_bridge.front_desk import FrontDesk
from daw_bridge.grid.surface import grid_surface
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.panel import Panel
from daw_bridge.loopback import is_loopback
from daw_bridge.page.access import Access
from daw_bridge.pass_through import PassThrough
from daw_bridge.query.announcing import Announcement, announced, services
from osc_server.contract.errors import DeviceUnavailable

_LOOK_SECONDS = 0.5
_GOODBYE_SECONDS = 1.0


@asynccontextmanager
async def surfaces_served(
    config: BridgeConfig, live: LiveSet, panel: Panel, front: PassThrough | None
) -> AsyncIterator[None]:
    """Let grids play the set, and surfaces find it and ask what it has, while the block lasts.

    None of it costs the music anything: a port that is taken, or a network that lets nothing be
    announced, is said and no more. Without a front port of our own there is nothing to find.
    """
    async with AsyncExitStack() as stack:
        if config.grid:
            playing = (panel.receive, panel.forget, config.decks, live.state.say)
            stack.enter_context(grid_surface(*playing))
        if front is not None:
            query_port = await _query(config, live, panel, front.desk, stack)
            if config.announces():
                found = services(socket.gethostname(), config.host, config.port, query_port)
                # In a task: a name is first asked for in the network, which takes seconds.
                telling = asyncio.create_task(_announce(found, live))
                stack.push_async_callback(_ended, telling)
        yield


async def _announce(found: tuple[Announcement, ...], live: LiveSet) -> None:
    try:
        async with announced(found):
            await asyncio.Event().wait()
    except DeviceUnavailable as error:
        live.state.say(str(error))


async def _ended(task: asyncio.Task[None]) -> None:
    """Let it say goodbye, but wait for that no longer than a musician would."""
    task.cancel()
    await asyncio.wait([task], timeout=_GOODBYE_SECONDS)


async def _query(
    config: BridgeConfig, live: LiveSet, panel: Panel, desk: FrontDesk, stack: AsyncExitStack
) -> int:
    """The port that answers; 0 where none does."""
    if not config.query_port:
        return 0
    # Here, because only a live set needs it: it takes 0.2 s to import.
    from daw_bridge.query.server import QueryServer
    from daw_bridge.query.socket import QuerySocket
    from daw_bridge.query.space import AddressSpace

    space = AddressSpace(panel.value, len(live.conductors), lambda: max((*live.scenes, 0)))
    token = config.token()
    server = QueryServer(
        (config.host, config.query_port),
        space,
        config.port,
        Access(token, only_here=is_loopback(config.host), name=socket.gethostname()),
        lambda: QuerySocket(space, desk.receive, desk.forget),
        needs_token=bool(token),
    )
    try:
        await server.open()
    except DeviceUnavailable as error:
        live.state.say(str(error))
        return 0
    stack.push_async_callback(server.close)
    stack.callback(asyncio.create_task(_keep_looking(server.tick)).cancel)
    return server.port


async def _keep_looking(look: Callable[[], None]) -> None:
    while True:
        look()
        await asyncio.sleep(_LOOK_SECONDS)
