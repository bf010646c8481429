"""One clip, with a progress bar: what ``generate``, its kin and ``demo`` have in common."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.client.clip_result import ClipResult, PreviewResult
from daw_bridge.client.options import GenerateOptions, Prompt
from osc_server.contract.replies import Progress as Step
from osc_server.contract.requests import Start


async def make_with_bar(
    client: AsyncMagnetClient,
    prompt: Prompt,
    options: GenerateOptions,
    console: Console,
    start: Start | None = None,
) -> ClipResult:
    """Make a clip and show how far it is.

    Args:
        client: a client that is connected.
        prompt: what it shall sound like.
        options: everything else about it.
        console: where the bar is drawn.
        start: the clip that it starts from, and how.

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

        def point_to(preview: PreviewResult) -> None:
            if preview.path is not None:
                console.print(f"a first, coarse version: {preview.path}", style="dim", markup=False)

        clip = await client.generate(
            prompt,
            source=start,
            on_progress=show,
            on_preview=point_to if options.get("preview") else None,
            **options,
        )
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
        *((("seam", _seam_details(clip)),) if clip.seam_flux or clip.seam_perplexity else ()),
        ("seed", str(clip.seed)),
        ("RTF", f"{clip.rtf:.2f} (compute seconds per second of audio)"),
        *(
            (f"take {take.rank}", f"{take.score:.3f} {take.path or take.clip}")
            for take in clip.takes
        ),
        *((("note", clip.notes),) if clip.notes else ()),
        *((("unknown words", " ".join(clip.unknown_words)),) if clip.unknown_words else ()),
        *more,
    ]
    for name, value in rows:
        table.add_row(name, Text(value, overflow="fold"))
    return table


def _seam_details(clip: ClipResult) -> str:
    return (
        f"flux {clip.seam_flux:.2f}, perplexity {clip.seam_perplexity:.2f} "
        "(against the inside; 1 is like any other place)"
    )


def in_short(clip: ClipResult) -> str:
    """What a clip is, for the line of messages."""
    said = [f"seed {clip.seed}, {clip.lufs:.1f} LUFS, RTF {clip.rtf:.2f}"]
    if clip.notes:
        said.append(clip.notes)
    if clip.unknown_words:
        said.append(f"the model never learned: {' '.join(clip.unknown_words)}")
    return "; ".join(said)
