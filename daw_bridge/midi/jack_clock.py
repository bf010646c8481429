"""MIDI clock on the ports of a JACK server, to the frame."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from daw_bridge.clock.midi_clock_out import MidiClockOut
from daw_bridge.midi.clock_in import MidiClockIn
from daw_bridge.midi.clock_out import BYTES
from daw_bridge.midi.clock_ports import is_one_of
from daw_bridge.midi.jack_ports import JackPorts
from daw_bridge.midi.jack_wires import JackOutput
from daw_bridge.midi.ports import MidiBackend, MidiPorts

if TYPE_CHECKING:
    import mido

_AHEAD_SECONDS = 0.03
"""Messages are handed over so much before the block that they belong to is written."""
_LOOK_SECONDS = 0.01


class JackClockPorts:
    """Brings MIDI clock in and out through a JACK client, instead of the ports of the hub.

    A program's tick stands beside the sound that it writes in the same frame; so does ours. What
    comes from or goes to a device is meant at once.

    Args:
        jack: the client.
        clock_in: hears the senders.
        make_ticks: what is due when, for one more port.
        wanted_in: parts of the names of the ports that may lead; none = any.
        wanted_out: parts of the names of the ports that are sent a clock.
        say: tells the musician a sentence.
        latency_seconds: from the instant at which our sound is written until it is heard.
    """

    def __init__(  # noqa: PLR0913  # what it connects
        self,
        jack: JackPorts,
        clock_in: MidiClockIn,
        make_ticks: Callable[[], MidiClockOut],
        wanted_in: Sequence[str],
        wanted_out: Sequence[str],
        say: Callable[[str], None],
        latency_seconds: Callable[[], float],
    ) -> None:
        self._jack = jack
        self._in = clock_in
        self._hear = clock_in.take
        self._make_ticks = make_ticks
        self._wanted_in = tuple(wanted_in)
        self._wanted_out = tuple(wanted_out)
        self._say = say
        self._latency_seconds = latency_seconds
        self._senders: dict[str, JackClockSender] = {}

    @property
    def is_needed(self) -> bool:
        """Whether a port was named."""
        return bool(self._wanted_in or self._wanted_out)

    def use(self, backend: MidiBackend) -> None:
        """Not needed: it has a client of its own."""

    def hears(self, port: str) -> bool:
        """No: it hears for itself."""
        del port
        return False

    def hear(self, port: str, message: mido.Message) -> None:
        """Not needed either."""

    def look(self, ports: MidiPorts) -> None:
        """Take note of the ports that are there."""
        del ports  # the hub's names of them are others
        if self._jack.fault:
            self._say(self._jack.fault)
            self._jack.fault = ""
        senders = self._jack.senders()
        self._jack.keep(senders)
        self._in.keep(senders)
        latency_seconds = self._latency_seconds()
        for name in senders:
            if not self._wanted_in or is_one_of(name, self._wanted_in):
                with suppress(self._jack.errors):  # gone since; it is looked for again
                    self._jack.connect_from(name, self._hear, latency_seconds)
        self._jack.tell_latency(latency_seconds)
        receivers = self._jack.receivers()
        for name in [name for name in self._senders if name not in receivers]:
            self._senders.pop(name).close()
            self._say(f"{name} takes no MIDI clock any more; it gets it again once it is back")
        for name in receivers:
            if name not in self._senders and is_one_of(name, self._wanted_out):
                with suppress(self._jack.errors):
                    self._send_to(name, latency_seconds)

    def close(self) -> None:
        """Send a stop to all, and no more."""
        for sender in self._senders.values():
            sender.close()
        self._senders.clear()

    def _send_to(self, name: str, latency_seconds: float) -> None:
        output = self._jack.connect_to(name, latency_seconds)
        sender = self._senders[name] = JackClockSender(self._make_ticks(), self._jack, output)
        sender.start()
        self._say(f"MIDI clock goes to {name}")


class JackClockSender:
    """Hands a clock's ticks to JACK a little before they are due, until it is closed."""

    def __init__(self, ticks: MidiClockOut, jack: JackPorts, output: JackOutput) -> None:
        self._ticks = ticks
        self._jack = jack
        self._output = output
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi-clock-out", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Send a stop, and no more."""
        self._ending.set()
        self._thread.join()
        self._jack.let_go(self._output)

    def _run(self) -> None:
        while not self._ending.is_set():
            now = self._jack.seconds()
            ahead_seconds = _AHEAD_SECONDS + self._output.earlier_seconds
            until = now + ahead_seconds + 2 * self._jack.block_seconds
            for at, message in self._ticks.due(now, until):
                self._output.send_at(at, BYTES[message])
            self._ending.wait(_LOOK_SECONDS)
        self._output.send_at(self._jack.seconds(), BYTES["stop"])
        time.sleep(_AHEAD_SECONDS + 2 * self._jack.block_seconds)  # until it is written
