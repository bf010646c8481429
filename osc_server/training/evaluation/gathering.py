"""Gathers what is measured: corpus clips, and what the model plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from osc_server.rendering.plan import Codes
from osc_server.training.corpus.held_out import HeldOutPrompt
from osc_server.training.corpus.held_out_families import HELD_OUT_FAMILIES
from osc_server.training.corpus.held_out_free import HELD_OUT_FREE
from osc_server.training.evaluation.asks import (
    TONAL,
    closing_asks,
    drum_asks,
    family_asks,
    key_asks,
    keyless_asks,
    kind_asks,
    mix_asks,
)
from osc_server.training.evaluation.bench import Bench
from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.closing import Closing, judge_closing
from osc_server.training.evaluation.generation import Ablation, Ask, generate
from osc_server.training.evaluation.grid import bar_profile
from osc_server.training.evaluation.material import (
    CLASSIFIER_SEED,
    DISTANCE_SEED,
    REFERENCE_SEED,
    render,
    seeds_by_family,
    seeds_of_kind,
    seeds_of_mixes,
    through_codec,
)
from osc_server.training.evaluation.measures import NOTE_COUNTS, Bands, note_bands
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.spectra import Floats


@dataclass(frozen=True, slots=True)
class Reference:
    """Corpus clips that are measured beside the model.

    Attributes:
        clips: all kinds, equally many of each and in their order.
        copies: the same through the codec.
        codes: their codes ``[K, T]``.
        drums: more drums.
        drum_copies: the same through the codec.
        mixes: mixes in 4/4 that have drums.
        families: clips of every family.
        family_copies: the same through the codec.
        others: other clips of all kinds, to which distances are measured.
        library: bar profiles ``[n, 16, 3]`` of other drum clips.
        bands: note figures of other clips.
    """

    clips: list[Specimen]
    copies: list[Specimen]
    codes: list[Codes]
    drums: list[Specimen]
    drum_copies: list[Specimen]
    mixes: list[Specimen]
    families: list[Specimen]
    family_copies: list[Specimen]
    others: list[Specimen]
    library: Floats
    bands: Bands


@dataclass(frozen=True, slots=True)
class Generated:
    """What the model played.

    Attributes:
        kinds: all seven kinds, from held-out prompts.
        drums: drums over the range of tempos.
        mixes: several parts with drums, over the same range.
        ablations: the same drums with the tempo told otherwise: name to clips.
        families: every family, from held-out prompts.
        free: every family, from prompts in free words.
        keys: tonal kinds, each asked for in a key.
        keyless: the first of them with the same seeds and no key.
        closings: loops closed in several ways, and how surprising their seams are.
    """

    kinds: list[Specimen]
    drums: list[Specimen]
    mixes: list[Specimen]
    ablations: Mapping[str, list[Specimen]]
    families: list[Specimen]
    free: list[Specimen]
    keys: list[Specimen]
    keyless: list[Specimen]
    closings: list[Closing]


def gather_reference(bench: Bench) -> Reference:
    """Corpus clips to measure, and their copies through the codec."""
    s = bench.settings
    wanted = {kind: s.reference_per_kind for kind in KINDS}
    wanted["drums"] += s.reference_drums
    found = {kind: seeds_of_kind(kind, n, REFERENCE_SEED) for kind, n in wanted.items()}
    kinds = [seed for kind in KINDS for seed in found[kind][: s.reference_per_kind]]
    drums = found["drums"][s.reference_per_kind :]
    by_family = seeds_by_family(s.reference_per_family, REFERENCE_SEED)
    families = list(chain.from_iterable(by_family.values()))
    others = [
        seed for kind in KINDS for seed in seeds_of_kind(kind, s.distance_per_kind, DISTANCE_SEED)
    ]
    bars = seeds_of_kind("drums", s.yardstick_per_kind, CLASSIFIER_SEED, in_four=True)
    notes = [
        seed
        for kind in NOTE_COUNTS
        for seed in seeds_of_kind(kind, s.yardstick_per_kind, CLASSIFIER_SEED)
    ]
    mixes = seeds_of_mixes(s.reference_per_kind, REFERENCE_SEED)
    parts = (kinds, drums, families, others, bars, notes, mixes)
    n_coded = len(kinds) + len(drums) + len(families)
    total = sum(map(len, parts)) + n_coded
    with bench.progress("corpus clips to measure", total) as advance:
        rendered = iter(render(list(chain(*parts)), bench.workers, advance))
        clips = [[next(rendered) for _ in part] for part in parts]
        copies, codes = through_codec(bench.engine, [*clips[0], *clips[1], *clips[2]], advance)
    n, n_drums = len(kinds), len(kinds) + len(drums)
    return Reference(
        clips=clips[0],
        copies=copies[:n],
        codes=codes[:n],
        drums=clips[1],
        drum_copies=copies[n:n_drums],
        mixes=clips[6],
        families=clips[2],
        family_copies=copies[n_drums:],
        others=clips[3],
        library=np.stack([bar_profile(s.audio, s.rate_hz, s.bpm, loop=True) for s in clips[4]]),
        bands=note_bands(clips[5]),
    )


def gather_generated(bench: Bench, prompts: Sequence[HeldOutPrompt]) -> Generated:
    """Let the model play everything that is asked of it."""
    settings = bench.settings
    kinds, drums = kind_asks(prompts, settings), drum_asks(prompts, settings)
    mixes = mix_asks(prompts, settings)
    families = family_asks(HELD_OUT_FAMILIES, settings)
    free = family_asks(HELD_OUT_FREE, settings, free=True)
    keys = key_asks(prompts, settings)
    keyless = keyless_asks(keys)
    told = {"words only": Ablation(grid=False, words=True), "not told": Ablation(grid=False)}
    again = drums[: settings.ablation_loops]
    plain = (kinds, drums, families, keys, keyless, mixes, free)
    closed = closing_asks(kinds, settings)
    total = sum(map(len, plain)) + len(again) * len(told) + len(closed)
    with bench.progress("loops", total) as advance:

        def play(asks: Sequence[Ask], ablation: Ablation) -> list[Specimen]:
            return generate(
                bench.engine, asks, batch=bench.batch, ablation=ablation, on_clip=advance
            )

        def close(ask: Ask) -> Closing:
            advance(1)
            return judge_closing(bench.engine, ask, bench.reader)

        played = [play(asks, Ablation()) for asks in plain]
        return Generated(
            kinds=played[0],
            drums=played[1],
            mixes=played[5],
            ablations={name: play(again, ablation) for name, ablation in told.items() if again},
            families=played[2],
            free=played[6],
            keys=played[3],
            keyless=played[4],
            closings=[close(ask) for ask in closed],
        )


def tonal(specimens: Sequence[Specimen]) -> list[Specimen]:
    """Those that have a key."""
    return [s for s in specimens if s.kind in TONAL and s.key]
