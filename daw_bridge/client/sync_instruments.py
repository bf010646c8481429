"""Every way to make a clip, for programs without asyncio."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, TypeVar, Unpack

from daw_bridge.client.async_instruments import AsyncInstruments
from daw_bridge.client.clip_job import OnPreview, OnProgress
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.options import ClipSource, GenerateOptions, Prompt
from osc_server.contract.requests import Start, VaryStrategy

Answer = TypeVar("Answer")


class SyncInstruments(ABC):
    """The part of ``MagnetClient`` that makes clips; see ``AsyncInstruments``.

    ``on_progress`` and ``on_preview`` are called from the background thread.
    """

    def generate(
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

        Raises:
            BadRequest: for a name or value that the protocol does not have.
            MagnetError: what the server named.
        """
        return self._run(
            self._instruments.generate(
                prompt,
                source=source,
                on_progress=on_progress,
                on_preview=on_preview,
                **options,
            )
        )

    def continue_(
        self,
        clip: ClipSource,
        prompt: Prompt = "",
        *,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> ClipResult:
        """Go on from a clip, so many ``bars``; only the new part comes back."""
        return self._run(
            self._instruments.continue_(
                clip, prompt, on_progress=on_progress, on_preview=on_preview, **options
            )
        )

    def infill(
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
        return self._run(
            self._instruments.infill(
                clip,
                from_beats,
                to_beats,
                prompt,
                on_progress=on_progress,
                on_preview=on_preview,
                **options,
            )
        )

    def vary(
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
        return self._run(
            self._instruments.vary(
                clip,
                amount,
                prompt,
                strategy=strategy,
                on_progress=on_progress,
                on_preview=on_preview,
                **options,
            )
        )

    def loop(
        self,
        clip: ClipSource,
        prompt: Prompt = "",
        *,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> ClipResult:
        """Close the seam of a clip, so that it runs round."""
        return self._run(
            self._instruments.loop(
                clip, prompt, on_progress=on_progress, on_preview=on_preview, **options
            )
        )

    @property
    @abstractmethod
    def _instruments(self) -> AsyncInstruments:
        """What does the work."""

    @abstractmethod
    def _run(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """Wait for what runs on the background thread's loop."""
