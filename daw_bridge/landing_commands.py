"""``magnet-bridge land``: a clip onto a track of a session that is not open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from daw_bridge.client import AsyncMagnetClient, ClipResult
from daw_bridge.config import BridgeConfig, load_config
from daw_bridge.delivery.ardour.ardour_sink import ArdourSink
from daw_bridge.flags import Clips, Config, Port, Server, TokenFile
from daw_bridge.serving import client_of_some_server
from osc_server.contract.errors import BadRequest, MagnetError

Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs work to its end, or until Ctrl-C."""
NEWEST = "newest"


def add_landing_commands(app: typer.Typer, run: Run, console: Callable[[], Console]) -> None:
    """Add ``land``.

    Args:
        app: the front door.
        run: runs what a command does.
        console: makes the terminal that it writes to.
    """

    @app.command()
    def land(  # noqa: PLR0913 - one argument a flag is how typer reads a command line
        clip: Annotated[str, typer.Argument(help="the clip's own id")] = NEWEST,
        ardour: Annotated[Path | None, typer.Option(help="an Ardour session, not open")] = None,
        track: Annotated[str, typer.Option(help="name of the audio track")] = "",
        bar: Annotated[int, typer.Option(min=1, help="the bar that it begins with")] = 1,
        times: Annotated[int, typer.Option(min=1, max=999, help="how often it sounds")] = 1,
        server: Server = None,
        port: Port = None,
        token_file: TokenFile = None,
        clips: Clips = None,
        config: Config = None,
    ) -> None:
        """Put a clip onto a track of a session that is not open, on its bar to the sample."""
        if ardour is None or not track:
            raise BadRequest(
                'say where to: magnet-bridge land --ardour SESSION --track "Drums" --bar 5'
            )
        flags = {"server": server, "port": port, "token_file": token_file, "clips": clips}
        sink = ArdourSink(ardour, track, bar, times)
        run(_land(load_config(flags, file=config), clip, sink, console()))


async def _land(config: BridgeConfig, clip_id: str, sink: ArdourSink, console: Console) -> None:
    async with client_of_some_server(config, console) as client:
        clip = await _clip(client, clip_id)
        try:
            place = await asyncio.to_thread(sink.deliver, clip)
        except MagnetError as error:
            await client.landed(clip.id, "", str(error))
            raise
        await client.landed(clip.id, place)
    console.print(f"{clip.id} is in {place}", markup=False, soft_wrap=True)
    if sink.note:
        console.print(sink.note, style="yellow", markup=False, soft_wrap=True)
    console.print(
        "Open the session now. Was it open all the while? Then close it without saving first: "
        "what Ardour saves would write over this.",
        style="dim",
        markup=False,
    )


async def _clip(client: AsyncMagnetClient, clip_id: str) -> ClipResult:
    """A clip by its id, or the newest."""
    if clip_id == NEWEST:
        newest = await client.clips(limit=1)
        if not newest:
            raise BadRequest('there is no clip yet: magnet-bridge generate "dusty breakbeat"')
        clip_id = newest[0].clip
    clip = await client.clip(clip_id)
    if clip.path is not None and not clip.path.exists():  # the server is on another computer
        streamed = await client.clip(clip_id, stream=True)
        clip = replace(clip, streamed=streamed.streamed)
    return clip
