"""Puts the system's MIDI, the maps and the hub together, for live sets and for commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from daw_bridge.config import APPLICATION
from daw_bridge.midi.clock_ports import ClockPorts
from daw_bridge.midi.engine import Action
from daw_bridge.midi.hub import MidiHub
from daw_bridge.midi.ports import MidoBackend
from daw_bridge.midi.shelf import MapShelf, built_in_maps
from daw_bridge.midi.surface import MidiSurface
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.packets import OscMessage


def own_maps() -> Path:
    """Where the musician's maps lie, learned ones among them; it need not exist."""
    return platformdirs.user_config_path(APPLICATION, appauthor=False) / "midi"


def map_shelf() -> MapShelf:
    """The musician's maps and those that come with the product, as they are now."""
    shelf = MapShelf(own_maps(), built_in_maps())
    shelf.refresh()
    return shelf


def midi_hub(
    act: Callable[[Action], None],
    say: Callable[[str], None],
    hand_over: Callable[[Callable[[], None]], object],
    *,
    hears_all: bool = False,
    clock: ClockPorts | None = None,
) -> MidiHub:
    """The MIDI of this computer; nothing is opened before ``watch``.

    Args:
        act: carries out what a control asks for.
        say: tells the musician a sentence.
        hand_over: brings work from the library's thread into the caller's: of an event loop its
            ``call_soon_threadsafe``.
        hears_all: also open ports that no map plays, so that listeners hear them.
        clock: hears the ports too, and which of them are there.
    """
    if clock is None:
        return MidiHub(MidoBackend(hand_over), map_shelf(), act, say, hears_all=hears_all)
    backend = MidoBackend(hand_over, clock.hear)
    clock.use(backend)
    return MidiHub(backend, map_shelf(), act, say, hears_all=hears_all, hears=clock.hears)


@contextmanager
def midi_surface(
    receive: Callable[[OscMessage, MidiSurface], None],
    forget: Callable[[MidiSurface], None],
    n_decks: int,
    say: Callable[[str], None],
    clock: ClockPorts,
) -> Iterator[MidiHub]:
    """Let the controllers of this computer play a panel while the block lasts, and MIDI clock run.

    A computer without MIDI has none; the doctor says why.

    Args:
        receive: takes a message of the surface that the controllers are together.
        forget: is told at the end that the surface is gone.
        n_decks: how many decks there are.
        say: tells the musician a sentence.
        clock: MIDI clock in and out.

    Yields:
        The hub, which can be told to learn.
    """
    hand_over = asyncio.get_running_loop().call_soon_threadsafe
    hub = midi_hub(lambda action: surface.act(action), say, hand_over, clock=clock)
    surface = MidiSurface(receive, hub.show, say)
    surface.ask(n_decks)

    async def watch() -> None:
        try:
            await hub.watch(look=clock.look)
        except DeviceUnavailable as error:
            if clock.is_needed:
                say(str(error))

    watching = asyncio.create_task(watch())
    try:
        yield hub
    finally:
        watching.cancel()
        clock.close()
        hub.close()
        forget(surface)
