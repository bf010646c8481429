"""The MIDI devices as one surface among those that speak the fader dialect."""

from __future__ import annotations

from collections.abc import Callable

from daw_bridge.midi.device_map import Setting
from daw_bridge.midi.engine import Action
from osc_server.contract.fader_rows import FADERS
from osc_server.contract.packets import OscMessage, decode

_SCENES_WITH_LIGHTS = 8


class MidiSurface:
    """Brings what controllers do to a panel, and what the panel tells to their lights.

    Args:
        receive: takes a message of this surface: a panel's.
        show: takes note of a value: a hub's.
        say: tells the musician a sentence.
    """

    def __init__(
        self,
        receive: Callable[[OscMessage, MidiSurface], None],
        show: Callable[[str, Setting], None],
        say: Callable[[str], None],
    ) -> None:
        self._receive = receive
        self._show = show
        self._say = say

    def act(self, action: Action) -> None:
        """Do what a control asks for."""
        self._receive(OscMessage(action.address, (action.value,)), self)

    def ask(self, n_decks: int) -> None:
        """Ask for all that lights can show and faders can meet; changes come by themselves."""
        for fader in FADERS:
            last = 0
            if fader.address.startswith("/magnet/deck/"):
                last = n_decks
            elif fader.address.startswith("/magnet/scene/"):
                last = _SCENES_WITH_LIGHTS
            for index in range(1, last + 1) if last else (0,):
                self._receive(OscMessage(fader.at(index), ()), self)

    def send(self, packet: bytes) -> None:
        """Take what the panel tells."""
        for message in decode(packet):
            value = message.args[0] if message.args else None
            if message.address == "/magnet/error":
                self._say(str(value))
            elif isinstance(value, int | float | str):
                self._show(message.address, value)
