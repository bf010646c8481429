"""Every way to make a clip, for programs that use asyncio."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Unpack

from daw_bridge.client.clip_job import ClipJob, Ears, OnPreview, OnProgress
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.options import ClipSource, GenerateOptions, Prompt, source_name
from osc_server.contract.requests import CloseLoop, Continue, Infill, Start, Vary, VaryStrategy


class AsyncInstruments(ABC):
    """The part of ``AsyncMagnetClient`` that makes clips.

    All of these take the options of ``generate``, wait for the clip, cancel the job where their
    task is cancelled, and raise:

    - BadRequest for a name or value that the protocol does not have,
    - Forbidden for a file outside the folders that the server allows,
    - and whatever MagnetError the server names.
    """

    async def generate(
        self,
        prompt: Prompt = "",
        *,
        source: Start | None = None,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> ClipResult:
        """Make a clip and wait for it.

        Args:
            prompt: what you want to hear, or several with their weights; may be left out beside
                ``preset=``.
            source: what it starts from, such as ``Vary(clip.id, 0.3)``; the other
                methods say it in words.
            on_progress: called after each step.
            on_preview: called once a first, coarse version can be heard.
            **options: bars, beats, seconds, bpm, meter, key, seed, takes, rate, …: the names of
                ``/magnet/generate``.
        """
        return await self._make(source, prompt, Ears(on_progress, on_preview), options)

    async def continue_(
        self,
        clip: ClipSource,
        prompt: Prompt = "",
        *,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> ClipResult:
        """Go on from a clip, so many ``bars``; only the new part comes back."""
        start = Continue(source_name(clip))
        return await self._make(start, prompt, Ears(on_progress, on_preview), options)

    async def infill(
        self,
        clip: ClipSource,
        from_beats: float,
        to_beats: float,
        prompt: Prompt = "",
        *,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> ClipResult:
        """Make the part between two beats anew; outside of it every sample stays as it is."""
        start = Infill(source_name(clip), from_beats, to_beats)
        return await self._make(start, prompt, Ears(on_progress, on_preview), options)

    async def vary(
        self,
        clip: ClipSource,
        amount: float = 0.5,
        prompt: Prompt = "",
        *,
        strategy: VaryStrategy = "weakest",
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> ClipResult:
        """Make some of a clip anew: 0 nothing of it, 1 all of it."""
        start = Vary(source_name(clip), amount, strategy)
        return await self._make(start, prompt, Ears(on_progress, on_preview), options)

    async def loop(
        self,
        clip: ClipSource,
        prompt: Prompt = "",
        *,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> ClipResult:
        """Close the seam of a clip, so that it runs round."""
        start = CloseLoop(source_name(clip))
        return await self._make(start, prompt, Ears(on_progress, on_preview), options)

    async def start(
        self,
        prompt: Prompt = "",
        *,
        source: Start | None = None,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> ClipJob:
        """Ask for a clip and return as soon as the server has accepted the job.

        Args:
            prompt: as in ``generate``.
            source: what it starts from, such as ``Vary(clip.id, 0.3)``.
            on_progress: as in ``generate``.
            on_preview: as in ``generate``.
            **options: as in ``generate``.
        """
        return await self._accepted(source, prompt, Ears(on_progress, on_preview), options)

    @abstractmethod
    async def result(self, job: ClipJob) -> ClipResult:
        """Wait for a job."""

    @abstractmethod
    async def _accepted(
        self, start: Start | None, prompt: Prompt, ears: Ears, options: GenerateOptions
    ) -> ClipJob:
        """A job that the server has accepted."""

    async def _make(
        self, start: Start | None, prompt: Prompt, ears: Ears, options: GenerateOptions
    ) -> ClipResult:
        job = await self._accepted(start, prompt, ears, options)
        try:
            return await self.result(job)
        except asyncio.CancelledError:
            job.abandon()
            raise
