"""Serves OSCQuery: JSON over HTTP, commands and OSC over WebSockets, on one port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from daw_bridge.page.access import Access
from daw_bridge.page.port import HttpPort
from daw_bridge.query.door import refusal
from daw_bridge.query.socket import QuerySocket
from daw_bridge.query.space import OPTIONAL, AddressSpace, Answer

MAX_SOCKETS = 32
"""Clients that listen at once."""


class QueryServer:
    """Holds a port and answers questions about an address space.

    Args:
        address: host and port to listen on; port 0 = any that is free.
        space: what there is.
        osc_port: where OSC is listened to.
        rules: who may ask.
        needs_token: whether the token has to be shown.
        make_socket: makes what handles a WebSocket.
    """

    def __init__(
        self,
        address: tuple[str, int],
        space: AddressSpace,
        osc_port: int,
        rules: Access,
        make_socket: Callable[[], QuerySocket],
        *,
        needs_token: bool = False,
    ) -> None:
        self._port = HttpPort(address, "OSCQuery", "--query-port")
        self._space = space
        self._osc_port = osc_port
        self._rules = rules
        self._needs_token = needs_token
        self._make_socket = make_socket
        self._open: set[QuerySocket] = set()
        self._n_scenes = space.n_scenes

    @property
    def port(self) -> int:
        """The port that is held; 0 while none is."""
        return self._port.number

    async def open(self) -> None:
        """Listen. Raises DeviceUnavailable where the port is taken."""
        application = web.Application()
        application.router.add_get("/{path:.*}", self._get)
        await self._port.open(application)

    async def close(self) -> None:
        """Hang up on everybody; more than once is fine."""
        await asyncio.gather(*(socket.close() for socket in set(self._open)))
        await self._port.close()

    def tick(self) -> None:
        """Tell who listens where the tree has changed: another scene is there."""
        if self._space.n_scenes != self._n_scenes:
            self._n_scenes = self._space.n_scenes
            for socket in self._open:
                socket.command("PATH_CHANGED", "/magnet/scene")

    async def _get(self, request: web.Request) -> web.StreamResponse:
        refused = refusal(request, self._rules, needs_token=self._needs_token)
        if refused is not None:
            return refused
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._talk(request)
        attribute = request.query_string.partition("&")[0].partition("=")[0].upper()
        if attribute == "HOST_INFO":
            return _json(Answer(HTTPStatus.OK, self._host_info()))
        return _json(self._space.ask(request.path, attribute))

    async def _talk(self, request: web.Request) -> web.StreamResponse:
        if len(self._open) >= MAX_SOCKETS:
            raise web.HTTPServiceUnavailable(text=f"{MAX_SOCKETS} clients listen already\n")
        socket = self._make_socket()
        self._open.add(socket)
        try:
            return await socket.run(request)
        finally:
            self._open.discard(socket)

    def _host_info(self) -> dict[str, object]:
        # No addresses: OSC and WebSockets are where this was asked, by whichever way that was.
        return {
            "NAME": "magnet-bridge",
            "OSC_PORT": self._osc_port,
            "OSC_TRANSPORT": "UDP",
            "EXTENSIONS": dict.fromkeys((*OPTIONAL, "LISTEN", "PATH_CHANGED"), True),
        }


def _json(answer: Answer) -> web.Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    text = json.dumps(answer.body, ensure_ascii=False, allow_nan=False)
    return web.Response(text=text, content_type="application/json", headers=headers)
