"""The network seam of the client: OSC packets over TCP or UDP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol, cast

from osc_server.contract.framing import FrameReader, frame
from osc_server.contract.packets import MalformedPacket

Transport = Literal["tcp", "udp"]
OnPacket = Callable[[bytes], None]
OnLost = Callable[[], None]


class Wire(Protocol):
    """A connection that carries whole packets. Belongs to one event loop."""

    def send(self, packet: bytes) -> None:
        """Send one packet; on a lost wire it goes nowhere."""
        ...

    def close(self) -> None:
        """Close; more than once is fine."""
        ...


class TcpWire(asyncio.Protocol):
    """Packets with a length before each, over one TCP connection: in order, none lost."""

    def __init__(self, on_packet: OnPacket, on_lost: OnLost) -> None:
        self._on_packet = on_packet
        self._on_lost = on_lost
        self._frames = FrameReader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: some bytes came."""
        for packet in self._frames.feed(data):
            if isinstance(packet, MalformedPacket):
                self.close()  # whatever speaks there is not a server of ours
                return
            self._on_packet(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is closed, by us or by the server."""
        self._transport = None
        self._on_lost()

    def send(self, packet: bytes) -> None:
        """Send one packet; on a lost wire it goes nowhere."""
        if self._transport is not None:
            self._transport.write(frame(packet, "length"))

    def close(self) -> None:
        """Close; more than once is fine."""
        if self._transport is not None:
            self._transport.close()


class UdpWire(asyncio.DatagramProtocol):
    """One datagram a packet, as DAWs send them: none is promised to arrive."""

    def __init__(self, on_packet: OnPacket, on_lost: OnLost) -> None:
        self._on_packet = on_packet
        self._on_lost = on_lost
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is open."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """asyncio: a datagram came."""
        self._on_packet(data)

    def error_received(self, exc: Exception) -> None:
        """asyncio: the system reports that nobody listens there."""
        self._on_lost()

    def send(self, packet: bytes) -> None:
        """Send one packet; on a closed wire it goes nowhere."""
        if self._transport is not None:
            self._transport.sendto(packet)

    def close(self) -> None:
        """Close; more than once is fine."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()


async def open_wire(
    transport: Transport, address: tuple[str, int], on_packet: OnPacket, on_lost: OnLost
) -> Wire:
    """Connect to ``(host, port)``.

    Args:
        transport: ``"tcp"`` or ``"udp"``.
        address: host and port.
        on_packet: called with each packet that comes.
        on_lost: called when the server is gone. UDP notices only if the system says so.

    Raises:
        OSError: where nobody listens (over UDP that shows at the first packet).
    """
    loop = asyncio.get_running_loop()
    if transport == "tcp":
        _, tcp = await loop.create_connection(lambda: TcpWire(on_packet, on_lost), *address)
        return tcp
    _, udp = await loop.create_datagram_endpoint(
        lambda: UdpWire(on_packet, on_lost), remote_addr=address
    )
    return udp
