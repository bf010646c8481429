"""``magnet-bridge reaper rpp``: clips of the library into a project file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from daw_bridge.config import BridgeConfig
from daw_bridge.reaper.rpp_sink import RppSink
from daw_bridge.serving import client_of_some_server
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter

_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Goal:
    """Where clips go.

    Attributes:
        project: the file.
        track: the track's name.
        bar: of the first clip, counted from 1; None for the first free one. Each further clip
            goes to the first free one behind all others.
        meter: of a project that is made.
        marker: whether each clip gets a marker.
    """

    project: Path
    track: str
    bar: int | None
    meter: Meter
    marker: bool


async def hand_over(
    config: BridgeConfig, goal: Goal, clip_ids: Sequence[str], console: Console
) -> None:
    """Put clips one after the other into a project file.

    Raises:
        MagnetError: with what to do; the clips before it are in the project.
    """
    async with client_of_some_server(config, console) as client:
        known = {item.clip: item.prompt for item in await client.clips(_LISTED)}
        ids = list(clip_ids) or list(known)[:1]
        if not ids:
            raise BadRequest("there is no clip yet: make one with `magnet-bridge generate`")
        for place, clip_id in enumerate(ids):
            clip = await client.clip(clip_id, stream=config.delivery() == "stream")
            clip = replace(clip, prompt=known.get(clip_id, ""))
            bar = goal.bar if place == 0 else None
            sink = RppSink(goal.project, goal.track, bar, goal.meter, marker=goal.marker)
            where = await asyncio.to_thread(sink.deliver, clip)
            await client.landed(clip_id, where)
            console.print(f"{clip_id}: {where}", markup=False)
