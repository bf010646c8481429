"""What each request does: one method a verb, each answering its own client only."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from osc_server.contract.addresses import PROTOCOL_VERSION
from osc_server.contract.errors import BadRequest, Busy, Forbidden, MagnetError
from osc_server.contract.help_lines import help_lines
from osc_server.contract.replies import (
    CancelledReply,
    ClipEnd,
    Failed,
    HelpEnd,
    HelpLine,
    ModelEnd,
    ModelFetching,
    ModelLicence,
    Notified,
    Pong,
    PresetEnd,
    Reply,
    Synced,
    Welcome,
)
from osc_server.contract.requests import (
    Cancel,
    FetchModel,
    GenerateClip,
    GetClip,
    Hello,
    Help,
    Landed,
    ListClips,
    ListModels,
    ListPresets,
    LoadModel,
    Notify,
    Ping,
    Request,
    RequestId,
    Status,
    Sync,
    UnloadModel,
)
from osc_server.endpoint.backend import Backend
from osc_server.endpoint.quiet import Monotonic, QuietLog, Seldom
from osc_server.endpoint.relay import Relay
from osc_server.endpoint.streaming import stream_clip
from osc_server.endpoint.subscribers import Client

MAX_PENDING = 32
"""Questions of one client that may be in the air at a time."""
PROGRESS_SECONDS = 1 / 30
"""A job tells of its progress at most this often."""
FETCHING_SECONDS = 0.5
"""A fetch tells of its progress at most this often."""
_BURST = 16
_BURST_PAUSE_SECONDS = 0.005
"""Lists go out in bursts with a pause between: a patch that reads its socket once in an audio block
would lose datagrams otherwise."""

AnyList = TypeVar("AnyList", ListModels, ListPresets, ListClips)


class Handlers:
    """The verbs. Everything runs on the event loop's thread.

    Args:
        backend: jobs, models, presets and clips.
        token: what ``hello`` has to show; empty if nothing.
        n_malformed: how many malformed packets have come, for ``status``.
        log: for what should not happen.
        monotonic: the event loop's clock.
    """

    def __init__(
        self,
        backend: Backend,
        token: str,
        n_malformed: Callable[[], int],
        log: QuietLog,
        monotonic: Monotonic,
    ) -> None:
        self._backend = backend
        self._token = token
        self._n_malformed = n_malformed
        self._log = log
        self._monotonic = monotonic
        self._tasks: set[asyncio.Task[None]] = set()  # all that run, of clients that left too
        self._verbs: dict[type, Callable[[Client, Any], None]] = {
            GenerateClip: self._generate,
            Cancel: self._cancel,
            Ping: lambda client, request: client.send(Pong(request.id)),
            Sync: self._sync,
            Status: self._status,
            Notify: self._notify,
            Hello: self._hello,
            Help: self._help,
            ListModels: self._list_models,
            LoadModel: self._load_model,
            UnloadModel: self._unload_model,
            FetchModel: self._fetch_model,
            ListPresets: self._list_presets,
            ListClips: self._list_clips,
            GetClip: self._get_clip,
            Landed: self._landed,
        }

    def handle(self, client: Client, request: Request) -> None:
        """Do what is asked, or begin to; answers go to the client.

        Raises:
            MagnetError: where it is refused.
        """
        if not client.authorised and not isinstance(request, Hello):
            raise Forbidden("this server wants its token first: /magnet/hello 1 token <token>")
        self._verbs[type(request)](client, request)

    def forget(self, client: Client) -> None:
        """A client has gone: its questions and waiting jobs end, nothing more is sent to it."""
        client.gone = True
        for task in [*client.pending, *client.live.values()]:
            if task is not None:
                task.cancel()
        client.live.clear()
        self._backend.forget(client.key)

    async def close(self) -> None:
        """End everything that is being answered."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _generate(self, client: Client, request: GenerateClip) -> None:
        if request.id in client.live:
            raise Busy(f"your job {request.id} is still alive: take another id, or cancel it first")
        if request.delivery == "stream":
            _check_can_stream(client)
        client.live[request.id] = None
        seldom = Seldom(PROGRESS_SECONDS, self._monotonic)
        relay = Relay(client, request, self._backend, self._spawn, seldom)
        try:
            accepted = self._backend.submit(request, client.key, relay)
        except BaseException:
            del client.live[request.id]
            raise
        client.send(accepted)

    def _cancel(self, client: Client, request: Cancel) -> None:
        if request.id not in client.live:
            raise BadRequest(f"you have no live job {request.id}: it has ended, or never began")
        sending = client.live[request.id]  # a stream, or a fetch
        if sending is None:
            self._backend.cancel(client.key, request.id)
        else:
            sending.cancel()
            del client.live[request.id]
            client.send(CancelledReply(request.id))

    def _sync(self, client: Client, request: Sync) -> None:
        alive = set(client.live.values())
        before = [task for task in client.pending if task not in alive]
        if not before:
            client.send(Synced(request.id))
            return

        async def answer() -> None:
            await asyncio.wait(before)
            client.send(Synced(request.id))

        self._ask(client, request.id, answer())

    def _status(self, client: Client, request: Status) -> None:
        status = self._backend.status(request)
        client.send(replace(status, malformed_packets=self._n_malformed()))

    def _notify(self, client: Client, request: Notify) -> None:
        client.send(Notified(request.id, client.outlet.redirect(request.port)))

    def _hello(self, client: Client, request: Hello) -> None:
        if not hmac.compare_digest(request.token.encode(), self._token.encode()) and self._token:
            raise Forbidden("that is not this server's token")
        client.authorised = True
        client.send(Welcome(request.id, PROTOCOL_VERSION))

    def _help(self, client: Client, request: Help) -> None:
        lines = [HelpLine(request.id, line) for line in help_lines(request.topic)]
        self._ask(
            client, request.id, self._send_all(client, [*lines, HelpEnd(request.id, len(lines))])
        )

    def _list_models(self, client: Client, request: ListModels) -> None:
        self._list(client, request, self._backend.models, ModelEnd)

    def _list_presets(self, client: Client, request: ListPresets) -> None:
        self._list(client, request, self._backend.presets, PresetEnd)

    def _list_clips(self, client: Client, request: ListClips) -> None:
        self._list(client, request, self._backend.clips, ClipEnd)

    def _load_model(self, client: Client, request: LoadModel) -> None:
        async def answer() -> None:
            client.send(await self._backend.load_model(request))

        self._ask(client, request.id, answer())

    def _unload_model(self, client: Client, request: UnloadModel) -> None:
        async def answer() -> None:
            client.send(await self._backend.unload_model(request))

        self._ask(client, request.id, answer())

    def _fetch_model(self, client: Client, request: FetchModel) -> None:
        """Fetch; like a job it is alive until it has ended, and can be cancelled."""
        if request.id in client.live:
            raise Busy(f"your request {request.id} is still alive: take another id, or cancel it")
        seldom = Seldom(FETCHING_SECONDS, self._monotonic)

        def tell(reply: ModelLicence | ModelFetching) -> None:
            said = isinstance(reply, ModelLicence) or reply.fraction >= 1
            if not client.gone and (said or seldom.allows()):
                client.send(reply)

        async def answer() -> None:
            client.send(await self._backend.fetch_model(request, tell))

        client.keep_alive(request.id, self._ask(client, request.id, answer()))

    def _get_clip(self, client: Client, request: GetClip) -> None:
        if request.delivery == "stream":
            _check_can_stream(client)

        async def answer() -> None:
            ready = await self._backend.clip(request)
            if request.delivery == "stream":
                audio, _ = await self._backend.read_wav(ready.path)
                await stream_clip(client, ready, audio)
            else:
                client.send(ready)

        self._ask(client, request.id, answer())

    def _landed(self, client: Client, request: Landed) -> None:
        async def answer() -> None:
            client.send(await self._backend.landed(request))

        self._ask(client, request.id, answer())

    def _list(
        self,
        client: Client,
        request: AnyList,
        items: Callable[[AnyList], Awaitable[Sequence[Reply]]],
        end: Callable[[RequestId, int], Reply],
    ) -> None:
        async def answer() -> None:
            found: Sequence[Reply] = await items(request)
            await self._send_all(client, [*found, end(request.id, len(found))])

        self._ask(client, request.id, answer())

    @staticmethod
    async def _send_all(client: Client, replies: Sequence[Reply]) -> None:
        for index, reply in enumerate(replies):
            client.send(reply)
            if index % _BURST == _BURST - 1:
                await client.outlet.drain()
                await asyncio.sleep(_BURST_PAUSE_SECONDS)

    def _ask(
        self, client: Client, request_id: RequestId, work: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        """Answer in the background, at most ``MAX_PENDING`` questions of a client at a time."""
        if len(client.pending) >= MAX_PENDING:
            work.close()
            raise Busy(f"{MAX_PENDING} of your questions are being answered: wait for some")
        return self._spawn(client, request_id, work)

    def _spawn(
        self, client: Client, request_id: RequestId, work: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._guard(client, request_id, work))
        task.add_done_callback(lambda _: work.close())  # where it was cancelled before it began
        for tasks in (self._tasks, client.pending):
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        return task

    async def _guard(
        self, client: Client, request_id: RequestId, work: Coroutine[Any, Any, None]
    ) -> None:
        try:
            await work
        except ConnectionError:
            pass  # the client has gone; its connection says so itself
        except Exception as error:  # noqa: BLE001  # the room's door
            client.send(self.failure(request_id, error))

    def failure(self, request_id: RequestId, error: Exception) -> Failed:
        """The reply for whatever went wrong; what nobody foresaw is logged with its traceback."""
        if isinstance(error, MagnetError):
            return Failed(request_id, error.code, str(error))
        self._log.warning(f"request {request_id!r} broke the server", error)
        text = f"the server has a fault, please report it: {type(error).__name__}: {error}"
        return Failed(request_id, MagnetError.code, text)


def _check_can_stream(client: Client) -> None:
    if not client.outlet.can_stream:
        raise BadRequest("delivery stream needs a TCP connection; over UDP ask for delivery path")
