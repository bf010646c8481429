"""Requests out, replies in, each reply to the one who waits for it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from daw_bridge.client.clip_job import ClipJob
from daw_bridge.client.wires import Transport, Wire, open_wire
from osc_server.contract.errors import BadRequest, DeviceUnavailable, Late, error_from_code
from osc_server.contract.packets import decode, encode
from osc_server.contract.parsing import request_args, row_of
from osc_server.contract.replies import ErrorLine, Failed, Reply
from osc_server.contract.reply_args import reply_from_osc
from osc_server.contract.requests import Request, RequestId

ANSWER_SECONDS = 5.0
"""How long a server may take for an answer that needs no rendering."""

Wanted = TypeVar("Wanted", bound=Reply)


class Conversation:
    """One wire to a server, and who waits for what on it. Belongs to one event loop.

    Args:
        host: where the server runs.
        port: its port.
        transport: ``"tcp"`` or ``"udp"``.
        on_error: called with the server's ``/magnet/error`` lines, which belong to no request.
    """

    def __init__(
        self, host: str, port: int, transport: Transport, on_error: Callable[[str], None] | None
    ) -> None:
        self._address = (host, port)
        self._transport: Transport = transport
        self._on_error = on_error
        self._wire: Wire | None = None
        self._ids = itertools.count(1)
        self._jobs: dict[RequestId, ClipJob] = {}
        self._waiting: dict[RequestId, _Answer] = {}

    async def open(self) -> None:
        """Connect. Raises DeviceUnavailable where nobody listens."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._wire = await open_wire(
                    self._transport, self._address, self._packet, self._lost
                )
        except (OSError, TimeoutError) as error:
            raise self.gone() from error

    async def close(self) -> None:
        """Disconnect; what still waits is told so."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
            await asyncio.sleep(0)  # lets asyncio close the socket now and not at exit
        self._give_up(DeviceUnavailable("this client is closed"))

    def next_id(self) -> int:
        """An id that this conversation has not used yet."""
        return next(self._ids)

    def send(self, request: Request) -> None:
        """Send a request. Raises DeviceUnavailable where the wire is lost."""
        if self._wire is None:
            raise self.gone()
        self._wire.send(encode(row_of(request).address, *request_args(request)))

    def attach(self, job: ClipJob) -> None:
        """From now on replies with the job's id go to it, until it is done."""
        self._jobs[job.id] = job

    def detach(self, job: ClipJob) -> None:
        """Replies with the job's id go nowhere from now on."""
        self._jobs.pop(job.id, None)

    async def ask(
        self,
        request: Request,
        last: type[Wanted],
        seconds: float = ANSWER_SECONDS,
        on_reply: Callable[[Reply], None] = lambda reply: None,
    ) -> tuple[list[Reply], Wanted]:
        """Send a request; the replies before the last one, and the last one.

        Args:
            request: what is asked.
            last: the kind of reply that ends it.
            seconds: how long the server may be silent.
            on_reply: told of each reply before the last.

        Raises:
            DeviceUnavailable: where no answer comes within ``seconds``.
            MagnetError: the one that a ``failed`` reply names.
        """
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(seconds)

        def hear(reply: Reply) -> None:
            limit.reschedule(loop.time() + seconds)
            on_reply(reply)

        answer = self._waiting[request.id] = _Answer(last, hear)
        try:
            async with limit:
                self.send(request)
                reply = await answer.future
        except TimeoutError as error:
            raise self.gone() from error
        finally:
            del self._waiting[request.id]
        return answer.before, cast(Wanted, reply)

    async def collect(self, request: Request, item: type[Wanted], end: type[Reply]) -> list[Wanted]:
        """Send a request whose answer is a list: its items, without the end.

        Raises:
            Late: where items were lost on the way, as UDP may.
            MagnetError: as ``ask``.
        """
        replies, last = await self.ask(request, end)
        items: list[Wanted] = [cast(Wanted, reply) for reply in replies if type(reply) is item]
        if getattr(last, "count", len(items)) != len(items):
            raise Late("a part of the list was lost on its way: ask again, or over TCP")
        return items

    def gone(self) -> DeviceUnavailable:
        """The sentence for a server that does not answer."""
        host, port = self._address
        return DeviceUnavailable(
            f"no server answers at {host}:{port}: start one with `magnet-server` "
            "or `magnet-bridge live`"
        )

    def _packet(self, packet: bytes) -> None:
        try:
            replies = [reply_from_osc(message) for message in decode(packet)]
        except BadRequest:
            return  # a later version's reply, or another program's noise
        for reply in replies:
            self._dispatch(reply)

    def _dispatch(self, reply: Reply) -> None:
        if isinstance(reply, ErrorLine):
            if self._on_error is not None:
                self._on_error(reply.text)
            return
        job = self._jobs.get(reply.id)
        if job is not None:
            job.take(reply)
            if job.done:
                self.detach(job)
        elif answer := self._waiting.get(reply.id):
            answer.take(reply)

    def _lost(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
        self._give_up(self.gone())

    def _give_up(self, error: DeviceUnavailable) -> None:
        jobs, self._jobs = self._jobs, {}
        for job in jobs.values():
            job.fail(error)
        for answer in self._waiting.values():
            answer.fail(error)


class _Answer:
    """Replies to one request, up to the last."""

    def __init__(self, last: type[Any], hear: Callable[[Reply], None]) -> None:
        self.before: list[Reply] = []
        self._hear = hear
        self.future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._last = last

    def take(self, reply: Reply) -> None:
        if isinstance(reply, Failed):
            self.fail(error_from_code(reply.code, reply.text))
        elif not isinstance(reply, self._last):
            self.before.append(reply)
            self._hear(reply)
        elif not self.future.done():
            self.future.set_result(reply)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)
