"""A job's replies on their way to its client, with its audio where that is streamed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from osc_server.contract.errors import StorageFailed
from osc_server.contract.replies import Preview, Progress, Ready, Take
from osc_server.contract.requests import GenerateClip, RequestId
from osc_server.endpoint.backend import Backend, JobReply
from osc_server.endpoint.quiet import Seldom
from osc_server.endpoint.streaming import stream_clip, stream_preview
from osc_server.endpoint.subscribers import Client

Spawn = Callable[[Client, RequestId, Coroutine[Any, Any, None]], asyncio.Task[None]]
"""Runs something in the background; what goes wrong in it is sent to the client."""


class Relay:
    """Takes the replies of one job; nothing passes after its last.

    Args:
        client: whose job it is.
        request: what was asked.
        backend: reads audio.
        spawn: runs what is streamed.
        seldom: lets progress through.
    """

    def __init__(
        self, client: Client, request: GenerateClip, backend: Backend, spawn: Spawn, seldom: Seldom
    ) -> None:
        self._client = client
        self._streams = request.delivery == "stream"
        self._id = request.id
        self._backend = backend
        self._spawn = spawn
        self._seldom = seldom
        self._ended = False
        self._previewing: asyncio.Task[None] | None = None

    def __call__(self, reply: JobReply) -> None:
        """Pass a reply on."""
        if self._client.gone or self._ended:
            return
        if isinstance(reply, Progress):
            if reply.step >= reply.steps or self._seldom.allows():
                self._client.send(reply)
        elif isinstance(reply, Preview) and self._streams:
            self._previewing = self._spawn(self._client, self._id, self._stream_preview(reply))
        elif isinstance(reply, Preview | Take):
            self._client.send(replace(reply, path="") if self._streams else reply)
        else:
            self._end(reply)

    def _end(self, reply: JobReply) -> None:
        self._ended = True
        if isinstance(reply, Ready) and self._streams:
            # It is alive until all of it is sent.
            task = self._spawn(self._client, self._id, self._stream(reply))
            self._client.keep_alive(self._id, task)
            return
        if self._previewing is not None:
            self._previewing.cancel()
        del self._client.live[self._id]
        self._client.send(reply)

    async def _stream(self, ready: Ready) -> None:
        if self._previewing is not None:
            await self._previewing  # directly, so that cancelling this cancels that at once
        audio, _ = await self._backend.read_wav(ready.path)
        await stream_clip(self._client, ready, audio)

    async def _stream_preview(self, preview: Preview) -> None:
        try:
            audio, rate_hz = await self._backend.read_wav(preview.path)
        except StorageFailed:
            return  # the clip was ready sooner, or will be without it
        await stream_preview(self._client, preview, audio, rate_hz)
