"""The client for programs that use asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from daw_bridge.client.async_instruments import AsyncInstruments
from daw_bridge.client.clip_job import ClipJob, Ears
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.conversation import ANSWER_SECONDS, Conversation
from daw_bridge.client.options import GenerateOptions, Prompt, generate_request
from daw_bridge.client.wires import Transport
from osc_server.contract.addresses import DEFAULT_PORT
from osc_server.contract.errors import MagnetError
from osc_server.contract.replies import (
    ClipEnd,
    ClipItem,
    ClipNoted,
    HelpEnd,
    HelpLine,
    ModelEnd,
    ModelFetched,
    ModelFetching,
    ModelItem,
    ModelLicence,
    ModelLoaded,
    ModelUnloaded,
    Pong,
    PresetEnd,
    PresetItem,
    Reply,
    StatusReply,
    Synced,
    Welcome,
)
from osc_server.contract.requests import (
    Cancel,
    Delivery,
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
    Ping,
    RequestId,
    Start,
    Status,
    Sync,
    UnloadModel,
)

PATIENCE_SECONDS = 30.0
"""How long a job may be silent before the server is asked whether it is still there."""
OnFetching = Callable[[ModelFetching], None]
OnLicence = Callable[[ModelLicence], None]
LOAD_SECONDS = 600.0
"""How long a model may take to load: the large ones are read from slow disks."""


class AsyncMagnetClient(AsyncInstruments):
    """Ask a MAGNeT server for clips.

    ::

        async with AsyncMagnetClient() as magnet:
            clip = await magnet.generate("dusty breakbeat", bars=4, bpm=128.5)
            print(clip.path, clip.lufs)

    A job that can be watched and stopped::

        job = await magnet.start("warm pad", bars=8, on_progress=lambda p: print(p.fraction))
        await job.cancel()                  # or: clip = await job.result()

    A clip that starts from another, and several takes of it::

        fill = await magnet.infill(clip, 12, 16, "drum fill", takes=4)
        print([take.score for take in fill.takes])

    A server on another computer::

        async with AsyncMagnetClient("gpu-box.local", token="…") as magnet:
            clip = await magnet.generate("sub bass", delivery="stream")
            samples = clip.read()           # float32 [n_samples, n_channels]

    Everything raises a ``MagnetError`` whose text says what to do. One client belongs to one event
    loop; any number of jobs may be under way on it.

    Args:
        host: where the server runs.
        port: its port.
        transport: ``"tcp"`` (nothing gets lost, audio can be streamed) or ``"udp"``.
        token: the server's token, where it has one.
        on_error: called with the server's ``/magnet/error`` lines, which belong to no request.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        transport: Transport = "tcp",
        token: str = "",
        on_error: Callable[[str], None] | None = None,
    ) -> None:
        self._talk = Conversation(host, port, transport, on_error)
        self._token = token

    async def open(self) -> None:
        """Connect, and show the token if there is one; ``async with`` does it.

        Raises:
            DeviceUnavailable: where no server answers.
            Forbidden: where the token is not the server's.
        """
        await self._talk.open()
        try:
            if self._token:
                await self.hello(self._token)
            else:
                await self.ping()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect. The server cancels this client's waiting jobs."""
        await self._talk.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def result(self, job: ClipJob) -> ClipResult:
        """Wait for a job, and ask whether the server lives whenever it is silent for long."""
        while not job.done:
            job.heard.clear()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await job.heard.wait()
            except TimeoutError:
                await self.ping()
        return await job.result()

    async def clip(
        self, clip_id: str, *, stream: bool = False, rate: int | None = None
    ) -> ClipResult:
        """A clip that was made before, by its own id.

        Args:
            clip_id: which one.
            stream: whether its audio comes over the wire.
            rate: at how many samples per second, 8000 to 192000; None = as it was made.

        Raises:
            BadRequest: where there is no such clip, or the rate is out of range.
        """
        delivery: Delivery = "stream" if stream else "path"
        request = GetClip(self._talk.next_id(), clip_id, delivery, rate)
        return await self.result(self._send_job(request, Ears()))

    async def hello(self, token: str) -> None:
        """Show the server's token. Raises Forbidden where it is another."""
        await self._talk.ask(Hello(self._talk.next_id(), token), Welcome)

    async def ping(self) -> float:
        """Seconds that a message takes there and back."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._talk.ask(Ping(self._talk.next_id()), Pong)
        return loop.time() - began

    async def sync(self) -> None:
        """Wait until the server has handled all that was sent before."""
        await self._talk.ask(Sync(self._talk.next_id()), Synced)

    async def status(self) -> StatusReply:
        """What the server is doing."""
        _, status = await self._talk.ask(Status(self._talk.next_id()), StatusReply)
        return status

    async def models(self) -> list[ModelItem]:
        """Every model that can be loaded."""
        return await self._talk.collect(ListModels(self._talk.next_id()), ModelItem, ModelEnd)

    async def presets(self) -> list[PresetItem]:
        """Every preset."""
        return await self._talk.collect(ListPresets(self._talk.next_id()), PresetItem, PresetEnd)

    async def clips(self, limit: int = 100) -> list[ClipItem]:
        """The clips on the server's disk, the newest first."""
        return await self._talk.collect(ListClips(self._talk.next_id(), limit), ClipItem, ClipEnd)

    async def landed(self, clip: str, place: str, problem: str = "") -> None:
        """Keep with a clip where a host has put it, or why it could not.

        Args:
            clip: the clip's own id.
            place: where, in the host's words; may be empty where there is a problem.
            problem: why it could not be put there; empty where it was.

        Raises:
            BadRequest: where there is no such clip.
            StorageFailed: where the server cannot write it down.
        """
        await self._talk.ask(Landed(self._talk.next_id(), clip, place, problem), ClipNoted)

    async def help(self, topic: str = "") -> list[str]:
        """The server's own explanation of an address, or the list of them all."""
        lines = await self._talk.collect(Help(self._talk.next_id(), topic), HelpLine, HelpEnd)
        return [line.text for line in lines]

    async def load_model(self, model: str) -> None:
        """Make a model the current one; returns once it is loaded."""
        await self._talk.ask(LoadModel(self._talk.next_id(), model), ModelLoaded, LOAD_SECONDS)

    async def unload_model(self, model: str = "") -> None:
        """Free the memory of a model, or of the current one."""
        await self._talk.ask(UnloadModel(self._talk.next_id(), model), ModelUnloaded, LOAD_SECONDS)

    async def fetch_model(
        self,
        model: str,
        *,
        on_progress: OnFetching | None = None,
        on_licence: OnLicence | None = None,
    ) -> None:
        """Bring a model, and all that it needs, onto the server's disk.

        Cancelling the task stops it; asked again, it goes on where it stopped.

        Args:
            model: an official one such as ``magnet-small-10secs``, or ``owner/name`` on the hub.
            on_progress: called twice a second.
            on_licence: called before the first model under a licence comes.

        Raises:
            ModelUnavailable: there is no such model, or no way to it.
            StorageFailed: the server's disk has too little room.
        """

        def hear(reply: Reply) -> None:
            if isinstance(reply, ModelFetching) and on_progress is not None:
                on_progress(reply)
            elif isinstance(reply, ModelLicence) and on_licence is not None:
                on_licence(reply)

        request = FetchModel(self._talk.next_id(), model)
        try:
            await self._talk.ask(request, ModelFetched, LOAD_SECONDS, hear)
        except asyncio.CancelledError:
            with contextlib.suppress(MagnetError):
                self._talk.send(Cancel(request.id))
            raise

    async def _accepted(
        self, start: Start | None, prompt: Prompt, ears: Ears, options: GenerateOptions
    ) -> ClipJob:
        if ears.on_preview is not None and "preview" not in options:
            options = {**options, "preview": True}
        request = generate_request(self._talk.next_id(), prompt, options, start)
        job = self._send_job(request, ears)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await job.heard.wait()
        except TimeoutError as error:
            self._talk.detach(job)
            raise self._talk.gone() from error
        if job.accepted is None:
            await job.result()  # raises what the server named
        return job

    def _send_job(self, request: GenerateClip | GetClip, ears: Ears) -> ClipJob:
        job = ClipJob(request, self._cancel, ears)
        self._talk.attach(job)
        self._talk.send(request)
        return job

    def _cancel(self, request_id: RequestId) -> None:
        self._talk.send(Cancel(request_id))
