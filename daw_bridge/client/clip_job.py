"""A job that the server is working on, as its client sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from daw_bridge.client.clip_result import ClipResult, PreviewResult, make_preview, make_result
from osc_server.contract.errors import Cancelled, DeviceUnavailable, MagnetError, error_from_code
from osc_server.contract.replies import (
    Accepted,
    AudioChunk,
    CancelledReply,
    Failed,
    Preview,
    PreviewChunk,
    Progress,
    Ready,
    Reply,
    Take,
)
from osc_server.contract.requests import GenerateClip, GetClip, RequestId

OnProgress = Callable[[Progress], None]
OnPreview = Callable[[PreviewResult], None]


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told what while a clip is made.

    Attributes:
        on_progress: called after each step.
        on_preview: called once a first, coarse version can be heard.
    """

    on_progress: OnProgress | None = None
    on_preview: OnPreview | None = None


_DEAF = Ears()


class ClipJob:
    """A clip in the making: ``await job.result()``, or ``await job.cancel()``.

    Made by ``AsyncMagnetClient.start``; belongs to that client's event loop.

    Attributes:
        request: what was asked.
        accepted: the server's first answer, with place and ETA; None until then.
        progress: its last word on how far it is; None until then.
        preview: a first, coarse version of the clip; None until then.
    """

    def __init__(
        self,
        request: GenerateClip | GetClip,
        send_cancel: Callable[[RequestId], None],
        ears: Ears = _DEAF,
    ) -> None:
        self.request = request
        self.accepted: Accepted | None = None
        self.progress: Progress | None = None
        self.preview: PreviewResult | None = None
        self.heard = asyncio.Event()
        """Set whenever the server says something about this job."""
        self._send_cancel = send_cancel
        self._ears = ears
        self._chunks: dict[int, AudioChunk] = {}
        self._preview_chunks: dict[int, PreviewChunk] = {}
        self._takes: dict[int, Take] = {}
        self._result: asyncio.Future[ClipResult] = asyncio.get_running_loop().create_future()
        # An error that nobody waits for is no news to asyncio's log.
        self._result.add_done_callback(lambda done: done.cancelled() or done.exception())

    @property
    def id(self) -> RequestId:
        """The id that this client gave it."""
        return self.request.id

    @property
    def done(self) -> bool:
        """Whether it is ready, has failed or is cancelled."""
        return self._result.done()

    async def result(self) -> ClipResult:
        """Wait for the clip. Cancelling the waiting task leaves the job running.

        Raises:
            MagnetError: the error that the server named: Cancelled, BadRequest, OutOfMemory, …
        """
        return await asyncio.shield(self._result)

    async def cancel(self) -> None:
        """Stop the job, waiting or in mid-render, and wait until it has stopped."""
        self.abandon()
        await asyncio.wait([self._result])

    def abandon(self) -> None:
        """Ask the server to stop the job, without waiting."""
        if not self.done:
            with suppress(DeviceUnavailable):  # the wire is lost, and the job with it
                self._send_cancel(self.id)

    def fail(self, error: MagnetError) -> None:
        """End the job with an error of this side, such as a lost connection."""
        if not self.done:
            self._result.set_exception(error)
        self.heard.set()

    def take(self, reply: Reply) -> None:
        """A reply that carries this job's id."""
        if isinstance(reply, Accepted):
            self.accepted = reply
        elif isinstance(reply, Progress):
            self.progress = reply
            if self._ears.on_progress is not None:
                self._ears.on_progress(reply)
        elif isinstance(reply, Ready):
            self._finish(reply)
        elif isinstance(reply, CancelledReply):
            self.fail(Cancelled("cancelled"))
        elif isinstance(reply, Failed):
            self.fail(error_from_code(reply.code, reply.text))
        else:
            self._take_part(reply)
        self.heard.set()

    def _take_part(self, reply: Reply) -> None:
        if isinstance(reply, AudioChunk):
            self._chunks[reply.index] = reply
        elif isinstance(reply, PreviewChunk):
            self._preview_chunks[reply.index] = reply
        elif isinstance(reply, Preview):
            self._take_preview(reply)
        elif isinstance(reply, Take):
            self._takes[reply.rank] = reply

    def _take_preview(self, preview: Preview) -> None:
        try:
            self.preview = make_preview(preview, self._preview_chunks)
        except MagnetError:
            return  # pieces of it were lost; the clip itself is on its way
        if self._ears.on_preview is not None:
            self._ears.on_preview(self.preview)

    def _finish(self, ready: Ready) -> None:
        request = self.request if isinstance(self.request, GenerateClip) else None
        takes = [self._takes[rank] for rank in sorted(self._takes)]
        try:
            result = make_result(ready, request, self._chunks, takes)
        except MagnetError as error:
            self.fail(error)
            return
        if not self.done:
            self._result.set_result(result)
