"""``magnet-bridge demo``: from an OSC message to music, with nothing else at hand."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from daw_bridge.audio.output import AudioOutput
from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.client.options import GenerateOptions, generate_request
from daw_bridge.delivery.folder_sink import FolderSink
from daw_bridge.generating import play_clip
from daw_bridge.making import facts, make_with_bar
from daw_bridge.picture import save_picture
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.musical_time import Meter
from osc_server.contract.parsing import request_args, row_of

ROUNDS = 2
"""Twice, so that the seam is heard."""


@dataclass(frozen=True, slots=True)
class DemoWish:
    """What the demo asks for.

    Attributes:
        prompt: what it shall sound like.
        bars: its length.
        bpm: its tempo.
        seed: the same seed makes the same clip.
        folder: where WAV and picture go.
        rounds: how often it is played; 0 for not at all.
    """

    prompt: str
    bars: float
    bpm: float
    seed: int
    folder: Path
    rounds: int = ROUNDS

    def silent(self) -> DemoWish:
        """The same, not played."""
        return replace(self, rounds=0)


async def run_demo(
    client: AsyncMagnetClient,
    wish: DemoWish,
    open_output: Callable[[], AudioOutput],
    console: Console,
) -> Path:
    """Ask as a DAW would, show, save, draw and play what comes back; the path of the WAV.

    Raises:
        MagnetError: with what to do.
    """
    options: GenerateOptions = {"bars": wish.bars, "bpm": wish.bpm, "seed": wish.seed}
    console.print("sent over UDP, as a DAW would:", style="dim")
    console.print(Text("  " + as_osc_text(wish.prompt, options), style="cyan"))
    clip = await make_with_bar(client, wish.prompt, options, console)
    wav = Path(FolderSink(wish.folder).deliver(clip))
    picture = save_picture(clip, Meter(), wav.with_suffix(".png"))
    console.print(facts(clip, ("saved as", str(wav)), ("picture", str(picture))))
    if wish.rounds:
        try:
            output = open_output()
            console.print(f"playing it {wish.rounds} times on {output.description}", style="dim")
            await play_clip(clip, output, wish.rounds)
        except DeviceUnavailable as error:
            console.print(f"not played: {error}. The WAV is there all the same.", style="yellow")
    return wav


def as_osc_text(prompt: str, options: GenerateOptions) -> str:
    """The OSC message, as one would type it: ``/magnet/generate 1 prompt 'warm pad' bars 4.0``."""
    request = generate_request(1, prompt, options)
    words = [f"{arg:g}" if isinstance(arg, float) else str(arg) for arg in request_args(request)]
    return " ".join([row_of(request).address, *(shlex.quote(word) for word in words)])
