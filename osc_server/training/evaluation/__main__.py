"""``python -m osc_server.training.evaluation``: measure a model and write its report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from osc_server.magnet.engine import load_engine
from osc_server.rendering.plan import Engine
from osc_server.rendering.tone_engine import ToneEngine
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.evaluation.figures import make_figures
from osc_server.training.evaluation.gathering import (
    Machine,
    gather_classifier,
    gather_generated,
    gather_reference,
)
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.publishing import publish
from osc_server.training.evaluation.settings import FULL, QUICK, Settings

console = Console()


@contextmanager
def progress_bar(title: str, steps: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere only a line at the start."""
    columns = (TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(title, total=steps)
        yield lambda done: progress.advance(task, done)


def evaluate(
    engine: Engine, settings: Settings, machine: Machine, cache: Path, out: Path
) -> Record:
    """Gather, measure and publish; returns the figures."""
    classifier = gather_classifier(engine, settings, machine, cache, progress_bar)
    reference = gather_reference(engine, settings, machine, progress_bar)
    generated = gather_generated(engine, HELD_OUT, settings, machine, progress_bar)
    with console.status("measuring"):
        figures = make_figures(engine.info, settings, classifier, reference, generated)
        publish(figures, reference, generated, out)
    return figures


def print_goals(figures: Record) -> None:
    """The goals as a table on the terminal."""
    table = Table("goal", "measured", "clips", "at least", "met")
    for goal in figures["goals"]:
        value = goal["value"]
        table.add_row(
            goal["name"],
            f"{100 * value['share']:.1f} %",
            f"{value['hits']}/{value['total']}",
            f"{100 * goal['goal']:.0f} %",
            "yes" if goal["met"] else "no",
        )
    console.print(table)


def main(  # noqa: PLR0913  (each is a flag)
    model: Annotated[str, typer.Option(help="embedded, a folder, a name, or tone.")] = "embedded",
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("docs/embedded-model"),
    full: Annotated[bool, typer.Option("--full/--quick", help="How much to measure.")] = False,
    cache: Annotated[Path, typer.Option(help="Keeps the classifier.")] = Path("train/evaluation"),
    models: Annotated[Path, typer.Option(help="Models folder.")] = Path("models"),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    workers: Annotated[
        int, typer.Option(help="Processes that render clips; 0 takes half the cores.")
    ] = 0,
    batch: Annotated[int, typer.Option(help="Loops made at once.")] = 16,
) -> None:
    """Measure a model on held-out prompts and write report, pictures and examples."""
    engine: Engine
    if model == "tone":
        engine = ToneEngine()
    else:
        engine = load_engine(model, models_folder=models, device=device)
    place = torch.device(engine.info.device)
    # On two cores a second process costs more to start than it saves.
    workers = workers or max(1, (os.cpu_count() or 1) // 2)
    machine = Machine(device=place, workers=workers, batch=batch)
    figures = evaluate(engine, FULL if full else QUICK, machine, cache, out)
    print_goals(figures)
    console.print(f"report in {out / 'report.md'}")


if __name__ == "__main__":
    typer.run(main)
