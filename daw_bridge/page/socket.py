"""The conversation with one open page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from daw_bridge.page.frames import MAX_FRAME_BYTES, PageWord, read_frame, write_frame
from daw_bridge.page.telling import PageTeller
from daw_bridge.page.visitor import ERROR, PageVisitor
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscMessage

_HEARTBEAT_SECONDS = 15.0
_PATIENCE_SECONDS = 10.0
"""A page that takes nothing for so long is let go; it comes back by itself."""
_LIFE_SIGN = "/magnet/clock/bpm"
_GOODBYE_SECONDS = 0.5
_MOST_FRAMES = 400
"""Frames of a page within a second; what is beyond waits in its own connection."""


class PageSocket:
    """One WebSocket: what the page says goes to the panel, what it is to be told goes out.

    Args:
        teller: tells pages what faders do not say.
        receive: takes a message for the panel.
        forget: is told that the page is gone.
        patience_seconds: how long one frame may take to go out.
    """

    def __init__(
        self,
        teller: PageTeller,
        receive: Callable[[OscMessage, PageVisitor], None],
        forget: Callable[[PageVisitor], None],
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._teller = teller
        self._receive = receive
        self._forget = forget
        self._patience_seconds = patience_seconds
        self._visitor = PageVisitor()
        self._socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_SECONDS, max_msg_size=MAX_FRAME_BYTES, compress=False
        )

    async def run(self, request: web.Request) -> web.WebSocketResponse:
        """Talk until one of both hangs up."""
        await self._socket.prepare(request)
        telling = asyncio.create_task(self._tell(request))
        try:
            self._teller.welcome(self._visitor)
            await self._hear()
        finally:
            telling.cancel()
            self._teller.farewell(self._visitor)
            self._forget(self._visitor)
        return self._socket

    async def close(self) -> None:
        """Say that the bridge ends."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._socket.close(code=WSCloseCode.GOING_AWAY, message=b"the bridge ends")

    async def _hear(self) -> None:
        second, n_frames = 0, 0
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            now_seconds = time.monotonic()
            n_frames = n_frames + 1 if int(now_seconds) == second else 1
            second = int(now_seconds)
            if n_frames > _MOST_FRAMES:
                await asyncio.sleep(1 - now_seconds % 1)
            try:
                self._do(read_frame(message.data))
            except BadRequest as error:
                self._visitor.outbox.put_each(ERROR, str(error))

    def _do(self, said: OscMessage | PageWord) -> None:
        if isinstance(said, OscMessage):
            self._receive(said, self._visitor)
        elif said.name == "ping":
            self._visitor.outbox.put("pong", [said.value, time.monotonic()])
            # A panel forgets the oldest of very many surfaces: a page that lives is known to it.
            self._receive(OscMessage(_LIFE_SIGN), self._visitor)
        elif said.name == "lists":
            self._teller.list_server()
        else:
            raise BadRequest(f"the page knows no word {said.name[:40]!r}")

    async def _tell(self, request: web.Request) -> None:
        """Send what waits; a browser that does not take it is let go, and nobody waits for it."""
        try:
            while True:
                for name, value in await self._visitor.outbox.take():
                    async with asyncio.timeout(self._patience_seconds):
                        await self._socket.send_str(write_frame(name, value))
        except (OSError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()
