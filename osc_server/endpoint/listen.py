"""Opens the door: UDP and TCP on one port, and puts the endpoint's parts together."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
from collections.abc import Callable

from osc_server.contract.errors import DeviceUnavailable, Forbidden
from osc_server.endpoint.backend import Backend
from osc_server.endpoint.handlers import Handlers
from osc_server.endpoint.quiet import QuietLog
from osc_server.endpoint.router import Malformed, Router
from osc_server.endpoint.schedule import Schedule
from osc_server.endpoint.subscribers import Subscribers
from osc_server.endpoint.tcp import TcpConnection
from osc_server.endpoint.udp import UdpTransport

_TRIES_FOR_ANY_PORT = 8


class Endpoint:
    """The open door. Close it with ``await endpoint.close()``."""

    def __init__(
        self,
        port: int,
        server: asyncio.Server,
        datagrams: asyncio.DatagramTransport,
        connections: set[TcpConnection],
        schedule: Schedule,
        handlers: Handlers,
    ) -> None:
        self.port = port
        """The port it listens on, UDP and TCP alike."""
        self._server = server
        self._datagrams = datagrams
        self._connections = connections
        self._schedule = schedule
        self._handlers = handlers

    async def close(self) -> None:
        """Take nothing more in, end what is being answered, send off what was written."""
        self._server.close()
        self._schedule.close()
        await self._handlers.close()
        self._datagrams.close()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)  # lets the transports close their sockets


async def listen(
    backend: Backend,
    *,
    host: str,
    port: int,
    token: str,
    unix_seconds: Callable[[], float],
) -> Endpoint:
    """Open the endpoint on UDP and TCP.

    Args:
        backend: what it serves.
        host: an address of this machine; beyond loopback only with a token.
        port: for both; 0 = any that is free for both.
        token: what clients must show; empty for none.
        unix_seconds: the wall clock, for time tags.

    Raises:
        Forbidden: for a host beyond loopback without a token.
        DeviceUnavailable: where the port is taken or the host is not this machine's.
    """
    host = "127.0.0.1" if host == "localhost" else host
    if not token and not _is_loopback(host):
        raise Forbidden(
            f"on {host} everybody in the network could reach the server: give it a secret with "
            "--token-file FILE, or keep to --host 127.0.0.1"
        )
    loop = asyncio.get_running_loop()
    log = QuietLog(logging.getLogger(__name__), loop.time)
    malformed = Malformed(log)
    schedule = Schedule(unix_seconds)
    subscribers = Subscribers(bool(token), loop.time)
    handlers = Handlers(backend, token, lambda: malformed.count, log, loop.time)
    router = Router(handlers, schedule, malformed)
    connections: set[TcpConnection] = set()
    server, datagrams = await _bind(
        host,
        port,
        lambda: TcpConnection(router, subscribers, connections, log),
        lambda: UdpTransport(router, subscribers),
    )
    bound_port = server.sockets[0].getsockname()[1]
    return Endpoint(bound_port, server, datagrams, connections, schedule, handlers)


async def _bind(
    host: str,
    port: int,
    connection: Callable[[], TcpConnection],
    datagrams: Callable[[], UdpTransport],
) -> tuple[asyncio.Server, asyncio.DatagramTransport]:
    tries_left = _TRIES_FOR_ANY_PORT if port == 0 else 1
    while True:
        tries_left -= 1
        try:
            return await _bind_both(host, port, connection, datagrams)
        except (OSError, OverflowError) as error:
            # Any free TCP port may be somebody's UDP port; ask for another.
            if not tries_left:
                raise _unavailable(host, port, error) from error


async def _bind_both(
    host: str,
    port: int,
    connection: Callable[[], TcpConnection],
    datagrams: Callable[[], UdpTransport],
) -> tuple[asyncio.Server, asyncio.DatagramTransport]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, host, port, start_serving=False)
    try:
        local = (host, server.sockets[0].getsockname()[1])
        transport, _ = await loop.create_datagram_endpoint(datagrams, local_addr=local)
        await server.start_serving()
    except BaseException:
        server.close()
        raise
    return server, transport


def _unavailable(host: str, port: int, error: Exception) -> DeviceUnavailable:
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)):
        other = port + 2 if port <= 65000 else 12102
        return DeviceUnavailable(
            f"port {port} is taken, perhaps by another magnet-server: stop that one, or choose "
            f"another port with --port {other}"
        )
    if code in (errno.EACCES, getattr(errno, "WSAEACCES", errno.EACCES)):
        return DeviceUnavailable(
            f"the system does not let us have port {port}: choose one above 1023 with --port"
        )
    return DeviceUnavailable(
        f"cannot listen on {host} port {port} ({error}): --host must be an address of this "
        "machine, such as 127.0.0.1, and --port 1 to 65535"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
