"""Gathers what is measured: a trained classifier, corpus clips, and what the model plays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from osc_server.rendering.plan import Codes, Engine
from osc_server.training.corpus.held_out import HeldOutPrompt
from osc_server.training.evaluation.asks import drum_asks, kind_asks
from osc_server.training.evaluation.classifier import (
    KINDS,
    KindClassifier,
    LabelledMel,
    features,
    train_classifier,
)
from osc_server.training.evaluation.generation import Ablation, Ask, generate
from osc_server.training.evaluation.grid import bar_profile
from osc_server.training.evaluation.material import (
    CLASSIFIER_SEED,
    REFERENCE_SEED,
    corpus_version,
    render,
    seeds_of_kind,
    through_codec,
)
from osc_server.training.evaluation.measures import NOTE_COUNTS, Bands, note_bands
from osc_server.training.evaluation.settings import Settings
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.spectra import Floats

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Opens a progress bar of (title, steps); what it yields is called with the steps just done."""

_RENDER_CHUNK = 512  # clips held as audio while the classifier's features are made


@dataclass(frozen=True, slots=True)
class Machine:
    """What it runs on: torch's device, processes that render, loops made in one batch."""

    device: torch.device
    workers: int = 1
    batch: int = 8


@dataclass(frozen=True, slots=True)
class Reference:
    """Corpus clips that are measured beside the model.

    Attributes:
        clips: all kinds, equally many of each and in their order.
        copies: the same through the codec.
        codes: their codes ``[K, T]``.
        drums: more drums.
        drum_copies: the same through the codec.
        library: bar profiles ``[n, 16, 3]`` of other drum clips.
        bands: note figures of other clips.
    """

    clips: list[Specimen]
    copies: list[Specimen]
    codes: list[Codes]
    drums: list[Specimen]
    drum_copies: list[Specimen]
    library: Floats
    bands: Bands


@dataclass(frozen=True, slots=True)
class Generated:
    """What the model played.

    Attributes:
        kinds: all seven kinds, from held-out prompts.
        drums: drums over the range of tempos.
        ablations: the same drums with the tempo told otherwise: name to clips.
    """

    kinds: list[Specimen]
    drums: list[Specimen]
    ablations: dict[str, list[Specimen]]


def gather_classifier(
    engine: Engine, settings: Settings, machine: Machine, cache: Path, progress: Progress
) -> KindClassifier:
    """The trained classifier, from the folder ``cache`` where it learned the same."""
    s = settings
    learned = f"{s.classifier_per_kind}-{s.classifier_steps}-{s.seed}"
    key = f"{corpus_version()}-{engine.info.weights_hash}-{learned}"
    path = cache / f"classifier-{s.name}.pt"
    found = KindClassifier.load(path, key, machine.device)
    if found is not None:
        return found
    clips = _labelled(engine, settings, machine, progress)
    with progress("learning the kinds", s.classifier_steps) as advance:
        trained = train_classifier(
            clips,
            steps=s.classifier_steps,
            seed=s.seed,
            device=machine.device,
            on_step=lambda done, steps: advance(1),
        )
    cache.mkdir(parents=True, exist_ok=True)
    trained.save(path, key)
    return trained


def _labelled(
    engine: Engine, settings: Settings, machine: Machine, progress: Progress
) -> list[LabelledMel]:
    """Corpus clips clean and through the codec, as features."""
    per_kind = settings.classifier_per_kind
    seeds = [seed for kind in KINDS for seed in seeds_of_kind(kind, per_kind, CLASSIFIER_SEED)]
    labelled: list[LabelledMel] = []
    with progress("clips for the classifier", 2 * len(seeds)) as advance:
        for first in range(0, len(seeds), _RENDER_CHUNK):
            clean = render(seeds[first : first + _RENDER_CHUNK], machine.workers, advance)
            copies, _ = through_codec(engine, clean, advance)
            labelled += [
                LabelledMel(features(s.audio, s.rate_hz), KINDS.index(s.kind))
                for s in (*clean, *copies)
            ]
    return labelled


def gather_reference(
    engine: Engine, settings: Settings, machine: Machine, progress: Progress
) -> Reference:
    """Corpus clips to measure, and their copies through the codec."""
    per_kind = settings.reference_per_kind
    wanted = {kind: per_kind for kind in KINDS}
    wanted["drums"] += settings.reference_drums
    found = {kind: seeds_of_kind(kind, n, REFERENCE_SEED) for kind, n in wanted.items()}
    seeds = [seed for kind in KINDS for seed in found[kind][:per_kind]]
    seeds += found["drums"][per_kind:]
    bars = seeds_of_kind("drums", settings.yardstick_per_kind, CLASSIFIER_SEED, in_four=True)
    others = [
        seed
        for kind in NOTE_COUNTS
        for seed in seeds_of_kind(kind, settings.yardstick_per_kind, CLASSIFIER_SEED)
    ]
    with progress("corpus clips to measure", 2 * len(seeds) + len(bars) + len(others)) as advance:
        rendered = render([*seeds, *bars, *others], machine.workers, advance)
        clips, yardsticks = rendered[: len(seeds)], rendered[len(seeds) :]
        copies, codes = through_codec(engine, clips, advance)
    drums = yardsticks[: len(bars)]
    n = len(KINDS) * per_kind
    return Reference(
        clips=clips[:n],
        copies=copies[:n],
        codes=codes[:n],
        drums=clips[n:],
        drum_copies=copies[n:],
        library=np.stack([bar_profile(s.audio, s.rate_hz, s.bpm, loop=True) for s in drums]),
        bands=note_bands(yardsticks[len(bars) :]),
    )


def gather_generated(
    engine: Engine,
    prompts: Sequence[HeldOutPrompt],
    settings: Settings,
    machine: Machine,
    progress: Progress,
) -> Generated:
    """Let the model play everything that is asked of it."""
    kinds, drums = kind_asks(prompts, settings), drum_asks(prompts, settings)
    told = {"words only": Ablation(grid=False, words=True), "not told": Ablation(grid=False)}
    again = drums[: settings.ablation_loops]
    with progress("loops", len(kinds) + len(drums) + len(again) * len(told)) as advance:

        def play(asks: Sequence[Ask], ablation: Ablation) -> list[Specimen]:
            return generate(engine, asks, batch=machine.batch, ablation=ablation, on_clip=advance)

        return Generated(
            play(kinds, Ablation()),
            play(drums, Ablation()),
            {name: play(again, ablation) for name, ablation in told.items() if again},
        )
