"""The front port: passes on what the server owns, and hands what is ours to the front desk.

One UDP client has one socket of ours towards the server, one TCP connection has one connection;
so the server sees as many clients as there are, and answers go back to the one who asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, cast

from daw_bridge.front_desk import FrontDesk, OwnAddresses, Visitor
from daw_bridge.loopback import is_loopback
from daw_bridge.sorting import sort_packet, token_of
from osc_server.contract.addresses import MAX_DATAGRAM_BYTES
from osc_server.contract.errors import BadRequest, DeviceUnavailable, Forbidden
from osc_server.contract.framing import FrameReader, Framing, FramingLost, frame
from osc_server.contract.packets import MalformedPacket, OscMessage, decode, encode
from osc_server.contract.parsing import parse_request
from osc_server.contract.replies import ErrorLine
from osc_server.contract.reply_args import encode_reply
from osc_server.contract.requests import Notify

MAX_UDP_CLIENTS = 128
"""Each holds a socket; the one that was silent longest is forgotten first."""
AWAY = "the model server is starting again: ask again in a few seconds"
_WAITING_PACKETS = 64
_CHUNK_BYTES = 1 << 16
_MOST_BACKLOG_BYTES = 1 << 20
_LOST = b"\x7f\xff\xff\xff"
_NO_PACKET = b"?"

Address = tuple[Any, ...]


def check_open(host: str, token: str) -> None:
    """Refuse to stand open to the network without a secret; the server checks the token itself.

    Raises:
        Forbidden: for a host beyond loopback without a token.
    """
    if not is_loopback(host) and not token:
        raise Forbidden(
            f"on {host} everybody in the network could reach the server: give it a secret with "
            "--token-file FILE, or keep to --host 127.0.0.1"
        )


class PassThrough:
    """Holds a port on UDP and TCP, and passes everything on to a server on another.

    Args:
        host: the address to listen on.
        port: the port to hold.
        server: host and port of the server.
        token: the secret that clients have to show before they move a fader; empty = none.
    """

    def __init__(self, host: str, port: int, server: tuple[str, int], token: str = "") -> None:
        self._host = host
        self._port = port
        self._server = server
        self._desk = FrontDesk(token)
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self._clients: OrderedDict[Address, _UdpClient] = OrderedDict()
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen. Raises DeviceUnavailable where the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._tcp = await asyncio.start_server(self._connected, self._host, self._port)
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: _Front(self._datagram), local_addr=(self._host, self._port)
            )
        except OSError as error:
            await self.close()
            raise _unavailable(self._host, self._port, error) from error

    async def close(self) -> None:
        """Hang up on everybody; more than once is fine."""
        if self._tcp is not None:
            self._tcp.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            client.close()
            await client.closed()
        if self._udp is not None:
            self._udp.close()
        await asyncio.sleep(0)  # lets the transports close their sockets

    @property
    def desk(self) -> FrontDesk:
        """Where the bridge's own addresses are handled, whichever way a message came."""
        return self._desk

    def hand_to(self, owner: OwnAddresses) -> None:
        """Let this one handle the bridge's own addresses."""
        self._desk.hand_to(owner)

    def server_gone(self) -> None:
        """Tell the UDP clients; those on TCP see their connection end."""
        for client in self._clients.values():
            client.complain()

    def _datagram(self, packet: bytes, address: Address) -> None:
        client = self._clients.get(address)
        if client is None:
            while len(self._clients) >= MAX_UDP_CLIENTS:
                _, silent = self._clients.popitem(last=False)
                self._desk.forget(silent.visitor)
                silent.close()
            client = self._clients[address] = _UdpClient(address, self._server, self._send)
        self._clients.move_to_end(address)
        for own in self._sort(packet, client.visitor, client.forward):
            self._desk.receive(own, client.visitor)

    def _sort(
        self, packet: bytes, visitor: Visitor, forward: Callable[[bytes], None]
    ) -> tuple[OscMessage, ...]:
        """Pass on what is the server's, and give what is our own."""
        parts = sort_packet(packet)
        for rest in parts.rest:
            self._desk.shown(token_of(rest), visitor)
            forward(rest)
        return parts.own

    def _send(self, packet: bytes, address: Address) -> None:
        if self._udp is not None:
            with contextlib.suppress(OSError):  # an unreachable address is its owner's trouble
                self._udp.sendto(packet, address)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(reader, writer)
        upstream: asyncio.StreamWriter | None = None
        try:
            with contextlib.suppress(OSError):
                answers, upstream = await asyncio.open_connection(*self._server)
            if upstream is None:
                await self._listen(connection, None)
            else:
                await _join(self._listen(connection, upstream), connection.answer(answers))
        finally:
            self._desk.forget(connection.visitor)
            if upstream is not None:
                upstream.close()
            writer.close()

    async def _listen(self, connection: _Connection, upstream: asyncio.StreamWriter | None) -> None:
        """Take a connection's packets apart until it ends; a slow server slows it down.

        Without a server only what is our own is answered: the rest ends the connection.
        """
        away = False

        def forward(packet: bytes) -> None:
            nonlocal away
            away = upstream is None
            if upstream is not None and connection.framing is not None:
                upstream.write(frame(packet, connection.framing))

        with contextlib.suppress(OSError):
            async for packet in connection.packets():
                if isinstance(packet, bytes):
                    for own in self._sort(packet, connection.visitor, forward):
                        self._desk.receive(own, connection.visitor)
                elif upstream is not None:  # damaged: the server shall count it, and say so
                    upstream.write(connection.like(packet))
                if away:
                    connection.visitor.send(encode_reply(ErrorLine(AWAY)))
                    await connection.drain()
                    return
                if upstream is not None:
                    await upstream.drain()
                await connection.drain()


