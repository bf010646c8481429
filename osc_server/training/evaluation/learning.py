"""Trains what hears kinds and families, on corpus clips clean and through the codec.

Features are kept in a folder label by label, so that an interrupted evaluation goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from osc_server.training.evaluation.bench import Bench
from osc_server.training.evaluation.classifier import (
    KINDS,
    Classifier,
    LabelledMel,
    features,
    train_classifier,
)
from osc_server.training.evaluation.material import (
    CLASSIFIER_SEED,
    corpus_version,
    render,
    seeds_by_family,
    seeds_of_kind,
    through_codec,
)
from osc_server.training.evaluation.spectra import Floats


def gather_kind_classifier(bench: Bench) -> Classifier:
    """What tells the seven kinds apart, from the bench's cache where it learned the same."""
    n = bench.settings.classifier_per_kind
    return _gather(bench, "kinds", {k: seeds_of_kind(k, n, CLASSIFIER_SEED) for k in KINDS})


def gather_family_classifier(bench: Bench) -> Classifier:
    """What tells the families apart; the same way."""
    n = bench.settings.classifier_per_family
    return _gather(bench, "families", seeds_by_family(n, CLASSIFIER_SEED))


def _gather(bench: Bench, what: str, seeds: Mapping[str, Sequence[int]]) -> Classifier:
    settings, cache = bench.settings, bench.cache
    steps, n = settings.classifier_steps, len(next(iter(seeds.values())))
    version = f"{corpus_version()[:8]}-{bench.engine.info.weights_hash[:8]}"
    path = cache / f"{what}-{settings.name}.pt"
    learned = f"{version}-{n}-{steps}-{settings.seed}-{','.join(seeds)}"
    found = Classifier.load(path, learned, bench.device)
    if found is not None:
        return found
    cache.mkdir(parents=True, exist_ok=True)
    clips: list[LabelledMel] = []
    with bench.progress(f"clips to learn {what} from", n * len(seeds)) as advance:
        for label, name in enumerate(seeds):
            kept = cache / f"{what}-{name.replace(' ', '-')}-{n}-{version}.npz"
            mels = _kept(kept) or _features(bench, seeds[name], kept)
            clips += [LabelledMel(mel, label) for mel in mels]
            advance(n)
    with bench.progress(f"learning {what}", steps) as advance:
        trained = train_classifier(
            clips,
            list(seeds),
            steps=steps,
            seed=settings.seed,
            device=bench.device,
            on_step=lambda done, steps: advance(1),
        )
    trained.save(path, learned)
    return trained


def _features(bench: Bench, seeds: Sequence[int], path: Path) -> list[Floats]:
    clean = render(seeds, bench.workers)
    copies, _ = through_codec(bench.engine, clean, lambda count: None)
    mels = [features(s.audio, s.rate_hz).astype(np.float16) for s in (*clean, *copies)]
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, *mels)
    partial.replace(path)
    return [mel.astype(np.float32) for mel in mels]


def _kept(path: Path) -> list[Floats]:
    """The features in a file; none where it isn't there."""
    if not path.exists():
        return []
    with np.load(path) as content:
        return [content[name].astype(np.float32) for name in content.files]
