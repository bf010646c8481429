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
from daw_bridge.query.announcing import announced, services
from osc_server.contract.errors import DeviceUnavailable

_LOOK_SECONDS = 0.5


@asynccontextmanager
async def surfaces_served(config: BridgeConfig, live: LiveSet, panel: Panel) -> AsyncIterator[None]:
    """Let grids play the set, and surfaces find it and ask what it has, while the block lasts.

    Neither costs the music anything: a port that is taken, or a network that lets nothing be
    announced, is said and no more. Where the server is somebody else's there is nothing to find: the
    front port is his.
    """
    async with AsyncExitStack() as stack:
        if config.grid:
            playing = (panel.receive, panel.forget, config.decks, live.state.say)
            stack.enter_context(grid_surface(*playing))
        if not config.server:
            query_port = await _query(config, live, panel, stack)
            if config.announces():
                found = services(socket.gethostname(), config.host, config.port, query_port)
                try:
                    await stack.enter_async_context(announced(found))
                except DeviceUnavailable as error:
                    live.state.say(str(error))
        yield


async def _query(config: BridgeConfig, live: LiveSet, panel: Panel, stack: AsyncExitStack) -> int:
    """The port that answers; 0 where none does."""
    if not config.query_port:
        return 0
    # Here, because only a live set needs it: it takes 0.2 s to import.
    from daw_bridge.query.server import QueryServer
    from daw_bridge.query.socket import QuerySocket
    from daw_bridge.query.space import AddressSpace

    desk = FrontDesk()
    desk.hand_to(panel)
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
