"""One WebSocket client, as the panel knows it: a surface that is told what it listens to."""

from __future__ import annotations

import asyncio

from daw_bridge.front_desk import Visitor
from daw_bridge.query.nodes import as_told
from osc_server.contract.addresses import fader_row
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscMessage, decode, encode

_ERROR = "/magnet/error"


class QueryVisitor(Visitor):
    """Holds what the panel tells until the network takes it: of each address the newest.

    A client that reads slowly is told less often, never late, and what waits cannot grow.
    """

    def __init__(self) -> None:
        super().__init__(self._take)
        self.trusted = True  # it was let in at the door
        self._listened: set[str] = set()
        self._asked: set[str] = set()
        self._waiting: dict[str, bytes] = {}
        self._filled = asyncio.Event()

    def listen(self, address: str) -> None:
        """From now on it is told this address."""
        self._listened.add(address)

    def ignore(self, address: str) -> None:
        """From now on it is not."""
        self._listened.discard(address)
        self._waiting.pop(address, None)

    def asks(self, message: OscMessage) -> None:
        """It sends a message; one without arguments is a question, which is answered once."""
        if not message.args:
            self._asked.add(message.address)

    async def packets(self) -> list[bytes]:
        """Wait until there is something to be told, and take all of it."""
        await self._filled.wait()
        self._filled.clear()
        packets = list(self._waiting.values())
        self._waiting.clear()
        return packets

    def _take(self, packet: bytes) -> None:
        """What the panel tells."""
        for message in decode(packet):
            address = message.address
            if address not in self._listened | self._asked and address != _ERROR:
                continue
            self._asked.discard(address)
            self._waiting.pop(address, None)  # goes to the end: after what was told before it
            self._waiting[address] = _typed(message)
            self._filled.set()


def _typed(message: OscMessage) -> bytes:
    """A message with its value in the type that its node names."""
    try:
        fader, _ = fader_row(message.address)
    except BadRequest:
        return encode(message.address, *message.args)
    return encode(message.address, *(as_told(fader.value, arg) for arg in message.args))
