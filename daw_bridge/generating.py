"""``magnet-bridge generate`` and its kin: one clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from daw_bridge.audio.load import make_loop
from daw_bridge.audio.output import AudioOutput
from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.options import GenerateOptions, Prompt
from daw_bridge.delivery.folder_sink import FolderSink, save_clip
from daw_bridge.making import facts, make_with_bar
from daw_bridge.picture import save_picture
from daw_bridge.playing import play
from osc_server.contract.musical_time import Meter
from osc_server.contract.requests import Start

OpenOutput = Callable[[], AudioOutput]


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do with one clip.

    Attributes:
        prompt: what it shall sound like.
        options: everything else about it.
        start: the clip that it starts from, and how; None for words alone.
        out: a WAV to write it to; None leaves it in the clips folder, or, where that is another
            computer's, saves it here under a name of its own.
        picture: a PNG to draw it to; None for none.
        rounds: how often to play it; 0 for not at all.
    """

    prompt: Prompt
    options: GenerateOptions
    start: Start | None = None
    out: Path | None = None
    picture: Path | None = None
    rounds: int = 0


async def generate(
    client: AsyncMagnetClient, wish: Wish, open_output: OpenOutput, console: Console
) -> ClipResult:
    """Make a clip, save it, draw it, play it, as wished.

    Raises:
        MagnetError: with what to do.
    """
    # Opened first: who wants to hear it learns of a missing device before the wait.
    output = open_output() if wish.rounds else None
    clip = await make_with_bar(client, wish.prompt, wish.options, console, wish.start)
    more = []
    if wish.out is not None:
        more.append(("saved as", str(save_clip(clip, wish.out))))
    elif clip.path is None:  # on another computer's disk only
        more.append(("saved as", FolderSink(Path.cwd()).deliver(clip)))
    if wish.picture is not None:
        meter = Meter.parse(wish.options.get("meter", "4/4"))
        more.append(("picture", str(save_picture(clip, meter, wish.picture))))
    console.print(facts(clip, *more))
    if output is not None:
        console.print(f"playing on {output.description}", style="dim")
        await play_clip(clip, output, wish.rounds)
    return clip


async def play_clip(clip: ClipResult, output: AudioOutput, rounds: int) -> None:
    """Play whole rounds of a clip."""
    loop = make_loop(
        clip.prompt or clip.id,
        clip.read(),
        clip.rate_hz,
        clip.beats,
        clip.bpm,
        output.rate_hz,
        output.n_channels,
    )
    await play(loop, output, rounds)
