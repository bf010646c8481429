"""MIDI clock to a port, each message at its own instant, from a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from daw_bridge.clock.midi_clock_out import MidiClockOut, OutMessage
from daw_bridge.midi.device_map import MidiBytes
from daw_bridge.midi.ports import OutputPort
from osc_server.contract.errors import DeviceUnavailable

_LOOK_SECONDS = 0.02
BYTES: dict[OutMessage, MidiBytes] = {"clock": (0xF8,), "start": (0xFA,), "stop": (0xFC,)}


class MidiClockSender:
    """Sends what a clock's ticks ask for, until it is closed or its port is gone.

    Args:
        ticks: what is due when.
        port: where it goes.
        seconds: the monotonic clock.
    """

    def __init__(
        self,
        ticks: MidiClockOut,
        port: OutputPort,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._ticks = ticks
        self._port = port
        self._seconds = seconds
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi-clock-out", daemon=True)
        self.fault = ""

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Send a stop, and no more."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._port.close()

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                self.send_until(self._seconds() + _LOOK_SECONDS, time.sleep)
                time.sleep(_LOOK_SECONDS / 4)
            self._port.send(BYTES["stop"])
        except DeviceUnavailable as error:
            self.fault = str(error)

    def send_until(self, until: float, sleep: Callable[[float], None]) -> None:
        """Send all that is due up to an instant, each when it is due."""
        for at, message in self._ticks.due(self._seconds(), until):
            wait = at - self._seconds()
            if wait > 0:
                sleep(wait)
            self._port.send(BYTES[message])
