"""``python -m osc_server.training.evaluation``: measure a model and write its report."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from osc_server.magnet.engine import MagnetEngine, load_engine
from osc_server.rendering.tone_engine import ToneEngine
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.evaluation.ablations import (
    VARIANTS,
    Variants,
    play_variant,
    take_turns,
    variant_engine,
)
from osc_server.training.evaluation.asks import kind_asks, variant_asks
from osc_server.training.evaluation.bench import Bench
from osc_server.training.evaluation.examples import Judges
from osc_server.training.evaluation.figures import make_figures
from osc_server.training.evaluation.gathering import gather_generated, gather_reference
from osc_server.training.evaluation.learning import (
    gather_family_classifier,
    gather_kind_classifier,
)
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.publishing import publish
from osc_server.training.evaluation.reading import load_reader
from osc_server.training.evaluation.remembering import RememberingEngine
from osc_server.training.evaluation.settings import SIZES

console = Console()
_TURNS = 6  # of timing the ways to decode, and one more that does not count


@contextmanager
def progress_bar(title: str, steps: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere only a line at the start."""
    columns = (TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(title, total=steps)
        yield lambda done: progress.advance(task, done)


def evaluate(bench: Bench, play: Callable[[], Variants], out: Path) -> Record:
    """Gather, measure and publish; returns the figures.

    What takes long comes first and is kept: an evaluation that was interrupted goes on there.

    Args:
        bench: what it works with.
        play: gives what each way of decoding plays.
        out: folder of the report.
    """
    judges = Judges(gather_kind_classifier(bench), gather_family_classifier(bench))
    generated = gather_generated(bench, HELD_OUT)
    variants = play()
    reference = gather_reference(bench)
    with console.status("measuring"):
        figures = make_figures(bench, judges, reference, generated, variants)
        publish(figures, judges, reference, generated, out)
    return figures


def play_variants(bench: Bench, spec: str, models_folder: Path) -> Variants:
    """Every way of decoding, on the first prompts of each kind."""
    asks = variant_asks(kind_asks(HELD_OUT, bench.settings), bench.settings)
    has_network = isinstance(bench.engine, MagnetEngine)
    possible = [variant for variant in VARIANTS if has_network or variant.is_of_decoding_alone]
    engines = [
        (
            variant,
            variant_engine(variant, spec, models_folder, bench.device)
            if variant.is_another_network
            else bench.engine,
        )
        for variant in possible
    ]
    played = []
    with bench.progress("ways to decode", len(asks) * len(possible)) as advance:
        for variant, engine in engines:
            remembering = RememberingEngine(engine, bench.cache / "variants", variant.network)
            played.append((variant, play_variant(variant, remembering, asks, advance)))
    with TemporaryDirectory() as folder:
        times = take_turns(engines, asks[:: max(1, len(asks) // _TURNS)], Path(folder))
    return [
        (variant, replace(found, times=n))
        for (variant, found), n in zip(played, times, strict=True)
    ]


def print_goals(figures: Record) -> None:
    """The goals as a table on the terminal."""
    table = Table("goal", "measured", "clips", "at least", "met")
    for goal in figures["goals"]:
        value = goal["value"]
        table.add_row(
            goal["name"],
            f"{100 * value['share']:.1f} %",
            f"{value['hits']}/{value['total']}" if "hits" in value else "",
            f"{100 * goal['goal']:.0f} %",
            "yes" if goal["met"] else "no",
        )
    console.print(table)


def main(  # noqa: PLR0913  (each is a flag)
    model: Annotated[str, typer.Option(help="embedded, a folder, a name, or tone.")] = "embedded",
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("report"),
    size: Annotated[str, typer.Option(help=f"How much to measure: {', '.join(SIZES)}.")] = "quick",
    cache: Annotated[Path, typer.Option(help="Keeps the classifier.")] = Path("train/evaluation"),
    models: Annotated[Path, typer.Option(help="Models folder.")] = Path("models"),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    workers: Annotated[
        int, typer.Option(help="Processes that render clips; 0 takes half the cores.")
    ] = 0,
    batch: Annotated[int, typer.Option(help="Loops made at once.")] = 16,
) -> None:
    """Measure a model on held-out prompts and write report, pictures and examples."""
    if size not in SIZES:
        raise typer.BadParameter(f"there is no size {size}: {', '.join(SIZES)}")
    settings = SIZES[size]
    place, reader = torch.device("cpu"), None
    bare: MagnetEngine | ToneEngine
    explained: Collection[str] = ()
    if model == "tone":
        bare = ToneEngine()
    else:
        bare = load_engine(model, models_folder=models, device=device)
        place = torch.device(bare.info.device)
        explained = bare.vocabulary.explained() if bare.vocabulary else explained
        reader = load_reader(model, models, place)
    # On two cores a second process costs more to start than it saves.
    workers = workers or max(1, (os.cpu_count() or 1) // 2)
    engine = RememberingEngine(bare, cache / "codes")
    bench = Bench(engine, settings, cache, progress_bar, place, workers, batch, reader, explained)
    figures = evaluate(
        bench, lambda: play_variants(replace(bench, engine=bare), model, models), out
    )
    print_goals(figures)
    console.print(f"report in {out / 'report.md'}")


if __name__ == "__main__":
    typer.run(main)
