"""Asks serialosc which grids there are, and hears of those that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daw_bridge.grid.wire import HERE, SerialoscWire
from osc_server.contract.packets import OscMessage

SERIALOSC_PORT = 12002
LOOK_SECONDS = 2.0
"""How often it is asked, which is how soon it is noticed that serialosc was started."""


class GridFinder(SerialoscWire):
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
        super().__init__(port)
        self._found, self._lost = found, lost

    async def watch(self, look_seconds: float = LOOK_SECONDS) -> None:
        """Ask until cancelled."""
        await self.connect()
        try:
            while True:
                self._ask("list")
                self._ask("notify")
                await asyncio.sleep(look_seconds)
        finally:
            self.hang_up()

    def hear(self, message: OscMessage) -> None:
        """A device that is there, came or went."""
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
        self.tell(f"/serialosc/{what}", HERE, self.own_port)
