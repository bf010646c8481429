"""Controllers on the ports of a JACK server: the MIDI of a hub, through the client of the clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from daw_bridge.midi.device_map import MidiBytes
from daw_bridge.midi.jack_ports import JackPorts
from daw_bridge.midi.jack_wires import JackOutput
from daw_bridge.midi.ports import InputPort, MidiPorts, OnMessage, OutputPort
from osc_server.contract.errors import DeviceUnavailable

_TICK, _SENSING = 0xF8, 0xFE
"""What comes dozens of times a second, and is no control."""


class JackBackend:
    """A hub's MIDI where it goes through JACK.

    Ports are named as JACK names them, but for those of the card, which it only numbers: these by
    the alias that their driver gives them, where it does, with the device's name in it.

    Args:
        jack: the client.
        hand_over: takes work from JACK's thread to the one that shall do it, such as
            ``loop.call_soon_threadsafe``.
    """

    def __init__(self, jack: JackPorts, hand_over: Callable[[Callable[[], None]], object]) -> None:
        self._jack = jack
        self._hand_over = hand_over
        self._names: dict[str, str] = {}
        self._receivers: frozenset[str] = frozenset()

    def ports(self) -> MidiPorts:
        """Which ports there are now; none once the server is gone."""
        self._names = {}
        inputs = tuple(map(self._shown, self._jack.senders()))
        outputs = tuple(map(self._shown, self._jack.receivers()))
        self._receivers = frozenset(outputs)
        return MidiPorts(inputs, outputs)

    def open_input(self, name: str, on_message: OnMessage) -> InputPort:
        """Hear a port from now on. Raises DeviceUnavailable where it is gone."""
        port = self._names.get(name, name)
        heard = _Heard(self._hand_over, on_message)
        try:
            self._jack.connect_from(port, heard)
        except self._jack.errors as error:
            raise _gone(name, error) from error
        return _Plug(partial(self._jack.disconnect_from, port, heard))

    def open_output(self, name: str) -> OutputPort:
        """Open a port to send to. Raises DeviceUnavailable where it is gone."""
        try:
            output = self._jack.connect_to(self._names.get(name, name))
        except self._jack.errors as error:
            raise _gone(name, error) from error
        return _Output(name, output, lambda: name in self._receivers, self._jack)

    def _shown(self, port: str) -> str:
        name = self._jack.shown(port)
        self._names[name] = port
        return name


class _Heard:
    """Hands the messages of one port over, as the hub takes them."""

    def __init__(
        self, hand_over: Callable[[Callable[[], None]], object], on_message: OnMessage
    ) -> None:
        self._hand_over = hand_over
        self._on_message = on_message

    def __call__(self, port: str, message: bytes, seconds: float) -> None:
        del port, seconds
        if message and message[0] not in (_TICK, _SENSING):
            self._hand_over(partial(self._deliver, message))

    def _deliver(self, message: bytes) -> None:
        import mido

        try:
            said = mido.Message.from_bytes(message)
        except ValueError:  # what no device that keeps to MIDI sends
            return
        self._on_message(said)


class _Plug:
    def __init__(self, pull: Callable[[], None]) -> None:
        self.close = pull


class _Output:
    def __init__(
        self, name: str, output: JackOutput, is_there: Callable[[], bool], jack: JackPorts
    ) -> None:
        self._name = name
        self._output = output
        self._is_there = is_there
        self._jack = jack

    def send(self, message: MidiBytes) -> None:
        if not self._is_there():
            raise DeviceUnavailable(f"MIDI port {self._name!r} is gone")
        self._output.send(message)

    def close(self) -> None:
        self._jack.let_go(self._output)


def _gone(name: str, error: Exception) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"MIDI port {name!r} of JACK cannot be used ({error}): connect the device again"
    )
