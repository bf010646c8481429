"""MIDI clock from the ports of this computer: a source that devices may leave and come back to."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, cast

from daw_bridge.clock.midi_clock import MidiClockFollower, MidiClockMessage
from daw_bridge.clock.source import Reading

if TYPE_CHECKING:
    import mido

_KINDS: dict[int, MidiClockMessage] = {
    0xF2: "songpos",
    0xF8: "clock",
    0xFA: "start",
    0xFB: "continue",
    0xFC: "stop",
}


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
        self._port = ""

    @property
    def name(self) -> str:
        """``midi``."""
        return "midi"

    @property
    def port(self) -> str:
        """The port that leads, or led last; empty before any did."""
        return self._port

    def take(self, port: str, message: bytes, seconds: float) -> None:
        """Any thread: take note of the bytes of a message, and of the instant that it is for."""
        kind = _KINDS.get(message[0]) if message else None
        if kind == "songpos" and len(message) == 3:
            self._inbox.put((port, kind, seconds, message[1] | message[2] << 7))
        elif kind is not None and len(message) == 1:
            self._inbox.put((port, kind, seconds, 0))

    def hear(self, port: str, message: mido.Message) -> None:
        """Any thread: take note of a message of a port; others than the clock's are left alone."""
        if message.type in _KINDS.values():
            kind = cast("MidiClockMessage", message.type)
            self._inbox.put((port, kind, self._seconds(), getattr(message, "pos", 0)))

    def keep(self, ports: Collection[str]) -> None:
        """Forget the senders of ports that are gone."""
        for name in [name for name in self._followers if name not in ports]:
            del self._followers[name]

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
