"""A page server on a live set that is pulled by hand, and the browsers of a test."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from daw_bridge.page.access import Access
from daw_bridge.page.files import page_files, version_of
from daw_bridge.page.server import PageServer
from daw_bridge.page.socket import PageSocket
from daw_bridge.page.telling import PageTeller
from daw_bridge.server_process import free_port
from tests.daw_bridge.live.sets import PulledSet


class Browser:
    """One open page: what it was told, the newest of each name."""

    def __init__(self, socket):
        self.socket = socket
        self.frames = []
        self.told = {}
        self._reading = asyncio.create_task(self._read())

    async def say(self, *frame):
        await self.socket.send_str(json.dumps(frame))

    async def until(self, reached):
        async with asyncio.timeout(10):
            while not reached(self):
                await asyncio.sleep(0.005)

    async def hears(self, name, value):
        await self.until(lambda page: page.told.get(name) == value)

    async def close(self):
        self._reading.cancel()
        await self.socket.close()

    async def _read(self):
        async for message in self.socket:
            name, value = json.loads(message.data)
            self.frames.append((name, value))
            of_a_deck = isinstance(value, dict) and "deck" in value
            self.told[f"{name} {value['deck']}" if of_a_deck else name] = value


class Served:
    """A page server, its live set, and clients of it."""

    def __init__(self, token="", only_here=True, patience_seconds=10.0):
        self.live = PulledSet()
        self.port = free_port()
        page = page_files()
        panel = self.live.panel
        self.teller = PageTeller(self.live.live, panel.receive, version_of(page))
        self.access = Access(token, only_here=only_here, name="Studio.example")
        self.server = PageServer(
            "127.0.0.1",
            self.port,
            self.access,
            page,
            lambda: PageSocket(self.teller, panel.receive, panel.forget, patience_seconds),
        )
        self.session = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path="/", **headers):
        async with self.session.get(
            self.url + path, headers=headers, allow_redirects=False
        ) as answer:
            return answer, await answer.text()

    async def post_token(self, token):
        async with self.session.post(
            self.url + "/token", data={"token": token}, allow_redirects=False
        ) as answer:
            return answer.status

    async def browser(self, origin=None, **headers):
        headers["Origin"] = self.url if origin is None else origin
        return Browser(await self.session.ws_connect(self.url + "/socket", headers=headers))

    async def refusal(self, **headers):
        """The status with which a WebSocket is refused."""
        try:
            browser = await self.browser(**headers)
        except aiohttp.WSServerHandshakeError as error:
            return error.status
        await browser.close()
        return 101

    async def tick(self):
        """What the run does many times a second."""
        self.live.panel.tick(asyncio.get_running_loop().time())
        await self.teller.tick(asyncio.get_running_loop().time())


def serve(talk, **settings):
    """Run ``await talk(served)``."""

    async def run():
        served = Served(**settings)
        await served.server.open()
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of bare addresses too
        async with aiohttp.ClientSession(cookie_jar=jar) as served.session:
            try:
                return await talk(served)
            finally:
                await served.server.close()
                await served.teller.close()
                await served.live.live.close()

    return asyncio.run(run())
