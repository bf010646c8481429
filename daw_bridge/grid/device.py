"""One grid: what serialosc tells of it, and its lights."""

from __future__ import annotations

from collections.abc import Callable

from daw_bridge.grid.wire import HERE, SerialoscWire
from osc_server.contract.packets import OscMessage

_MOST_KEYS = 32
"""Either way; no grid has more than 16."""


class GridDevice(SerialoscWire):
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
        super().__init__(port)
        self.name = name
        self.width = 0
        self.height = 0
        self._prefix = prefix
        self._ready, self._pressed, self._taken = ready, pressed, taken
        self._shown: dict[tuple[int, int], tuple[int, ...]] = {}

    async def open(self) -> None:
        """Ask for the grid, and how large it is."""
        await self.connect()
        self.tell("/sys/port", self.own_port)
        self.tell("/sys/host", HERE)
        self.tell("/sys/prefix", self._prefix)
        self.tell("/sys/info", HERE, self.own_port)

    def show(self, levels: dict[tuple[int, int], tuple[int, ...]]) -> None:
        """Light the blocks of keys that are not lit so already."""
        for place, block in levels.items():
            if self._shown.get(place) != block:
                self._shown[place] = block
                self.tell(f"{self._prefix}/grid/led/level/map", *place, *block)

    def close(self, *, dark: bool = True) -> None:
        """Let go of it; ``dark`` = with its lights off."""
        if dark:
            self.tell(f"{self._prefix}/grid/led/all", 0)
        self.hang_up()

    def hear(self, message: OscMessage) -> None:
        """A key, the size, or that another program took it."""
        numbers = [arg for arg in message.args if isinstance(arg, int)]
        if message.address == f"{self._prefix}/grid/key" and len(numbers) == 3:
            column, row, down = numbers
            if down:
                self._pressed(self, column, row)
        elif message.address == "/sys/size" and len(numbers) == 2:
            self.width, self.height = (min(max(0, count), _MOST_KEYS) for count in numbers)
            self._shown.clear()
            self._ready(self)
        elif message.address == "/sys/port" and numbers and numbers[0] != self.own_port:
            self._taken(self)
