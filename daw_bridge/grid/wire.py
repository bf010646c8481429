"""A wire to serialosc: a port of our own on this machine, OSC both ways."""

from __future__ import annotations

import asyncio
from typing import Any

from osc_server.contract.packets import MalformedPacket, OscMessage, OscValue, decode, encode

HERE = "127.0.0.1"


class SerialoscWire(asyncio.DatagramProtocol):
    """Sends to one of serialosc's ports; who inherits it hears the answers.

    Args:
        port: of serialosc.

    Attributes:
        own_port: to which serialosc answers; 0 before ``connect``.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.own_port = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def connect(self) -> None:
        """Take a port of our own."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(HERE, 0))

    def hang_up(self) -> None:
        """Give the port back; more than once is fine."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def tell(self, address: str, *args: OscValue) -> None:
        """Send; after ``hang_up`` nothing."""
        if self._transport is not None:
            self._transport.sendto(encode(address, *args), (HERE, self.port))

    def hear(self, message: OscMessage) -> None:
        """What serialosc says; for the heir."""
        raise NotImplementedError

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # asyncio's
        """The port is open."""
        self._transport = transport
        self.own_port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, _: tuple[str, int]) -> None:
        """Take what serialosc tells; whatever else comes is nobody's business here."""
        try:
            for message in decode(data):
                self.hear(message)
        except MalformedPacket:
            return

    def error_received(self, error: Exception) -> None:
        """Nobody listens there: serialosc is not running, or it says itself what is gone."""
