"""A wire to Ardour: it is greeted until it answers, and anew whenever it has fallen silent."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Callable
from typing import Any

from osc_server.contract.packets import MalformedPacket, OscMessage, OscValue, decode, encode

_HEARTBEAT, _TRANSPORT, _BBT, _SAMPLES, _TIME = 8, 16, 32, 1024, 2048
_ALL_STRIPS = 159
LOOK_SECONDS = 1.0
_SILENT_SECONDS = 3.0
"""Its heart beats once a second."""
_PATIENCE_LOOKS = 5

Hear = Callable[[OscMessage, float], None]


class ArdourWire(asyncio.DatagramProtocol):
    """One of Ardour's OSC surfaces, which only listens.

    Args:
        address: host and port of Ardour.
        seconds: the monotonic clock that messages are stamped by.
        hear: takes a message and when it came.
        lost: is told that Ardour has fallen silent.
        say: tells the musician a sentence.
        look_seconds: how often is looked whether it answers.
    """

    def __init__(
        self,
        address: tuple[str, int],
        seconds: Callable[[], float],
        hear: Hear,
        lost: Callable[[], None],
        say: Callable[[str], None],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._address = address
        self._seconds = seconds
        self._hear, self._lost, self._say = hear, lost, say
        self._look_seconds = look_seconds
        self._heard_seconds = -math.inf
        self._there = False
        self._transport: asyncio.DatagramTransport | None = None

    async def watch(self) -> None:
        """Greet and listen until cancelled."""
        looks = 0
        try:
            while True:
                self._look()
                if not self._there:
                    await self._greet()
                    looks += 1
                    if looks == _PATIENCE_LOOKS:
                        self._say(_absent(*self._address))
                await asyncio.sleep(self._look_seconds)
        finally:
            self._tell("/set_surface", 0, 0, 0, 0, 0, 0, 0)
            self._hang_up()

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # asyncio's
        """The port is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, _: tuple[str, int]) -> None:
        """Take what Ardour tells; some of its answers are no OSC."""
        seconds = self._seconds()
        try:
            messages = decode(data)
        except MalformedPacket:
            return
        self._heard_seconds = seconds
        if not self._there:
            self._there = True
            self._say("Ardour answers: its song is followed while it plays")
        for message in messages:
            self._hear(message, seconds)

    def error_received(self, error: Exception) -> None:
        """Nobody listens there: Ardour is not running, or its OSC is off."""

    def _look(self) -> None:
        if self._there and self._seconds() - self._heard_seconds > _SILENT_SECONDS:
            self._there = False
            self._lost()
            self._say("Ardour does not answer any more: it is looked for")

    async def _greet(self) -> None:
        """Ask for feedback: Ardour forgets who asked with each session that it opens."""
        if self._transport is None:
            loop = asyncio.get_running_loop()
            try:
                await loop.create_datagram_endpoint(
                    lambda: self, remote_addr=self._address, family=socket.AF_INET
                )  # Ardour does not listen on IPv6
            except OSError:  # a name that nobody knows yet
                return
        wanted = _HEARTBEAT + _TRANSPORT + _BBT + _SAMPLES + _TIME
        self._tell("/set_surface", 0, _ALL_STRIPS, wanted, 0, 0, 0, 0)

    def _tell(self, address: str, *args: OscValue) -> None:
        if self._transport is not None:
            self._transport.sendto(encode(address, *args))

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def _absent(host: str, port: int) -> str:
    return (
        f"no Ardour answers at {host}:{port}: in Ardour switch on Preferences > Control Surfaces > "
        "Open Sound Control (OSC)"
    )