class _Connection:
    """One TCP client: its packets, and what it is sent, whole packet by whole packet."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = FrameReader()
        self._taken = b""
        self.visitor = Visitor(self._send)

    @property
    def framing(self) -> Framing | None:
        """How its packets are framed; None until the first byte."""
        return self._frames.framing

    async def packets(self) -> AsyncIterator[bytes | MalformedPacket]:
        """What it sends, until it ends or cannot be read any further."""
        while data := await self._reader.read(_CHUNK_BYTES):
            self._taken = data
            for packet in self._frames.feed(data):
                yield packet
                if isinstance(packet, FramingLost):
                    return

    def like(self, damage: MalformedPacket) -> bytes:
        """Bytes that are damaged in the same way, for the server to judge."""
        if self.framing is None:
            return self._taken
        return _LOST if isinstance(damage, FramingLost) else frame(_NO_PACKET, self.framing)

    async def answer(self, answers: asyncio.StreamReader) -> None:
        """Pass on what the server answers, whole packet by whole packet."""
        frames = FrameReader()
        with contextlib.suppress(OSError):
            while data := await answers.read(_CHUNK_BYTES):
                for packet in frames.feed(data):
                    if isinstance(packet, bytes) and frames.framing is not None:
                        self._writer.write(frame(packet, frames.framing))
                await self._writer.drain()

    async def drain(self) -> None:
        """Wait until it has read enough of what it was sent."""
        await self._writer.drain()

    def _send(self, packet: bytes) -> None:
        backlog = self._writer.transport.get_write_buffer_size()
        if self.framing is not None and backlog < _MOST_BACKLOG_BYTES:  # else it does not read
            self._writer.write(frame(packet, self.framing))


class _Front(asyncio.DatagramProtocol):
    """The socket that clients know."""

    def __init__(self, on_datagram: Callable[[bytes, Address], None]) -> None:
        self._on_datagram = on_datagram

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._on_datagram(data, addr)


class _UdpClient(asyncio.DatagramProtocol):
    """One client: its socket towards the server, and where its replies go."""

    def __init__(
        self,
        address: Address,
        server: tuple[str, int],
        send: Callable[[bytes, Address], None],
    ) -> None:
        self._address = address
        self._target = address
        self._send = send
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: list[bytes] = []
        self._closed = False
        self.visitor = Visitor(lambda packet: self._send(packet, self._target))
        self._server = server
        self._opening: asyncio.Task[Any] | None = None

    def forward(self, packet: bytes) -> None:
        """Pass a packet on to the server; ``notify`` redirects here and not there."""
        if packet.startswith(b"/magnet/notify\0"):
            packet = self._redirected(packet)
        if self._opening is None:  # one that only moves faders needs no socket there
            loop = asyncio.get_running_loop()
            self._opening = loop.create_task(
                loop.create_datagram_endpoint(lambda: self, remote_addr=self._server)
            )
            self._opening.add_done_callback(self._opened)
        if self._transport is not None:
            self._transport.sendto(packet)
        elif len(self._waiting) < _WAITING_PACKETS:
            self._waiting.append(packet)

    def complain(self) -> None:
        """Say that the server is away."""
        self._send(encode_reply(ErrorLine(AWAY), MAX_DATAGRAM_BYTES), self._target)

    def close(self) -> None:
        """Forget the client; await ``closed`` where the event loop is about to end."""
        self._closed = True
        if self._transport is not None:
            self._transport.close()
        if self._opening is not None:
            self._opening.cancel()  # which closes a socket that is just being opened

    async def closed(self) -> None:
        """Wait until its socket is given back."""
        if self._opening is not None:
            await asyncio.wait([self._opening])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        for packet in self._waiting:
            self._transport.sendto(packet)
        self._waiting.clear()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data.startswith(b"/magnet/notified\0"):
            data = self._with_own_port(data)
        self._send(data, self._target)

    def error_received(self, exc: Exception) -> None:
        """The system reports that the server's port is closed."""
        self.complain()

    def _opened(self, opening: asyncio.Future[Any]) -> None:
        if opening.cancelled():
            return
        if opening.exception() is not None:
            self.complain()
        elif self._closed:
            opening.result()[0].close()

    def _redirected(self, packet: bytes) -> bytes:
        """Take the port of a ``notify`` as this client's, and let the server keep to our socket.

        The server knows this client by our socket's address: it would send to that port of *our*
        host. What is not a well-formed notify is left to the server to refuse.
        """
        try:
            (message,) = decode(packet)
            request = parse_request(message)
        except (BadRequest, ValueError):
            return packet
        if not isinstance(request, Notify):
            return packet
        host, own_port, *rest = self._address
        self._target = (host, request.port or own_port, *rest)
        return encode(message.address, request.id, 0)

    def _with_own_port(self, packet: bytes) -> bytes:
        try:
            (message,) = decode(packet)
        except (BadRequest, ValueError):
            return packet
        return encode(message.address, *message.args[:1], int(self._target[1]))


async def _join(*pumps: Coroutine[Any, Any, None]) -> None:
    """Run both directions until one of them ends."""
    tasks = [asyncio.ensure_future(pump) for pump in pumps]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _unavailable(host: str, port: int, error: OSError) -> DeviceUnavailable:
    if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)):
        return DeviceUnavailable(
            f"port {port} is taken, perhaps by another magnet-bridge or magnet-server: stop that "
            f"one, choose another port with --port {port + 10 if port < 65000 else 12110}, or "
            f"speak to it with --server {host}:{port}"
        )
    return DeviceUnavailable(f"cannot listen on {host}:{port}: {error.strerror or error}")
