"""OSCQuery of a live set that is pulled by hand, on a real port, and clients of it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from daw_bridge.front_desk import FrontDesk
from daw_bridge.page.access import Access
from daw_bridge.query.server import QueryServer
from daw_bridge.query.socket import QuerySocket
from daw_bridge.query.space import AddressSpace
from osc_server.contract.packets import decode, encode
from tests.daw_bridge.live.sets import play

SECONDS = 10.0


class Asked:
    """A client of a server."""

    def __init__(self, live, server, client):
        self.live, self.server, self.client = live, server, client
        self.url = f"http://127.0.0.1:{server.port}"

    async def get(self, path, **headers):
        """Status, and the JSON object if there is one."""
        url = URL(f"{self.url}{path}", encoded=True)
        async with self.client.get(url, headers=headers) as response:
            text = await response.text()
            if response.content_type != "application/json":
                return response.status, None
            return response.status, json.loads(text)

    @asynccontextmanager
    async def socket(self, **headers):
        async with self.client.ws_connect(f"{self.url}/", headers=headers) as socket:
            yield Ear(socket)


class Ear:
    """A WebSocket, in OSC and commands."""

    def __init__(self, socket):
        self.socket = socket

    async def command(self, name, data):
        await self.socket.send_str(json.dumps({"COMMAND": name, "DATA": data}))

    async def send(self, address, *args):
        await self.socket.send_bytes(encode(address, *args))

    async def hear(self):
        """The next that comes: a command as a dict, OSC as a tuple."""
        message = await self.socket.receive(timeout=SECONDS)
        if message.type is aiohttp.WSMsgType.TEXT:
            return json.loads(message.data)
        (osc,) = decode(message.data)
        return (osc.address, *osc.args)


def served(talk, *, token="", n_decks=2):
    """Run ``await talk(asked)`` while the set is served."""

    async def run(live):
        desk = FrontDesk()
        desk.hand_to(live.panel)
        space = AddressSpace(live.panel.value, n_decks, lambda: max((*live.live.scenes, 0)))
        server = QueryServer(
            ("127.0.0.1", 0),
            space,
            12100,
            Access(token, only_here=True),
            lambda: QuerySocket(space, desk.receive, desk.forget),
            needs_token=bool(token),
        )
        await server.open()

        async def tick():
            for number in range(100_000):
                live.panel.tick(float(number))
                server.tick()
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        try:
            async with aiohttp.ClientSession() as client:
                return await talk(Asked(live, server, client))
        finally:
            ticking.cancel()
            await server.close()

    return play(run, n_decks)
