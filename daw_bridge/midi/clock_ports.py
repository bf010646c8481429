"""MIDI clock on the ports of this computer: which of them may lead, and which are sent a clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from daw_bridge.clock.midi_clock_out import MidiClockOut
from daw_bridge.midi.clock_in import MidiClockIn
from daw_bridge.midi.clock_out import MidiClockSender
from daw_bridge.midi.ports import MidiBackend, MidiPorts
from osc_server.contract.errors import DeviceUnavailable

if TYPE_CHECKING:
    import mido


class ClockPorts(Protocol):
    """What brings MIDI clock in and out, beside a hub that opens ports for controllers."""

    @property
    def is_needed(self) -> bool:
        """Whether a port was named."""
        ...

    def use(self, backend: MidiBackend) -> None:
        """Open outputs through this one."""
        ...

    def hears(self, port: str) -> bool:
        """Whether an input is to be opened for the clock."""
        ...

    def hear(self, port: str, message: mido.Message) -> None:
        """Any thread: a message of an input, at the instant at which it came."""
        ...

    def look(self, ports: MidiPorts) -> None:
        """Take note of the ports that are there."""
        ...

    def close(self) -> None:
        """Send a stop to all, and no more."""
        ...


class MidiClockPorts:
    """Brings MIDI clock in from the ports that are open, and out to those that were named.

    Ports may go and come back: who led is followed again, and a port that is back is sent to again.

    Args:
        clock_in: hears the senders.
        make_ticks: what is due when, for one more port.
        wanted_in: parts of the names of the inputs that may lead; none = any.
        wanted_out: parts of the names of the outputs that are sent a clock.
        say: tells the musician a sentence.
        opens_any: whether inputs are opened that nobody named; not on Windows, where a port
            belongs to one program.
    """

    def __init__(  # what it connects
        self,
        clock_in: MidiClockIn,
        make_ticks: Callable[[], MidiClockOut],
        wanted_in: Sequence[str],
        wanted_out: Sequence[str],
        say: Callable[[str], None],
        *,
        opens_any: bool = True,
    ) -> None:
        self._in = clock_in
        self._make_ticks = make_ticks
        self._wanted_in = tuple(wanted_in)
        self._wanted_out = tuple(wanted_out)
        self._say = say
        self._opens_any = opens_any
        self._backend: MidiBackend | None = None
        self._senders: dict[str, MidiClockSender] = {}
        self._refused: set[str] = set()

    @property
    def is_needed(self) -> bool:
        """Whether a port was named."""
        return bool(self._wanted_in or self._wanted_out)

    def use(self, backend: MidiBackend) -> None:
        """Open outputs through this one."""
        self._backend = backend

    def hears(self, port: str) -> bool:
        """Whether an input is to be opened for the clock."""
        return is_one_of(port, self._wanted_in) if self._wanted_in else self._opens_any

    def hear(self, port: str, message: mido.Message) -> None:
        """Any thread: a message of an input, at the instant at which it came."""
        if not self._wanted_in or is_one_of(port, self._wanted_in):
            self._in.hear(port, message)

    def look(self, ports: MidiPorts) -> None:
        """Take note of the ports that are there."""
        self._in.keep(ports.inputs)
        self._refused &= set(ports.outputs)
        for name, sender in list(self._senders.items()):
            if name not in ports.outputs or sender.fault:
                del self._senders[name]
                sender.close()
                self._say(f"{name} takes no MIDI clock any more; it gets it again once it is back")
        for name in ports.outputs:
            if name not in self._senders and is_one_of(name, self._wanted_out):
                self._send_to(name)

    def close(self) -> None:
        """Send a stop to all, and no more."""
        for sender in self._senders.values():
            sender.close()
        self._senders.clear()

    def _send_to(self, name: str) -> None:
        if self._backend is None:
            return
        try:
            port = self._backend.open_output(name)
        except DeviceUnavailable as error:
            if name not in self._refused:  # once is enough
                self._refused.add(name)
                self._say(str(error))
            return
        self._refused.discard(name)
        sender = self._senders[name] = MidiClockSender(self._make_ticks(), port)
        sender.start()
        self._say(f"MIDI clock goes to {name}")


def is_one_of(port: str, parts: Sequence[str]) -> bool:
    """Whether one of these is part of a port's name."""
    return any(part.lower() in port.lower() for part in parts)
