"""OSC over UDP: a packet a datagram, in and out, at most 1,400 bytes out."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any, cast

from osc_server.contract.addresses import MAX_DATAGRAM_BYTES
from osc_server.endpoint.router import Router
from osc_server.endpoint.subscribers import Subscribers

_RECEIVE_BUFFER_BYTES = 1 << 20


class UdpOutlet:
    """The way back to one UDP address, or to another port of its host."""

    max_bytes = MAX_DATAGRAM_BYTES
    can_stream = False

    def __init__(self, door: UdpTransport, address: tuple[Any, ...]) -> None:
        self._door = door
        self._sender = address
        self._target = address

    def send(self, packet: bytes) -> None:
        """Send a datagram; where the system takes no more it is lost, as datagrams may be."""
        self._door.send(packet, self._target)

    def redirect(self, port: int) -> int:
        """Send to this port of the sender's host from now on; 0 = the sender's own."""
        host, own_port, *rest = self._sender
        self._target = (host, port or own_port, *rest)
        return int(self._target[1])

    async def drain(self) -> None:
        """A datagram does not wait."""


class UdpTransport(asyncio.DatagramProtocol):
    """The UDP socket: takes datagrams in and sends them out."""

    def __init__(self, router: Router, subscribers: Subscribers) -> None:
        self._router = router
        self._subscribers = subscribers
        self._transport: asyncio.DatagramTransport | None = None
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; ask for room for a burst."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        with contextlib.suppress(OSError):
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES
            )

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Hand a datagram over with its client."""
        client = self._subscribers.from_udp(addr, lambda: UdpOutlet(self, addr))
        self._router.receive(client, data)

    def send(self, packet: bytes, address: tuple[Any, ...]) -> None:
        """Send a datagram, unless the system has stopped taking them."""
        if self._transport is None or self._transport.is_closing() or self._full:
            return
        # An address that cannot be reached is the sender's trouble, not ours.
        with contextlib.suppress(OSError):
            self._transport.sendto(packet, address)

    def pause_writing(self) -> None:
        """The system takes no more."""
        self._full = True

    def resume_writing(self) -> None:
        """The system takes datagrams again."""
        self._full = False

    def error_received(self, exc: Exception) -> None:
        """Somebody closed the port that we answered to: nothing to do."""
