"""OSC over TCP: length-prefixed or SLIP, told apart by a connection's first byte."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from osc_server.contract.errors import BadRequest
from osc_server.contract.framing import FrameReader, FramingLost, frame
from osc_server.contract.packets import MAX_PACKET_BYTES, MalformedPacket
from osc_server.endpoint.quiet import QuietLog
from osc_server.endpoint.router import Router
from osc_server.endpoint.subscribers import Client, Subscribers

MAX_CONNECTIONS = 64
MAX_UNREAD_BYTES = 8 << 20
"""A client that leaves this much unread is cut off: it would take our memory."""
_BATCH = 32


class TcpOutlet:
    """The way back over one connection, in the framing that the client uses."""

    max_bytes = MAX_PACKET_BYTES
    can_stream = True

    def __init__(self, transport: asyncio.Transport, reader: FrameReader, log: QuietLog) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self._transport = transport
        self._reader = reader
        self._log = log

    def send(self, packet: bytes) -> None:
        """Send a packet, or cut off a client that has stopped reading."""
        if self._transport.is_closing() or self._reader.framing is None:
            return
        self._transport.write(frame(packet, self._reader.framing))
        if self._transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self._log.warning("a TCP client left its replies unread and was cut off")
            self._transport.abort()

    def redirect(self, port: int) -> int:
        """Replies come over the connection, always. Raises BadRequest."""
        raise BadRequest("over TCP replies come over the connection; notify is for UDP")

    async def drain(self) -> None:
        """Wait until the client has read most of what was sent."""
        await self.writable.wait()
        if self._transport.is_closing():
            raise ConnectionResetError


class TcpConnection(asyncio.Protocol):
    """One connection.

    It reads no further while its last packets are being handled, and while the client leaves its
    replies unread: nobody can hold up the others or fill the memory.
    """

    def __init__(
        self,
        router: Router,
        subscribers: Subscribers,
        connections: set[TcpConnection],
        log: QuietLog,
    ) -> None:
        self._router = router
        self._subscribers = subscribers
        self._connections = connections
        self._log = log
        self._reader = FrameReader()
        self._waiting: deque[bytes | MalformedPacket] = deque()
        self._working = False
        self._reading = True
        self._open: tuple[asyncio.Transport, TcpOutlet, Client] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet nobody: the client speaks first. Beyond the limit, hang up."""
        stream = cast(asyncio.Transport, transport)
        if len(self._connections) >= MAX_CONNECTIONS:
            self._log.warning(f"a TCP client was turned away: {MAX_CONNECTIONS} are connected")
            stream.abort()
            return
        self._connections.add(self)
        outlet = TcpOutlet(stream, self._reader, self._log)
        peer = stream.get_extra_info("peername") or ("unknown", 0)
        self._open = stream, outlet, self._subscribers.from_tcp(peer, outlet)

    def data_received(self, data: bytes) -> None:
        """Cut bytes into packets and work them off."""
        self._waiting.extend(self._reader.feed(data))
        if not self._working:
            self._work()

    def pause_writing(self) -> None:
        """The client is slow: hold the stream, and its further requests."""
        if self._open is not None:
            self._open[1].writable.clear()
            self._hold_or_go_on()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._open is not None:
            self._open[1].writable.set()
            self._hold_or_go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone: its waiting jobs are cancelled, nobody else notices."""
        self._connections.discard(self)
        self._waiting.clear()
        if self._open is not None:
            _, outlet, client = self._open
            self._open = None
            outlet.writable.set()
            self._router.forget(client)

    def close(self) -> None:
        """Hang up, once what was sent has left."""
        if self._open is not None:
            self._open[0].close()

    def _work(self) -> None:
        """Handle a few packets, then let the others have their turn."""
        for _ in range(min(_BATCH, len(self._waiting))):
            if self._open is not None:
                self._take(self._open[2], self._waiting.popleft())
        self._working = bool(self._waiting)
        if self._working:
            asyncio.get_running_loop().call_soon(self._work)
        self._hold_or_go_on()

    def _take(self, client: Client, packet: bytes | MalformedPacket) -> None:
        if isinstance(packet, bytes):
            self._router.receive(client, packet)
            return
        self._router.reject(client, packet)
        if isinstance(packet, FramingLost):
            self.close()

    def _hold_or_go_on(self) -> None:
        if self._open is None or self._open[0].is_closing():
            return
        transport, outlet, _ = self._open
        may_read = not self._working and outlet.writable.is_set()
        if may_read != self._reading:
            self._reading = may_read
            if may_read:
                transport.resume_reading()
            else:
                transport.pause_reading()
