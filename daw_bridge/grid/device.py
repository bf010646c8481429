"""One grid: what serialosc tells of it, and its lights."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from osc_server.contract.packets import MalformedPacket, OscMessage, OscValue, decode, encode

HERE = "127.0.0.1"
_MOST_KEYS = 32
"""Either way; no grid has more than 16."""


class GridDevice(asyncio.DatagramProtocol):
    """Speaks with a grid on a port of its own: serialosc's answers do not say whose they are.

    Args:
        name: of the grid, as serialosc has it.
        port: where serialosc listens for it.
        prefix: before the addresses of its keys and lights.
        ready: is told of the grid once its size is known, and whenever it was turned.
        pressed: is told of each key that goes down, by column and row.
        taken: is told when another program has taken the grid.
    """

    def __init__(
        self,
        name: str,
        port: int,
        prefix: str,
        ready: Callable[[GridDevice], None],
        pressed: Callable[[GridDevice, int, int], None],
        taken: Callable[[GridDevice], None],
    ) -> None:
        self.name = name
        self.port = port
        self.width = 0
        self.height = 0
        self._prefix = prefix
        self._ready, self._pressed, self._taken = ready, pressed, taken
        self._shown: dict[tuple[int, int], tuple[int, ...]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._own_port = 0

    async def open(self) -> None:
        """Ask for the grid, and how large it is."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(HERE, 0))
        self._tell("/sys/port", self._own_port)
        self._tell("/sys/host", HERE)
        self._tell("/sys/prefix", self._prefix)
        self._tell("/sys/info", HERE, self._own_port)

    def show(self, levels: dict[tuple[int, int], tuple[int, ...]]) -> None:
        """Light the blocks of keys that are not lit so already."""
        for place, block in levels.items():
            if self._shown.get(place) != block:
                self._shown[place] = block
                self._tell(f"{self._prefix}/grid/led/level/map", *place, *block)

    def close(self, *, dark: bool = True) -> None:
        """Let go of it; ``dark`` = with its lights off."""
        if self._transport is None:
            return
        if dark:
            self._tell(f"{self._prefix}/grid/led/all", 0)
        self._transport.close()
        self._transport = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # asyncio's
        """The port is open."""
        self._transport = transport
        self._own_port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, _: tuple[str, int]) -> None:
        """Take what serialosc tells; whatever else comes is nobody's business here."""
        try:
            for message in decode(data):
                self._hear(message)
        except MalformedPacket:
            return

    def error_received(self, error: Exception) -> None:
        """The grid's port is gone: serialosc says so too, or comes back."""

    def _hear(self, message: OscMessage) -> None:
        numbers = [arg for arg in message.args if isinstance(arg, int)]
        if message.address == f"{self._prefix}/grid/key" and len(numbers) == 3:
            column, row, down = numbers
            if down:
                self._pressed(self, column, row)
        elif message.address == "/sys/size" and len(numbers) == 2:
            self.width, self.height = (min(max(0, count), _MOST_KEYS) for count in numbers)
            self._shown.clear()
            self._ready(self)
        elif message.address == "/sys/port" and numbers and numbers[0] != self._own_port:
            self._taken(self)

    def _tell(self, address: str, *args: OscValue) -> None:
        if self._transport is not None:
            self._transport.sendto(encode(address, *args), (HERE, self.port))
