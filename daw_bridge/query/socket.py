"""The conversation with one WebSocket client: commands as JSON, OSC as it is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from daw_bridge.query.space import AddressSpace
from daw_bridge.query.visitor import QueryVisitor
from osc_server.contract.addresses import MAX_DATAGRAM_BYTES
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import MAX_PACKET_BYTES, OscMessage, decode
from osc_server.contract.replies import ErrorLine
from osc_server.contract.reply_args import encode_reply

_HEARTBEAT_SECONDS = 15.0
_PATIENCE_SECONDS = 10.0
"""A client that takes nothing for so long is let go."""
_GOODBYE_SECONDS = 0.5
_MOST_FRAMES = 2000
"""Frames of a client within a second; what is beyond waits in its own connection."""


class QuerySocket:
    """What a client listens to comes as OSC; the OSC that it sends goes to the panel.

    Args:
        space: what there is to listen to.
        receive: takes a message for the panel.
        forget: is told that the client is gone.
    """

    def __init__(
        self,
        space: AddressSpace,
        receive: Callable[[OscMessage, QueryVisitor], None],
        forget: Callable[[QueryVisitor], None],
    ) -> None:
        self._space = space
        self._receive = receive
        self._forget = forget
        self._visitor = QueryVisitor()
        self._commands: asyncio.Queue[str] = asyncio.Queue(maxsize=16)
        self._socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_SECONDS, max_msg_size=MAX_PACKET_BYTES, compress=False
        )

    async def run(self, request: web.Request) -> web.WebSocketResponse:
        """Talk until one of both hangs up."""
        await self._socket.prepare(request)
        telling = [
            asyncio.create_task(self._tell(request, send)) for send in (self._values, self._words)
        ]
        try:
            await self._hear()
        finally:
            for task in telling:
                task.cancel()
            self._forget(self._visitor)
        return self._socket

    def command(self, name: str, data: str) -> None:
        """Tell it something about the tree."""
        with suppress(asyncio.QueueFull):  # it reads nothing, and is let go soon
            self._commands.put_nowait(json.dumps({"COMMAND": name, "DATA": data}))

    async def close(self) -> None:
        """Say that the bridge ends."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._socket.close(code=WSCloseCode.GOING_AWAY, message=b"the bridge ends")

    async def _hear(self) -> None:
        second, n_frames = 0, 0
        async for message in self._socket:
            now_seconds = time.monotonic()
            n_frames = n_frames + 1 if int(now_seconds) == second else 1
            second = int(now_seconds)
            if n_frames > _MOST_FRAMES:
                await asyncio.sleep(1 - now_seconds % 1)
            try:
                if message.type is WSMsgType.BINARY:
                    self._play(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._obey(message.data)
            except BadRequest as error:
                self._visitor.send(encode_reply(ErrorLine(str(error)), MAX_DATAGRAM_BYTES))

    def _play(self, packet: bytes) -> None:
        for message in decode(packet):
            self._visitor.asks(message)
            self._receive(message, self._visitor)

    def _obey(self, text: str) -> None:
        """Carry out a command; unknown ones are another version's, and are answered."""
        try:
            said = json.loads(text)
            name, address = str(said["COMMAND"]), str(said["DATA"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise BadRequest("a command is JSON with COMMAND and DATA") from None
        if name == "IGNORE":
            self._visitor.ignore(address)
            return
        if name != "LISTEN":
            raise BadRequest(f"there is no command {name[:40]!r} here, only LISTEN and IGNORE")
        if not self._space.has(address):
            raise BadRequest(f"{address[:80]!r} holds no value to listen to")
        self._visitor.listen(address)
        self._receive(OscMessage(address), self._visitor)  # as it stands, and then its changes

    async def _values(self) -> None:
        for packet in await self._visitor.packets():
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._socket.send_bytes(packet)

    async def _words(self) -> None:
        text = await self._commands.get()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await self._socket.send_str(text)

    async def _tell(
        self, request: web.Request, send: Callable[[], Coroutine[object, object, None]]
    ) -> None:
        """Send what waits; a client that does not take it is let go, and nobody waits for it."""
        try:
            while True:
                await send()
        except (OSError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()
