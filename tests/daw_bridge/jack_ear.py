"""An ear in the JACK graph: sound and MIDI as they pass, counted in the server's own frames."""

from __future__ import annotations

import time
from collections.abc import Callable

import jack
import numpy as np

CLOCK, START, CONTINUE, STOP = 0xF8, 0xFA, 0xFB, 0xFC


class JackEar:
    """Hears one audio port and one MIDI port, to the frame, however late the machine is.

    Args:
        server: of ``running_jack``.
    """

    def __init__(self, server):
        self.client = jack.Client("ear", servername=server.name, no_start_server=True)
        self.rate_hz = server.rate_hz
        self._sound = self.client.inports.register("sound")
        self._midi = self.client.midi_inports.register("midi")
        self._blocks: list[np.ndarray] = []
        self.messages: list[tuple[int, tuple[int, ...]]] = []
        self.client.set_process_callback(self._process)

    def __enter__(self):
        self.client.activate()
        return self

    def __exit__(self, *exc):
        self.client.deactivate()
        self.client.close()

    def _process(self, frames):
        first = self.frame
        self._blocks.append(self._sound.get_array().copy())
        for offset, data in self._midi.incoming_midi_events():
            self.messages.append((first + offset, tuple(bytes(data))))

    def connect(self, source: str, to: str) -> None:
        """Wait for a port whose name holds ``source``, and hear it with ``sound`` or ``midi``."""
        (name, *_) = self.until(lambda: [one.name for one in self.client.get_ports(source)])
        self.client.connect(name, f"ear:{to}")

    def until(self, found: Callable[[], list], seconds: float = 20.0) -> list:
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
        return np.concatenate(self._blocks)

    def ticks(self, begins: int = 0) -> np.ndarray:
        """The frames of the clock's ticks."""
        return np.array([at for at, data in self.messages if data == (CLOCK,) and at >= begins])


def onsets(sound: np.ndarray, level: float, gap: int = 4800) -> np.ndarray:
    """The frames on which something louder than ``level`` begins."""
    loud = np.flatnonzero(np.abs(sound) > level)
    return loud[np.diff(loud, prepend=-gap) >= gap]
