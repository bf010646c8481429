"""Preview first, where a take is late: its coarse version takes the bar that was meant for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from fractions import Fraction
from typing import Any

from daw_bridge.client.clip_result import PreviewResult
from daw_bridge.delivery.deck_sink import DeckSink
from osc_server.contract.errors import MagnetError

_LOOK_SECONDS = 0.02
_LAST_CALL_SECONDS = 0.1
"""Before a cue for the bar would be too late: until then the take itself may still come."""

PutOn = Callable[[PreviewResult], Coroutine[Any, Any, Fraction]]
"""Loads a preview and cues it; the beat on which it will begin."""


class StandIn:
    """Waits for a take's preview, and lets it be cued if the take is not there by its last call.

    Args:
        sink: says how much time is left.
        earliest: the clock's beat that the take is meant for.
        put_on: loads and cues the preview.
    """

    def __init__(self, sink: DeckSink, earliest: Fraction, put_on: PutOn) -> None:
        self._sink = sink
        self._earliest = earliest
        self._put_on = put_on
        self._task: asyncio.Task[None] | None = None
        self.beat: Fraction | None = None
        """The beat on which the preview begins; None while it is not cued."""

    def hear(self, preview: PreviewResult) -> None:
        """A preview can be heard; what the server makes anew after a crash is not heard twice."""
        if self._task is None:
            self._task = asyncio.create_task(self._cue_in_time(preview))

    def close(self) -> None:
        """The take is there, or nobody wants it any more."""
        if self._task is not None:
            self._task.cancel()

    async def _cue_in_time(self, preview: PreviewResult) -> None:
        while self._sink.seconds_until(self._earliest) > _LAST_CALL_SECONDS:
            await asyncio.sleep(_LOOK_SECONDS)
        with suppress(MagnetError):  # without it the old loop goes on until the take is whole
            self.beat = await self._put_on(preview)
