"""The grids of this computer as one surface among those that speak the fader dialect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from daw_bridge.grid.device import GridDevice
from daw_bridge.grid.finder import SERIALOSC_PORT, GridFinder
from daw_bridge.grid.keys import Key, keys, quads
from osc_server.contract.faders import FEEDBACK_HZ
from osc_server.contract.packets import OscMessage, OscValue, decode

_ERROR = "/magnet/error"
_PREFIX = "/magnet"


class GridSurface:
    """Brings keys to a panel, and what the panel tells to the lights of every grid.

    Args:
        receive: takes a message of this surface: a panel's.
        n_decks: how many decks there are.
        say: tells the musician a sentence.
    """

    def __init__(
        self,
        receive: Callable[[OscMessage, GridSurface], None],
        n_decks: int,
        say: Callable[[str], None],
    ) -> None:
        self._receive = receive
        self._n_decks = n_decks
        self._say = say
        self._devices: dict[str, GridDevice] = {}
        self._given_up: set[tuple[str, int]] = set()
        self._pages: dict[str, dict[tuple[int, int], Key]] = {}
        self._values: dict[str, OscValue] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._painting: asyncio.TimerHandle | None = None

    @property
    def playing(self) -> tuple[str, ...]:
        """The grids that are played now."""
        return tuple(self._pages)

    def found(self, name: str, kind: str, port: int) -> None:
        """A device is there."""
        known = self._devices.get(name)
        if "arc" in kind or (name, port) in self._given_up:
            return
        if known is not None:
            if known.port == port:
                return
            self._drop(name, dark=False)  # serialosc was started again
        device = GridDevice(name, port, _PREFIX, self._ready, self._pressed, self._taken)
        self._devices[name] = device
        task = asyncio.create_task(device.open())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def lost(self, name: str) -> None:
        """A device was unplugged; when it comes back it is taken anew."""
        self._given_up = {one for one in self._given_up if one[0] != name}
        if name in self._devices:
            self._drop(name, dark=False)
            self._say(f"the grid {name} is gone; the music goes on, and it plays once it is back")

    def send(self, packet: bytes) -> None:
        """Take what the panel tells."""
        for message in decode(packet):
            value = message.args[0] if message.args else None
            if message.address == _ERROR:
                self._say(str(value))
            else:
                self._values[message.address] = value
        if self._painting is None and self._pages:
            loop = asyncio.get_running_loop()
            self._painting = loop.call_later(1 / FEEDBACK_HZ, self._paint)

    def close(self) -> None:
        """Give every grid back, dark."""
        if self._painting is not None:
            self._painting.cancel()
        for task in self._opening:
            task.cancel()
        for name in list(self._devices):
            self._drop(name, dark=True)

    def _ready(self, device: GridDevice) -> None:
        page = keys(device.width, device.height, self._n_decks)
        is_new = device.name not in self._pages
        self._pages[device.name] = page
        if is_new:
            self._say(f"the grid {device.name} plays: {device.width} by {device.height} keys")
        asked = {key.lamp for key in page.values()} | {key.address for key in page.values()}
        for address in sorted(asked):
            self._receive(OscMessage(address), self)
        self._paint()

    def _pressed(self, device: GridDevice, column: int, row: int) -> None:
        key = self._pages.get(device.name, {}).get((column, row))
        if key is not None:
            self._receive(OscMessage(key.address, (key.press(self._values),)), self)

    def _taken(self, device: GridDevice) -> None:
        """Whoever asked last has a grid; to fight over it would leave nobody with it."""
        self._given_up.add((device.name, device.port))
        self._drop(device.name, dark=False)
        self._say(f"another program took the grid {device.name}; plug it in anew to have it back")

    def _paint(self) -> None:
        self._painting = None
        for name, page in self._pages.items():
            device = self._devices[name]
            device.show(quads(device.width, device.height, page, self._values))

    def _drop(self, name: str, *, dark: bool) -> None:
        self._devices.pop(name).close(dark=dark)
        self._pages.pop(name, None)


@contextmanager
def grid_surface(
    receive: Callable[[OscMessage, GridSurface], None],
    forget: Callable[[GridSurface], None],
    n_decks: int,
    say: Callable[[str], None],
    port: int = SERIALOSC_PORT,
) -> Iterator[GridSurface]:
    """Let the grids of this computer play a panel while the block lasts.

    Args:
        receive: takes a message of the surface that the grids are together.
        forget: is told at the end that the surface is gone.
        n_decks: how many decks there are.
        say: tells the musician a sentence.
        port: where serialosc listens.
    """
    surface = GridSurface(receive, n_decks, say)
    finder = GridFinder(surface.found, surface.lost, port)
    watching = asyncio.create_task(finder.watch())
    try:
        yield surface
    finally:
        watching.cancel()
        surface.close()
        forget(surface)
