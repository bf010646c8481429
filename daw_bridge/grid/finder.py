"""Asks serialosc which grids there are, and hears of those that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from daw_bridge.grid.device import HERE
from osc_server.contract.packets import MalformedPacket, OscMessage, decode, encode

SERIALOSC_PORT = 12002
LOOK_SECONDS = 2.0
"""How often it is asked, which is how soon it is noticed that serialosc was started."""


class GridFinder(asyncio.DatagramProtocol):
    """Knows serialosc's port and nothing of grids.

    Args:
        found: is told name, kind and port of each device that is there, again and again.
        lost: is told the name of a device that was unplugged.
        port: where serialosc listens.
    """

    def __init__(
        self,
        found: Callable[[str, str, int], None],
        lost: Callable[[str], None],
        port: int = SERIALOSC_PORT,
    ) -> None:
        self._found, self._lost = found, lost
        self._port = port
        self._transport: asyncio.DatagramTransport | None = None
        self._own_port = 0

    async def watch(self, look_seconds: float = LOOK_SECONDS) -> None:
        """Ask until cancelled."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(HERE, 0))
        try:
            while True:
                self._ask("list")
                self._ask("notify")
                await asyncio.sleep(look_seconds)
        finally:
            if self._transport is not None:
                self._transport.close()

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # asyncio's
        """The port is open."""
        self._transport = transport
        self._own_port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, _: tuple[str, int]) -> None:
        """Take what serialosc tells."""
        try:
            for message in decode(data):
                self._hear(message)
        except MalformedPacket:
            return

    def error_received(self, error: Exception) -> None:
        """Nobody listens there: serialosc is not running, or not yet."""

    def _hear(self, message: OscMessage) -> None:
        what, args = message.address.removeprefix("/serialosc/"), message.args
        if what == "device" and len(args) >= 3 and isinstance(args[2], int):
            self._found(str(args[0]), str(args[1]), args[2])
        elif what in ("add", "remove") and args:
            self._ask("notify")  # it tells of one change and then of no other
            if what == "add":
                self._ask("list")
            else:
                self._lost(str(args[0]))

    def _ask(self, what: str) -> None:
        if self._transport is not None:
            packet = encode(f"/serialosc/{what}", HERE, self._own_port)
            self._transport.sendto(packet, (HERE, self._port))
