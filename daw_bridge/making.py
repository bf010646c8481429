"""One clip from words, with a progress bar: what ``generate`` and ``demo`` have in common."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.options import GenerateOptions
from osc_server.contract.replies import Progress as Step


async def make_with_bar(
    client: AsyncMagnetClient, prompt: str, options: GenerateOptions, console: Console
) -> ClipResult:
    """Make a clip and show how far it is.

    Raises:
        MagnetError: what the server named.
    """
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        TextColumn("{task.fields[steps]}"),
        TimeElapsedColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task("loading the model", total=None, steps="")

        def show(step: Step) -> None:
            bar.update(
                task,
                description="rendering",
                total=1.0,
                completed=step.fraction,
                steps=f"step {step.step} of {step.steps}",
            )

        clip = await client.generate(prompt, on_progress=show, **options)
        bar.update(task, description="rendered", total=1.0, completed=1.0)
    return clip


def facts(clip: ClipResult, *more: tuple[str, str]) -> Table:
    """What a clip is, as a table for the terminal."""
    measured = f", measured {clip.bpm_measured:.1f}" if clip.bpm_measured else ""
    bars = f"{clip.bars:g} {'bar' if clip.bars == 1 else 'bars'}"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    rows = [
        ("clip", str(clip.path or clip.id)),
        ("length", f"{bars}, {clip.seconds:.3f} s at {clip.rate_hz} Hz"),
        ("tempo", f"{clip.bpm:g} BPM{measured}"),
        ("loudness", f"{clip.lufs:.1f} LUFS"),
        ("seam", f"{clip.seam:.2f} (up to 1 it cannot be heard)"),
        ("seed", str(clip.seed)),
        ("RTF", f"{clip.rtf:.2f} (compute seconds per second of audio)"),
        *((("note", clip.notes),) if clip.notes else ()),
        *more,
    ]
    for name, value in rows:
        table.add_row(name, Text(value, overflow="fold"))
    return table
