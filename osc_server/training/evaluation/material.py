"""Corpus clips as specimens: rendered from seeds that no training uses, cut to whole loops."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import osc_server.training.corpus as corpus
from osc_server.rendering.plan import Codes, Engine
from osc_server.training.corpus.render import render_clip
from osc_server.training.corpus.spec import draw_spec
from osc_server.training.evaluation.families import FAMILIES, family_of
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.spectra import Floats

REFERENCE_SEED = 8_000_000_000
"""First seed of the clips that are measured; training seeds lie far below."""
CLASSIFIER_SEED = 9_000_000_000
"""First seed of the clips that the classifier learns from."""
DISTANCE_SEED = 10_000_000_000
"""First seed of the clips to which distances are measured."""
_RATE_HZ = 32000
_MOST_BARS = 4
_LONGEST_SECONDS = 10.0


def seeds_of_kind(kind: str, n_clips: int, first_seed: int, *, in_four: bool = False) -> list[int]:
    """The first seeds from ``first_seed`` on whose clip is of ``kind`` (in 4/4 where asked)."""
    found: list[int] = []
    seeds: Iterator[int] = count(first_seed)
    while len(found) < n_clips:
        seed = next(seeds)
        spec = draw_spec(seed)
        if spec.kind == kind and (not in_four or spec.meter == "4/4"):
            found.append(seed)
    return found


def seeds_of_mixes(n_clips: int, first_seed: int) -> list[int]:
    """The first seeds from ``first_seed`` on whose clip is a mix in 4/4 that has drums."""
    found: list[int] = []
    seeds: Iterator[int] = count(first_seed)
    while len(found) < n_clips:
        seed = next(seeds)
        spec = draw_spec(seed)
        if spec.kind == "mix" and spec.meter == "4/4" and spec.parts[0].kind == "drums":
            found.append(seed)
    return found


def seeds_by_family(n_clips: int, first_seed: int) -> dict[str, list[int]]:
    """The first seeds from ``first_seed`` on of each family, by its name."""
    found: dict[str, list[int]] = {family.name: [] for family in FAMILIES}
    n_missing = n_clips * len(found)
    for seed in count(first_seed):
        if n_missing == 0:
            return found
        name = family_of(draw_spec(seed))
        if name and len(found[name]) < n_clips:
            found[name].append(seed)
            n_missing -= 1
    raise AssertionError("seeds never end")


def corpus_specimen(seed: int) -> Specimen:
    """The clip of ``seed``, cut to the most whole bars up to four that close on its cycle."""
    clip = render_clip(seed)
    spec = clip.spec
    repeats = max(1, _MOST_BARS // spec.cycle_bars)
    repeats = min(repeats, max(1, int(_LONGEST_SECONDS * _RATE_HZ) // spec.cycle_samples))
    while repeats & (repeats - 1):  # 1, 2 or 4 bars, as loops are asked for
        repeats -= 1
    return Specimen(
        audio=np.asarray(clip.audio[: repeats * spec.cycle_samples], dtype=np.float32),
        rate_hz=_RATE_HZ,
        kind=clip.kind,
        prompt=clip.caption,
        bpm=clip.bpm,
        n_bars=repeats * spec.cycle_bars,
        seed=seed,
        beats_per_bar=clip.beats_per_bar,
        style=spec.parts[0].style,
        family=family_of(spec),
        key=clip.key,
    )


def render(
    seeds: Sequence[int], workers: int, on_clip: Callable[[int], None] = lambda count: None
) -> list[Specimen]:
    """Specimens of ``seeds``, in order; in processes where ``workers`` is more than one."""
    specimens: list[Specimen] = []
    if workers <= 1:
        for seed in seeds:
            specimens.append(corpus_specimen(seed))
            on_clip(1)
        return specimens
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for specimen in pool.map(corpus_specimen, seeds, chunksize=4):
            specimens.append(specimen)
            on_clip(1)
    return specimens


def through_codec(
    engine: Engine, specimens: Sequence[Specimen], on_clip: Callable[[int], None]
) -> tuple[list[Specimen], list[Codes]]:
    """Copies of corpus clips coded and decoded by the model, and their codes ``[K, T]``."""
    copies, codes = [], []
    for specimen in specimens:
        coded = engine.encode(specimen.audio[:, None])
        copies.append(specimen.with_audio(_fit(engine.decode(coded, circular=False), specimen)))
        codes.append(coded)
        on_clip(1)
    return copies, codes


def _fit(audio: np.ndarray, specimen: Specimen) -> Floats:
    """Mono audio as long as the specimen: whole frames may have made it longer."""
    mono = audio[:, 0]
    missing = max(0, len(specimen.audio) - len(mono))
    return np.asarray(np.pad(mono, (0, missing))[: len(specimen.audio)], dtype=np.float32)


def corpus_version() -> str:
    """Hash of the corpus' own source, so that what was learned from another one is not reused.

    Prompts that are held out of it are no part of it.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(corpus.__file__).parent.glob("*.py")):
        if not path.name.startswith("held_out"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
