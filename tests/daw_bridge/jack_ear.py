"""An ear in the JACK graph: sound and MIDI as they pass, counted in the server's own frames."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np

try:
    import jack
except (ImportError, OSError):  # no libjack: tests that need it skip or fail before
    jack = None

CABLE_SECONDS = 0.01
POSITION, CLOCK, START, CONTINUE = 0xF2, 0xF8, 0xFA, 0xFB


class JackEar:
    """Hears two audio ports and a MIDI port, to the frame, however late the machine is.

    What it hears of MIDI it passes on at ``cable``, each message late by ``CABLE_SECONDS``, give or
    take a normal deviate: a cable through a busy computer.

    Args:
        server: of ``running_jack``.
        jitter_seconds: that deviate's standard deviation.
    """

    def __init__(self, server, jitter_seconds=0.0):
        self._random = np.random.default_rng(1)
        self._jitter_seconds = jitter_seconds
        self._on_cable: deque[tuple[int, bytes]] = deque()
        self.client = jack.Client("ear", servername=server.name, no_start_server=True)
        self.rate_hz = server.rate_hz
        self._sound = self.client.inports.register("sound")
        self._other = self.client.inports.register("other")
        self._midi = self.client.midi_inports.register("midi")
        self._cable = self.client.midi_outports.register("cable")
        self._frame_time: int | None = None
        self.lost_at: list[int] = []
        """Before which frames JACK lost blocks: what lies before and after cannot be compared."""
        self._blocks: list[np.ndarray] = []
        self._other_blocks: list[np.ndarray] = []
        self.messages: list[tuple[int, tuple[int, ...]]] = []
        self.client.set_process_callback(self._process)

    def __enter__(self):
        self.client.activate()
        return self

    def __exit__(self, *exc):
        self.client.deactivate()
        self.client.close()

    def _process(self, frames):
        first, now = self.frame, self.client.last_frame_time
        if self._frame_time is not None and now - self._frame_time != frames:
            self.lost_at.append(first)
        self._frame_time = now
        self._other_blocks.append(self._other.get_array().copy())
        self._blocks.append(self._sound.get_array().copy())
        for offset, data in self._midi.incoming_midi_events():
            self.messages.append((first + offset, tuple(bytes(data))))
            late = self._random.normal(CABLE_SECONDS, self._jitter_seconds) * self.rate_hz
            due = first + offset + max(0, round(late))
            if self._on_cable:  # a cable keeps the order
                due = max(due, self._on_cable[-1][0])
            self._on_cable.append((due, bytes(data)))
        self._cable.clear_buffer()
        while self._on_cable and self._on_cable[0][0] < first + frames:
            due, data = self._on_cable.popleft()
            self._cable.write_midi_event(max(0, due - first), data)

    def start_from_the_top(self) -> None:
        """Let JACK's transport start from frame 0, which it has to be on before."""
        self.client.transport_stop()
        self.client.transport_frame = 0
        self.until(lambda: self.client.transport_frame == 0)
        self.listen(0.3)
        self.client.transport_start()

    def connect(self, source: str, to: str) -> None:
        """Wait for a port whose name holds ``source``, and hear it with a port of ours."""
        (name, *_) = self.until(lambda: [one.name for one in self.client.get_ports(source)])
        self.until(lambda: self._connected(name, f"ear:{to}"))

    def _connected(self, name: str, to: str) -> bool:
        try:
            self.client.connect(name, to)
        except jack.JackErrorCode:  # a server that is busy is asked again
            return False
        return True

    def wait_for_connection(self, source: str, to: str) -> None:
        """Wait until somebody has connected two ports that are named so."""

        def connected():
            (port, *_) = self.client.get_ports(source)
            return [one for one in self.client.get_all_connections(port) if to in one.name]

        self.until(connected)

    def until(self, found: Callable[[], object], seconds: float = 20.0):
        deadline = time.monotonic() + seconds
        while not (result := found()):
            assert time.monotonic() < deadline, "not there"
            time.sleep(0.05)
        return result

    @property
    def frame(self) -> int:
        """How many frames were heard."""
        return len(self._blocks) * len(self._blocks[0]) if self._blocks else 0

    def listen(self, seconds: float) -> int:
        """Wait until so much more has passed; the frame on which that began."""
        begins = self.frame
        while self.frame < begins + seconds * self.rate_hz:
            time.sleep(0.05)
        return begins

    @property
    def sound(self) -> np.ndarray:
        """What ``sound`` heard."""
        return np.concatenate(self._blocks)

    def stretches(self, begins: int) -> list[np.ndarray]:
        """What ``sound`` has heard from a frame on, in pieces out of which JACK lost nothing."""
        return np.split(self.sound[begins:], [at - begins for at in self.lost_at if at > begins])

    @property
    def other(self) -> np.ndarray:
        """What the other port heard meanwhile."""
        return np.concatenate(self._other_blocks)

    def ticks(self, begins: int = 0) -> np.ndarray:
        """The frames of the clock's ticks."""
        return np.array([at for at, data in self.messages if data == (CLOCK,) and at >= begins])


def onsets(sound: np.ndarray, level: float, gap: int = 4800) -> np.ndarray:
    """The frames on which something louder than ``level`` begins."""
    loud = np.flatnonzero(np.abs(sound) > level)
    return loud[np.diff(loud, prepend=-gap) >= gap]
