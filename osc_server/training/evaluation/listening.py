"""``python -m osc_server.training.evaluation.listening``: a page on which each preset is heard.

Every preset that comes with the product, with its own seed: audio, spectrogram, and what was
measured of it, also where that is bad. Writes ``docs/presets.md`` and the folder beside it.
"""

# ruff: noqa: E501 - lines of the page are as long as the page's

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from osc_server.library.presets import Preset, read_preset
from osc_server.magnet.engine import load_engine
from osc_server.training.evaluation.choosing import (
    draw,
    judges,
    kind_of,
    preset_files,
)
from osc_server.training.evaluation.examples import write_loop
from osc_server.training.evaluation.pictures import save, strip
from osc_server.training.evaluation.verdict import Judged, findings, judge

DOCS = Path(__file__).parents[3] / "docs"
console = Console()


@dataclass(frozen=True, slots=True)
class Heard:
    """A preset's clip on the page.

    Attributes:
        preset: its name, words and tempo.
        kind: of sound.
        judged: what was measured.
        audio: name of the file in the page's folder.
    """

    preset: Preset
    kind: str
    judged: Judged
    audio: str

    @property
    def findings(self) -> str:
        """See ``findings``."""
        return findings(self.kind, self.judged, loops=self.preset.request.loop)


def page(heard: Sequence[Heard], weights: str, folder: str) -> str:
    """The page, in Markdown."""
    n_good = sum("**" not in each.findings for each in heard)
    lines = [
        "# The presets, heard",
        "",
        f"Each preset of the embedded model (weights `{weights[:12]}`) as it sounds with its own seed, four bars at its home tempo. Made by",
        "`python -m osc_server.training.evaluation.listening`; the seeds were chosen by measure ([training.md](training.md)). What follows",
        "each picture is measured, not praised: a classifier that learned from the training's own sounds says what it hears, the rest is as in",
        f"[the report](embedded-model/report.md). All is met by {n_good} of {len(heard)}.",
        "",
        "| preset | | measured |",
        "|---|---|---|",
    ]
    for each in heard:
        request = each.preset.request
        words = f"{request.prompt}{f', {request.key}' if request.key else ''}"
        lines.append(
            f"| **{each.preset.name}**<br>{words}<br>{request.bpm:g} BPM, seed {request.seed}"
            f"<br>[listen]({folder}/{each.audio}) | ![]({folder}/{each.preset.name}.png) "
            f"| {each.findings} |"
        )
    return "\n".join(lines) + "\n"


def main(
    out: Annotated[Path, typer.Option(help="The page; audio and pictures go beside it.")] = DOCS
    / "presets.md",
    cache: Annotated[Path, typer.Option(help="Keeps the classifier.")] = Path("train/evaluation"),
) -> None:
    """Draw, judge and write."""
    engine = load_engine("embedded", models_folder=Path("models"), device="auto")
    classifier, bands = judges(engine, cache)
    folder = out.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    heard = []
    for path in preset_files():
        preset, kind = read_preset(path), kind_of(path.read_text("utf-8"))
        (loop,) = draw(engine, preset, kind, [preset.request.seed or 0])
        save(strip(loop), folder / f"{path.stem}.png")
        audio = write_loop(loop, folder, path.stem)
        heard.append(Heard(preset, kind, judge(loop, classifier, bands), audio))
        console.print(f"{path.stem}: {heard[-1].findings}")
    out.write_text(page(heard, engine.info.weights_hash, folder.name), "utf-8")


if __name__ == "__main__":
    typer.run(main)
