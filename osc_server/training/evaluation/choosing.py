"""``python -m osc_server.training.evaluation.choosing``: the seeds with which presets sound best.

Nobody's ear is in it: each preset is drawn from many seeds at its home tempo, and that one is
chosen whose loop is surest of its kind, keeps its tempo, shows separate notes where it should, and
closes. What was chosen, and how many seeds were as good, is printed; ``--write`` puts it into the
presets. To be run again for new weights.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from osc_server.library.presets import Preset, read_preset
from osc_server.magnet.engine import load_engine
from osc_server.rendering.plan import Engine, Plan
from osc_server.rendering.planning import plan_clip
from osc_server.training.evaluation.__main__ import progress_bar
from osc_server.training.evaluation.bench import Bench
from osc_server.training.evaluation.classifier import KINDS, Classifier
from osc_server.training.evaluation.learning import gather_kind_classifier
from osc_server.training.evaluation.material import CLASSIFIER_SEED, render, seeds_of_kind
from osc_server.training.evaluation.measures import NOTE_COUNTS, Bands, note_bands
from osc_server.training.evaluation.settings import QUICK
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.verdict import judge

PRESETS = Path(__file__).parents[3] / "presets"
console = Console()


def draw(engine: Engine, preset: Preset, kind: str, seeds: Sequence[int]) -> list[Specimen]:
    """A preset's loops, one a seed, as the server would draw them."""
    request, info = preset.request, engine.info
    plans: list[Plan] = [plan_clip(request, info, seed).plan for seed in seeds]
    loops: list[Specimen] = []
    for first in range(0, len(plans), 4):
        for drawn in engine.generate(plans[first : first + 4], lambda done, steps: None):
            audio = engine.decode(drawn.codes, circular=request.loop)[:, 0]
            seed = seeds[len(loops)]
            bars = round(float(request.length_beats / request.meter.beats_per_bar))
            loops.append(
                Specimen(audio, info.sample_rate_hz, kind, request.prompt, request.bpm, bars, seed)
            )
    return loops


def with_seed(text: str, seed: int) -> str:
    """A preset's file with this seed."""
    line = f"seed = {seed}"
    found = re.sub(r"(?m)^seed *=.*$", line, text)
    return found if line in found else f"{text.rstrip()}\n{line}\n"


def kind_of(text: str) -> str:
    """The kind of sound that a preset's file says in its first comment, ``# kind: drums``.

    Raises:
        typer.BadParameter: where it says none that is known.
    """
    found = re.search(r"(?m)^# kind: (\w+)$", text)
    if found is None or found[1] not in (*KINDS, "mix"):
        raise typer.BadParameter(f"a preset needs a line `# kind: …`, of {', '.join(KINDS)}, mix")
    return found[1]


def judges(engine: Engine, cache: Path) -> tuple[Classifier, Bands]:
    """Who judges: a classifier, from the folder ``cache`` where it is, and the corpus' notes."""
    bench = Bench(engine, QUICK, cache, progress_bar, torch.device(engine.info.device))
    classifier = gather_kind_classifier(bench)
    n_others = QUICK.yardstick_per_kind
    others = [s for kind in NOTE_COUNTS for s in seeds_of_kind(kind, n_others, CLASSIFIER_SEED)]
    with progress_bar("corpus clips to compare with", len(others)) as advance:
        return classifier, note_bands(render(others, bench.workers, advance))


def preset_files(holding: str = "") -> list[Path]:
    """The presets that come with the product, of sounds and not of controllers, by name."""
    paths = sorted(PRESETS.glob("*.toml"))
    return [path for path in paths if ".midi" not in path.name and holding in path.stem]


def main(
    seeds: Annotated[int, typer.Option(help="Seeds to try for each preset.")] = 12,
    cache: Annotated[Path, typer.Option(help="Keeps the classifier.")] = Path("train/evaluation"),
    only: Annotated[str, typer.Option(help="Presets whose name holds this.")] = "",
    write: Annotated[bool, typer.Option(help="Put the seeds into the presets.")] = False,
) -> None:
    """Choose a seed for each preset."""
    engine = load_engine("embedded", models_folder=Path("models"), device="auto")
    classifier, bands = judges(engine, cache)
    table = Table("preset", "seed", "its kind", "in time", "notes", "contrast, dB", "all met by")
    for path in preset_files(only):
        text = path.read_text("utf-8")
        loops = draw(engine, read_preset(path), kind_of(text), range(1, seeds + 1))
        judged = [judge(loop, classifier, bands) for loop in loops]
        best = max(judged, key=lambda each: each.rank)
        table.add_row(
            *(path.stem, str(best.seed), f"{100 * best.sure:.0f} %", _said(best.in_time)),
            *(_said(best.notes), f"{best.contrast_db:.0f}"),
            f"{sum(each.rank[0] == 4 for each in judged)} of {seeds}",
        )
        if write:
            part = path.with_suffix(".part")
            part.write_text(with_seed(text, best.seed), "utf-8")
            part.replace(path)
    console.print(table)


def _said(met: bool) -> str:
    return "yes" if met else "no"


if __name__ == "__main__":
    typer.run(main)
