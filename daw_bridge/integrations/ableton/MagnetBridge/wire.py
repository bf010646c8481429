"""A UDP socket that is looked at and never waited for."""

from __future__ import annotations

import socket

from .osc import Message, OscValue, decode, encode

Address = tuple[str, int]

_MAX_PACKETS = 64
"""So many are read at a time: a flood must not hold up Live's main thread."""
_TRIES = 8


class Wire:
    """OSC over UDP, on this machine only.

    Args:
        port: to listen on; 0 = any. If it is taken, the next ones are tried.

    Raises:
        OSError: where none of them can be had.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for candidate in range(port, port + (_TRIES if port else 1)):
            try:
                self._socket.bind(("127.0.0.1", candidate))
                return
            except OSError:
                if candidate + 1 >= port + (_TRIES if port else 1):
                    self._socket.close()
                    raise

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._socket.getsockname()[1]
        return port

    def send(self, to: Address, address: str, *args: OscValue) -> None:
        """Send a message; one that the system will not take is lost, as UDP's are."""
        try:
            self._socket.sendto(encode(address, *args), to)
        except OSError:
            return

    def receive(self) -> list[tuple[Address, Message]]:
        """What has come since the last look, in order; what is not OSC is dropped."""
        messages: list[tuple[Address, Message]] = []
        for _ in range(_MAX_PACKETS):
            try:
                packet, sender = self._socket.recvfrom(1 << 16)
            except BlockingIOError:
                break
            except OSError:  # Windows says here that nobody listened to what was sent before
                continue
            try:
                messages += [(sender, message) for message in decode(packet)]
            except ValueError:
                continue
        return messages

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()
