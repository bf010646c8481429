"""``python -m osc_server.training.further``: go on from trained weights, the network alone.

The codec stays, so codes mean what they meant. It is for whoever has an hour of a CPU rather than a
GPU: what is rare in the corpus is seen more often than it comes (``Size.balance``), where the
weights are weakest. Every stage goes on where it was stopped; the last is a model folder to try and
to measure, and nothing that ships is touched.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer

from osc_server.magnet.checkpoints import Checkpoint, load_checkpoint
from osc_server.magnet.conditioning import HashedTextConditioner
from osc_server.magnet.engine import EMBEDDED, find_model
from osc_server.magnet.saving import ModelFacts
from osc_server.magnet.spectral_codec import SpectralCodec
from osc_server.training import checkpoint
from osc_server.training.__main__ import console, reporting
from osc_server.training.corpus.build import build
from osc_server.training.corpus.fluidsynth import SamplerUnavailable
from osc_server.training.corpus.revisions import SHIPPED
from osc_server.training.data import AudioBank
from osc_server.training.export import write_model
from osc_server.training.network_data import CodeBank, encode_corpus
from osc_server.training.network_training import Learner, NetworkTraining
from osc_server.training.sizes import SIZES, NetworkSize, Size
from osc_server.training.vocabulary import joined, learned_vocabulary

FURTHER = replace(
    SIZES["gpu"],
    name="further",
    n_clips=8000,
    network_steps=2400,
    network_batch=10,
    network_rate=4e-4,
    network_warmup=60,
    balance=0.5,
    save_every=100,
)
"""A quarter of the rate and a third of the batch that made the weights that ship: for a CPU."""


class Further:
    """One run in one folder."""

    def __init__(self, size: Size, folder: Path, model: Checkpoint, device: torch.device) -> None:
        """Args: ``model`` was trained by this package, otherwise ValueError."""
        conditioner, codec = model.conditioner, model.codec
        if not isinstance(conditioner, HashedTextConditioner) or not isinstance(
            codec, SpectralCodec
        ):
            raise ValueError("only models that were trained here can be trained further")
        spec = model.network.spec
        shape = NetworkSize(spec.dim, spec.n_heads, spec.n_layers, spec.text_dim)
        self.size = replace(size, network=shape, codec=codec.spec)
        self.folder, self.model, self.device = folder, model, device
        self.conditioner, self.codec = conditioner, codec

    def corpus(self, workers: int) -> None:
        """Render the clips."""
        size = self.size
        build(self.folder, size.seed, size.n_clips, workers, size.corpus_revision)

    def codes(self) -> None:
        """Encode them with the model's own codec, where that is still to be done."""
        n_clips = self.size.n_clips
        saved = checkpoint.load(self.folder / "codes.pt", torch.device("cpu"))
        if saved is not None and len(saved["codes"]) >= n_clips:
            return
        bank = AudioBank(self.folder, n_clips, self.device, resident=False)
        with reporting("codes", n_clips) as report:
            encode_corpus(self.codec, bank, n_clips, self.folder, lambda done: report(done, {}))

    def network(self) -> None:
        """Train network and text conditioner, from the model's or from the last checkpoint."""
        size = self.size
        bank = CodeBank(self.folder, size.n_clips, self.device, size.balance, size.more)
        training = NetworkTraining(size, bank, self.folder / "network.pt")
        training.begin_from(self.model.network, self.conditioner)
        training.restore()
        with reporting("network", size.network_steps) as report:
            training.run(report)

    def export(self) -> None:
        """Write the averaged weights, and what the model could before, as a model folder."""
        model = self.model
        saved = checkpoint.load(self.folder / "network.pt", torch.device("cpu"))
        if saved is None:
            raise ValueError(f"{self.folder} holds no trained network yet")
        learner = Learner(self.size)
        learner.load_state_dict(saved["average"])
        facts = ModelFacts(
            window_seconds=model.window_frames / model.frame_rate,
            decoding=model.defaults,
            licence=model.licence,
            span=model.span,
            companion=bool(model.companion),
        )
        target = self.folder / EMBEDDED
        words = joined(model.vocabulary, learned_vocabulary(self.size))
        write_model(target, learner, self.codec, facts, words)
        console.print(f"the model is in {target}")


def main(  # noqa: PLR0913  (each is a flag)
    model: Annotated[str, typer.Option(help="What to go on from.")] = EMBEDDED,
    folder: Annotated[Path, typer.Option(help="Where all is kept.")] = Path("train/further"),
    clips: Annotated[int, typer.Option(min=1, help="Clips to learn from.")] = FURTHER.n_clips,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = FURTHER.network_steps,
    balance: Annotated[
        float, typer.Option(min=0, max=1, help="How much more often rare sounds are seen.")
    ] = FURTHER.balance,
    more: Annotated[
        str, typer.Option(help="Sounds, effects and drum styles to see most, with commas.")
    ] = "",
    corpus: Annotated[int, typer.Option(help="Revision of the corpus.")] = SHIPPED,
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
    workers: Annotated[int, typer.Option(help="Processes that render the corpus.")] = 2,
) -> None:
    """Train a model further: corpus, codes, network, export."""
    place = torch.device(device)
    found, _ = find_model(model, Path("models"))
    before = load_checkpoint(found, Path("models"), place, torch.float32)
    size = replace(
        FURTHER,
        n_clips=clips,
        network_steps=steps,
        balance=balance,
        more=tuple(sound.strip() for sound in more.split(",") if sound.strip()),
        corpus_revision=corpus,
    )
    folder.mkdir(parents=True, exist_ok=True)
    run = Further(size, folder, before, place)
    try:
        run.corpus(workers)
        run.codes()
        run.network()
        run.export()
    except (SamplerUnavailable, ValueError) as error:
        console.print(str(error), soft_wrap=True, markup=False)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    # Denormals in the tails of filters would slow the CPU down many times.
    torch.set_flush_denormal(True)
    typer.run(main)
