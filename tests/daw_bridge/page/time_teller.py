"""A program that tells a bridge the time by OSC, over UDP, from a socket of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from osc_server.contract.packets import encode


class TimeTeller:
    """Sends its beats as they pass, four to a beat; with a name also its tempo, as DAWs do.

    Args:
        port: the bridge's front port.
        bpm: its tempo.
        name: what it calls itself; empty = it says nothing but beats.
    """

    def __init__(self, port: int, bpm: float, name: str = "") -> None:
        self._to, self._name, self._bpm = ("127.0.0.1", port), name, bpm
        self._beat, self._at = 0.0, time.monotonic()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._silent = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def say(self, word: str, value: object) -> None:
        """Say a word of the clock."""
        self._udp.sendto(encode(f"/magnet/clock/{word}", value), self._to)

    def start(self) -> None:
        """Begin to tell."""
        if self._name:
            self.say("name", self._name)
            self.say("bpm", self._bpm)
        self._thread.start()

    def turn_to(self, bpm: float) -> None:
        """Go on at another tempo."""
        now = time.monotonic()
        self._beat, self._at = self._beat_at(now), now
        self._bpm = bpm
        if self._name:
            self.say("bpm", bpm)

    def vanish(self) -> None:
        """Fall silent without a word."""
        self._silent.set()
        self._thread.join()

    def close(self) -> None:
        """Shut its socket."""
        self._udp.close()

    def _beat_at(self, seconds: float) -> float:
        return self._beat + (seconds - self._at) * self._bpm / 60

    def _tell(self) -> None:
        while not self._silent.wait(15 / self._bpm):
            self.say("beat", self._beat_at(time.monotonic()))


@contextmanager
def telling(port: int, bpm: float, name: str = "") -> Iterator[TimeTeller]:
    """Somebody who tells the time, until the block ends: then it stops in an orderly way."""
    teller = TimeTeller(port, bpm, name)
    teller.start()
    try:
        yield teller
    finally:
        teller.vanish()
        teller.say("stop", 1)
        teller.close()
