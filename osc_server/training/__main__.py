"""``python -m osc_server.training``: make the embedded model again, stage by stage or all of it.

Every stage can be interrupted and started again; it goes on where it was. ``decoder`` and
``network`` need only ``codes`` and may run at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from osc_server.magnet.spectral_codec import SpectralCodec
from osc_server.training import checkpoint
from osc_server.training.codec_training import CodecTraining, Report
from osc_server.training.corpus.build import build
from osc_server.training.corpus.fluidsynth import SamplerUnavailable
from osc_server.training.corpus.revisions import LATEST, SHIPPED
from osc_server.training.corpus.soundfonts import VARIABLE
from osc_server.training.data import AudioBank
from osc_server.training.export import export
from osc_server.training.network_data import CodeBank, encode_corpus
from osc_server.training.network_training import NetworkTraining
from osc_server.training.sizes import SIZES, Size

console = Console()


class Stage(StrEnum):
    """What can be run; ``all`` is the others in order."""

    ALL = "all"
    CORPUS = "corpus"
    CODEC = "codec"
    CODES = "codes"
    DECODER = "decoder"
    NETWORK = "network"
    EXPORT = "export"


@contextmanager
def reporting(title: str, steps: int) -> Iterator[Report]:
    """A progress bar with the losses beside it; plain lines where there is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[losses]}"))
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        task = progress.add_task(title, total=steps, losses="")

        def report(step: int, losses: dict[str, float]) -> None:
            text = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
            progress.update(task, completed=step, losses=text)
            if not console.is_terminal and step % 500 == 0:
                console.print(f"{title} {step}/{steps}  {text}")

        yield report


class Training:
    """One run of the recipe in one folder."""

    def __init__(
        self,
        size: Size,
        folder: Path,
        device: torch.device,
        workers: int,
        soundfont: Path | None = None,
    ) -> None:
        self.size, self.folder, self.device, self.workers = size, folder, device, workers
        self.soundfont = soundfont

    def corpus(self) -> None:
        """Render the clips."""
        build(
            self.folder,
            self.size.seed,
            self.size.n_clips,
            self.workers,
            self.size.corpus_revision,
            self.soundfont,
        )

    def codec(self) -> None:
        """Train encoder, codebooks and decoder together."""
        self._codec("joint", self.size.n_codec_clips)

    def decoder(self) -> None:
        """Train the decoder on frozen codes."""
        self._codec("decoder", self.size.n_codec_clips)

    def codes(self) -> None:
        """Encode the corpus once, for the network."""
        saved = checkpoint.load(self.folder / "codec-joint.pt", self.device)
        if saved is None:
            raise ValueError("the codec is not trained yet: run the stage codec first")
        codec = SpectralCodec(self.size.codec).to(self.device)
        codec.load_state_dict(saved["codec"])
        bank = AudioBank(self.folder, self.size.n_clips, self.device, resident=False)
        with reporting("codes", self.size.n_clips) as report:
            n_clips, folder = self.size.n_clips, self.folder
            encode_corpus(codec.eval(), bank, n_clips, folder, lambda done: report(done, {}))

    def network(self) -> None:
        """Train the network and its text conditioner."""
        bank = CodeBank(self.folder, self.size.n_clips, self.device)
        training = NetworkTraining(self.size, bank, self.folder / "network.pt")
        training.restore()
        with reporting("network", self.size.network_steps) as report:
            training.run(report)

    def export(self) -> None:
        """Write the embedded model from the latest checkpoints."""
        export(self.size, self.folder, self.folder / "embedded")
        console.print(f"embedded model in {self.folder / 'embedded'}")

    def _codec(self, phase: str, n_clips: int) -> None:
        bank = AudioBank(self.folder, n_clips, self.device)
        training = CodecTraining(self.size, bank, self.folder / f"codec-{phase}.pt", phase)
        training.restore(None if phase == "joint" else self.folder / "codec-joint.pt")
        with reporting(phase, training.steps) as report:
            training.run(report)


def main(  # noqa: PLR0913  (each is a flag)
    stage: Annotated[Stage, typer.Argument(help="What to run.")] = Stage.ALL,
    size: Annotated[str, typer.Option(help="smoke, cpu or gpu.")] = "cpu",
    folder: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path("train"),
    device: Annotated[str, typer.Option(help="cpu, cuda or mps; auto takes the best.")] = "auto",
    workers: Annotated[int, typer.Option(help="Processes that render the corpus.")] = 2,
    corpus: Annotated[
        int, typer.Option(help="Revision of the corpus: 1 made the weights that ship, 2 is wider.")
    ] = SHIPPED,
    soundfont: Annotated[
        Path | None,
        typer.Option(envvar=VARIABLE, help="FluidR3_GM.sf2, where it isn't in a usual place."),
    ] = None,
) -> None:
    """Train the embedded model from nothing."""
    if size not in SIZES:
        raise typer.BadParameter(f"no size {size!r}: take one of {', '.join(SIZES)}")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    folder.mkdir(parents=True, exist_ok=True)
    if corpus not in (SHIPPED, LATEST):
        raise typer.BadParameter(f"no corpus revision {corpus}: {SHIPPED} or {LATEST}")
    chosen = replace(SIZES[size], corpus_revision=corpus)
    training = Training(chosen, folder, torch.device(device), workers, soundfont)
    stages: dict[Stage, Callable[[], None]] = {
        Stage.CORPUS: training.corpus,
        Stage.CODEC: training.codec,
        Stage.CODES: training.codes,
        Stage.DECODER: training.decoder,
        Stage.NETWORK: training.network,
        Stage.EXPORT: training.export,
    }
    for name, run in stages.items():
        if stage in (Stage.ALL, name):
            console.print(f"stage {name}")
            try:
                run()
            except SamplerUnavailable as missing:
                console.print(str(missing), soft_wrap=True)
                raise typer.Exit(1) from None


if __name__ == "__main__":
    # Denormals in the tails of filters would slow the CPU down many times.
    torch.set_flush_denormal(True)
    typer.run(main)
