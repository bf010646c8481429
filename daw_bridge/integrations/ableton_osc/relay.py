"""Brings Live's tempo and transport from AbletonOSC to the bridge.

Plain routing cannot: AbletonOSC tells what it is asked to tell under addresses of its own, and
always to port 11001 of whoever asked last.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from osc_server.contract.addresses import DEFAULT_PORT, fader_row
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.packets import MalformedPacket, OscMessage, decode, encode

HERE = "127.0.0.1"
ABLETON_PORT, ANSWER_PORT = 11000, 11001
_ASK_SECONDS = 5.0
"""How often the listening is asked for anew: Live may have been started since."""


@dataclass(frozen=True, slots=True)
class Route:
    """From a property of Live's song to an address of ours.

    Attributes:
        name: of the property, as AbletonOSC names it.
        to: what it becomes, of its value.
    """

    name: str
    to: Callable[[float], str]

    @property
    def heard_as(self) -> str:
        """The address that AbletonOSC tells it under."""
        return f"/live/song/get/{self.name}"


TEMPO = Route("tempo", lambda _: "/magnet/clock/bpm")
PLAYING = Route("is_playing", lambda on: "/magnet/clock/play" if on else "/magnet/clock/stop")
BEAT = Route("beat", lambda _: "/magnet/clock/beat")


class Relay:
    """Listens to Live and tells the bridge.

    Args:
        routes: what is brought over.
        bridge_port: the bridge's front port.
        ableton_port: where AbletonOSC listens.
        answer_port: where it tells; it can tell nowhere else.
    """

    def __init__(
        self,
        routes: tuple[Route, ...],
        bridge_port: int = DEFAULT_PORT,
        ableton_port: int = ABLETON_PORT,
        answer_port: int = ANSWER_PORT,
    ) -> None:
        self._routes = {route.heard_as: route for route in routes}
        self._bridge = (HERE, bridge_port)
        self._ableton = (HERE, ableton_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((HERE, answer_port))
        except OSError as error:
            self._socket.close()
            raise DeviceUnavailable(
                f"port {answer_port} is taken: AbletonOSC tells one program alone, and another "
                "listens there already"
            ) from error
        self._asked_seconds = -_ASK_SECONDS

    def close(self) -> None:
        """Ask Live to tell no more, and let go of the port; more than once is fine."""
        if self._socket.fileno() >= 0:
            self._ask("stop_listen")
        self._socket.close()

    def step(self, patience_seconds: float = 1.0) -> None:
        """Ask, if it is time, then bring over what comes within the patience."""
        if time.monotonic() - self._asked_seconds >= _ASK_SECONDS:
            self._asked_seconds = time.monotonic()
            self._ask("start_listen")
        self._socket.settimeout(patience_seconds)
        try:
            packet = self._socket.recv(1 << 16)
        except (TimeoutError, ConnectionResetError):  # the latter on Windows, where Live is not up
            return
        try:
            messages = decode(packet)
        except MalformedPacket:
            return
        for message in messages:
            self._bring(message)

    def _bring(self, message: OscMessage) -> None:
        route = self._routes.get(message.address)
        value = message.args[-1] if message.args else None
        if route is None or not isinstance(value, int | float):
            return
        address = route.to(float(value))
        sent = 1 if fader_row(address)[0].role == "button" else float(value)
        self._socket.sendto(encode(address, sent), self._bridge)

    def _ask(self, verb: str) -> None:
        for route in self._routes.values():
            self._socket.sendto(encode(f"/live/song/{verb}/{route.name}"), self._ableton)
