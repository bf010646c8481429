"""The ends of the cables to other clients of a JACK server: what comes in, and what goes out.

JACK's own thread reads and writes them once a block; everybody else only puts messages in, or
changes who hears them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from daw_bridge.midi.device_map import MidiBytes

Hear = Callable[[str, bytes, float], None]
"""Takes the name of a port, the bytes of a message of it, and the second that it is meant for."""


class JackInput:
    """A port of somebody that is heard, by as many of us as wish.

    Args:
        name: the other end's.
        port: our own end, of the package JACK-Client.
        rate_hz: frames per second.
        is_physical: whether a device is there, and not a program.
    """

    def __init__(self, name: str, port: Any, rate_hz: int, *, is_physical: bool) -> None:  # noqa: ANN401
        self.name = name
        self.port = port
        self._rate_hz = rate_hz
        self._is_physical = is_physical
        # Replaced whole, never changed in place: JACK's thread reads it.
        self._heard_by: tuple[tuple[Hear, float], ...] = ()

    @property
    def is_heard(self) -> bool:
        """Whether anybody does."""
        return bool(self._heard_by)

    def add(self, hear: Hear, later_seconds: float) -> None:
        """Let one more hear it; a program's messages are meant so much later than their frames."""
        if all(one != hear for one, _ in self._heard_by):
            later_seconds = 0.0 if self._is_physical else later_seconds
            self._heard_by = (*self._heard_by, (hear, later_seconds))

    def remove(self, hear: Hear) -> None:
        """Let one hear it no more."""
        self._heard_by = tuple(one for one in self._heard_by if one[0] != hear)

    def read(self, first: int) -> None:
        """JACK's thread: pass on what came in the block that begins with this frame."""
        heard_by = self._heard_by
        for offset, event in self.port.incoming_midi_events():
            message, seconds = bytes(event), (first + offset) / self._rate_hz
            for hear, later_seconds in heard_by:
                hear(self.name, message, seconds + later_seconds)


class JackOutput:
    """A port that is given messages ahead of time, each with its instant.

    Args:
        port: our own end, of the package JACK-Client.
        rate_hz: frames per second.
        earlier_seconds: how much before its instant a message is written.
    """

    def __init__(self, port: Any, rate_hz: int, earlier_seconds: float) -> None:  # noqa: ANN401
        self.port = port
        self._rate_hz = rate_hz
        self.earlier_seconds = earlier_seconds
        self._due: deque[tuple[int, bytes]] = deque()
        self._last_frame = 0

    def send(self, message: MidiBytes) -> None:
        """Send a message with the next block."""
        self._due.append((self._last_frame, bytes(message)))

    def send_at(self, seconds: float, message: MidiBytes) -> None:
        """Send a message when what sounds at this instant is written, never before the last one."""
        frame = round((seconds - self.earlier_seconds) * self._rate_hz)
        self._last_frame = max(frame, self._last_frame)  # JACK takes events in order
        self._due.append((self._last_frame, bytes(message)))

    def write(self, first: int, n_frames: int) -> None:
        """JACK's thread: what is due in the block that begins with this frame.

        What does not fit into one block goes with the next; what would fit into none is lost.
        """
        self.port.clear_buffer()
        room = largest = self.port.max_event_size
        while self._due and self._due[0][0] < first + n_frames:
            frame, message = self._due[0]
            if room < len(message) <= largest:
                return
            self._due.popleft()
            if len(message) <= largest:
                self.port.write_midi_event(max(0, frame - first), message)
                room = self.port.max_event_size
