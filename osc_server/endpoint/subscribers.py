"""Who is at the other end: each client apart, with its own ids, jobs and way back."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from osc_server.contract.errors import StorageFailed
from osc_server.contract.replies import ErrorLine, Failed, Reply
from osc_server.contract.reply_args import encode_reply
from osc_server.contract.requests import RequestId
from osc_server.endpoint.quiet import Monotonic, Seldom

MAX_UDP_CLIENTS = 1024
"""UDP senders remembered; the one that was silent longest is forgotten first."""
MAX_STRANGERS = 256
"""The same for senders that have not shown the token, so that they push nobody out."""
COMPLAINT_SECONDS = 1.0
"""A sender hears of malformed packets and wrong time tags at most this often."""


class Outlet(Protocol):
    """The way back to one client."""

    @property
    def max_bytes(self) -> int:
        """Longest packet that may go out."""
        ...

    @property
    def can_stream(self) -> bool:
        """Whether audio may go this way: in order, and held back while the client is slow."""
        ...

    def send(self, packet: bytes) -> None:
        """Send a packet now or as soon as may be; never waits, never raises."""
        ...

    def redirect(self, port: int) -> int:
        """Send to another port of the same host, 0 = the sender's own; returns the port.

        Raises:
            BadRequest: where replies cannot go anywhere else.
        """
        ...

    async def drain(self) -> None:
        """Wait until the client has taken most of what was sent. Raises ConnectionError."""
        ...


class Client:
    """One UDP address or one TCP connection.

    Attributes:
        key: unique to it, as long as the server runs.
        outlet: the way back.
        authorised: it has shown the token, or none is needed.
        live: ids of its jobs that have not ended, each with what stops its streaming, if any.
        pending: its questions that are being answered.
        gone: its connection has ended.
    """

    def __init__(self, key: str, outlet: Outlet, authorised: bool, monotonic: Monotonic) -> None:
        self.key = key
        self.outlet = outlet
        self.authorised = authorised
        self.live: dict[RequestId, asyncio.Task[None] | None] = {}
        self.pending: set[asyncio.Task[None]] = set()
        self.gone = False
        self._complaints = Seldom(COMPLAINT_SECONDS, monotonic)

    def send(self, reply: Reply) -> None:
        """Send a reply; one that cannot fit, because of a long path, goes as a failure."""
        if self.gone:
            return
        try:
            packet = encode_reply(reply, self.outlet.max_bytes)
        except ValueError:
            text = (
                "the reply is too long for a datagram: use TCP, or a clips folder nearer the root"
            )
            failed = Failed(getattr(reply, "id", 0), StorageFailed.code, text)
            packet = encode_reply(failed, self.outlet.max_bytes)
        self.outlet.send(packet)

    def keep_alive(self, request_id: RequestId, task: asyncio.Task[None]) -> None:
        """Count a request as alive until its task has ended."""
        self.live[request_id] = task

        def end(_: asyncio.Task[None]) -> None:
            if self.live.get(request_id) is task:
                del self.live[request_id]

        task.add_done_callback(end)

    def complain(self, text: str) -> None:
        """Say in ``/magnet/error`` what was wrong, seldom enough not to become a flood."""
        if self._complaints.allows():
            self.send(ErrorLine(text))


class Subscribers:
    """All clients of the endpoint."""

    def __init__(self, needs_token: bool, monotonic: Monotonic) -> None:
        self._needs_token = needs_token
        self._monotonic = monotonic
        self._known: OrderedDict[str, Client] = OrderedDict()
        self._strangers: OrderedDict[str, Client] = OrderedDict()
        self._n_connections = 0

    def from_udp(self, address: tuple[Any, ...], outlet: Callable[[], Outlet]) -> Client:
        """The client at this UDP address; a new one gets the outlet that is made for it."""
        key = f"udp {address[0]} {address[1]}"
        client = self._known.get(key) or self._strangers.pop(key, None)
        if client is None:
            client = Client(key, outlet(), not self._needs_token, self._monotonic)
        if client.authorised:
            self._remember(self._known, client, MAX_UDP_CLIENTS)
        else:
            self._remember(self._strangers, client, MAX_STRANGERS)
        return client

    def from_tcp(self, address: tuple[Any, ...], outlet: Outlet) -> Client:
        """A client for a new TCP connection; it lives as long as the connection does."""
        self._n_connections += 1
        key = f"tcp {address[0]} {address[1]} #{self._n_connections}"
        return Client(key, outlet, not self._needs_token, self._monotonic)

    def _remember(self, clients: OrderedDict[str, Client], client: Client, limit: int) -> None:
        clients[client.key] = client
        clients.move_to_end(client.key)
        for _ in range(len(clients) - limit):
            oldest = next(iter(clients))
            kept = clients[oldest]
            if kept.live or kept.pending or (clients is self._strangers and kept.authorised):
                clients.move_to_end(oldest)
            else:
                del clients[oldest]
