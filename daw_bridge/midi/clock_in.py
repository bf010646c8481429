"""MIDI clock from the ports of this computer: a source that devices may leave and come back to."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, cast

from daw_bridge.clock.midi_clock import MidiClockFollower, MidiClockMessage
from daw_bridge.clock.source import Reading
from daw_bridge.midi.ports import InputPort, MidiPorts, OnMessage
from osc_server.contract.errors import DeviceUnavailable

if TYPE_CHECKING:
    import mido

_MESSAGES = frozenset({"clock", "start", "stop", "continue", "songpos"})


class MidiClockIn:
    """Follows whichever port sends ticks; another one only once that is silent.

    Messages are stamped in the thread of the MIDI library as they come, and followed in the thread
    that asks for readings.

    Args:
        seconds: the monotonic clock; the one that readings are asked for by.
    """

    def __init__(self, seconds: Callable[[], float] = time.perf_counter) -> None:
        self._seconds = seconds
        self._inbox: queue.SimpleQueue[tuple[str, MidiClockMessage, float, int]] = (
            queue.SimpleQueue()
        )
        self._followers: dict[str, MidiClockFollower] = {}
        self._ports: dict[str, InputPort] = {}
        self._port = ""

    @property
    def name(self) -> str:
        """``midi``."""
        return "midi"

    @property
    def port(self) -> str:
        """The port that leads, or led last; empty before any did."""
        return self._port

    def hear(self, port: str, message: mido.Message) -> None:
        """Any thread: take note of a message of a port; others than the clock's are left alone."""
        if message.type in _MESSAGES:
            kind = cast("MidiClockMessage", message.type)
            self._inbox.put((port, kind, self._seconds(), getattr(message, "pos", 0)))

    def look(
        self, ports: MidiPorts, open_input: Callable[[str, OnMessage], InputPort], wanted: str = ""
    ) -> None:
        """Open the inputs that are new, and forget those that are gone.

        Args:
            ports: which there are now.
            open_input: hears a port in the MIDI library's own thread, for the sake of the stamp,
                such as ``MidoBackend(lambda work: work()).open_input``; may raise
                DeviceUnavailable.
            wanted: part of the name of the only port to be followed; empty = any.
        """
        for name in [name for name in self._ports if name not in ports.inputs]:
            self._ports.pop(name).close()
        for name in ports.inputs:
            if name not in self._ports and wanted.lower() in name.lower():
                with suppress(DeviceUnavailable):  # taken by another program: asked again later
                    self._ports[name] = open_input(name, partial(self.hear, name))

    def reading(self, seconds: float) -> Reading | None:
        """Where the leading sender is; None where no port sends ticks."""
        while not self._inbox.empty():
            port, kind, at, position = self._inbox.get_nowait()
            self._followers.setdefault(port, MidiClockFollower()).feed(kind, at, position)
        for port in sorted(self._followers, key=lambda one: one != self._port):
            reading = self._followers[port].reading(seconds)
            if reading is not None:
                self._port = port
                return reading
        return None

    def align(self, seconds: float, beat: float = 0.0) -> None:
        """Say that the song was at ``beat`` at an instant: for senders that never send a start."""
        if self._port:
            self._followers[self._port].align(seconds, beat)

    def close(self) -> None:
        """Hear no more."""
        for port in self._ports.values():
            port.close()
        self._ports.clear()
