"""Puts the system's MIDI, the maps and the hub together, for live sets and for commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from daw_bridge.config import APPLICATION
from daw_bridge.midi.clock_ports import ClockPorts
from daw_bridge.midi.engine import Action
from daw_bridge.midi.hub import MidiHub
from daw_bridge.midi.jack_backend import JackBackend
from daw_bridge.midi.jack_ports import JackPorts, is_wanted, jack_ports
from daw_bridge.midi.ports import MidiBackend, MidiPorts, MidoBackend, system_ports
from daw_bridge.midi.shelf import MapShelf, built_in_maps
from daw_bridge.midi.surface import MidiSurface
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.packets import OscMessage

_NO_PACKAGE = (
    "MIDI goes through JACK, but without the package JACK-Client: the sound stands still for a "
    "moment whenever a device comes; install it with: pip install 'magnet-bridge[jack]'"
)


def own_maps() -> Path:
    """Where the musician's maps lie, learned ones among them; it need not exist."""
    return platformdirs.user_config_path(APPLICATION, appauthor=False) / "midi"


def map_shelf() -> MapShelf:
    """The musician's maps and those that come with the product, as they are now."""
    shelf = MapShelf(own_maps(), built_in_maps())
    shelf.refresh()
    return shelf


def midi_ports() -> MidiPorts:
    """The MIDI ports of this computer, once, as maps name them.

    Raises:
        DeviceUnavailable: where the system gives no access to MIDI, with what to do.
    """
    jack = jack_ports()
    if jack is None:
        return system_ports()
    try:
        return JackBackend(jack, lambda work: None).ports()
    finally:
        jack.close()


def midi_hub(
    act: Callable[[Action], None],
    say: Callable[[str], None],
    hand_over: Callable[[Callable[[], None]], object],
    jack: JackPorts | None,
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
        jack: where MIDI goes through JACK itself.
        hears_all: also open ports that no map plays, so that listeners hear them.
        clock: hears the ports too, and which of them are there.
    """
    if jack is None and is_wanted() and find_spec("jack") is None:
        say(_NO_PACKAGE)
    backend: MidiBackend
    if jack is not None:
        backend = JackBackend(jack, hand_over)
    else:
        backend = MidoBackend(hand_over, None if clock is None else clock.hear)
    if clock is None:
        return MidiHub(backend, map_shelf(), act, say, hears_all=hears_all)
    clock.use(backend)
    return MidiHub(backend, map_shelf(), act, say, hears_all=hears_all, hears=clock.hears)


@contextmanager
def midi_surface(
    receive: Callable[[OscMessage, MidiSurface], None],
    forget: Callable[[MidiSurface], None],
    n_decks: int,
    say: Callable[[str], None],
    clock: ClockPorts,
    jack: JackPorts | None,
) -> Iterator[MidiHub]:
    """Let the controllers of this computer play a panel while the block lasts, and MIDI clock run.

    A computer without MIDI has none; the doctor says why.

    Args:
        receive: takes a message of the surface that the controllers are together.
        forget: is told at the end that the surface is gone.
        n_decks: how many decks there are.
        say: tells the musician a sentence.
        clock: MIDI clock in and out.
        jack: where MIDI goes through JACK itself.

    Yields:
        The hub, which can be told to learn.
    """
    hand_over = asyncio.get_running_loop().call_soon_threadsafe
    hub = midi_hub(lambda action: surface.act(action), say, hand_over, jack, clock=clock)
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
