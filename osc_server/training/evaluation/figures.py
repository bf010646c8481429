"""All figures of an evaluation, as the record that ``figures.json`` holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain

import numpy as np

from osc_server.rendering.plan import EngineInfo
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.corpus.held_out_families import HELD_OUT_FAMILIES
from osc_server.training.corpus.held_out_free import HELD_OUT_FREE
from osc_server.training.evaluation import measures
from osc_server.training.evaluation.ablations import Variants
from osc_server.training.evaluation.bench import Bench
from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.closing import closing_figures
from osc_server.training.evaluation.distances import (
    measure_anchors,
    measure_distances,
    measure_variants,
    rulers,
)
from osc_server.training.evaluation.examples import Judges
from osc_server.training.evaluation.families import FAMILIES
from osc_server.training.evaluation.gathering import Generated, Reference, tonal
from osc_server.training.evaluation.goals import goals
from osc_server.training.evaluation.measures import NOTE_COUNTS, Record
from osc_server.training.evaluation.ratio import Ratio
from osc_server.training.evaluation.settings import Settings
from osc_server.training.evaluation.smear import smear
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.tempo import TOLERANCE
from osc_server.training.evaluation.verdict import RHYTHMIC
from osc_server.training.evaluation.words import Asked, count_captions, measure_words


def make_figures(
    bench: Bench,
    judges: Judges,
    reference: Reference,
    generated: Generated,
    variants: Variants,
) -> Record:
    """Measure everything; see the module ``report`` for what each figure means."""
    info, settings = bench.engine.info, bench.settings
    smeared = [s.with_audio(smear(s.audio, s.rate_hz, s.seed)) for s in reference.clips]
    record: Record = {
        # The device says where it ran, not what it is: reports from two machines compare equal.
        "model": {name: value for name, value in asdict(info).items() if name != "device"},
        "settings": _settings(settings, reference, generated),
        "classifier": {
            "clean": measures.measure_kinds(judges.kinds, reference.clips),
            "codec": measures.measure_kinds(judges.kinds, reference.copies),
            "smeared": measures.measure_kinds(judges.kinds, smeared),
        },
        "kinds": measures.measure_kinds(judges.kinds, generated.kinds),
        "families": {
            "clean": measures.measure_families(judges.families, reference.families),
            "codec": measures.measure_families(judges.families, reference.family_copies),
            "generated": measures.measure_families(judges.families, generated.families),
            "free": measures.measure_families(judges.families, generated.free),
        },
        **_rhythm(reference, generated),
        "keys": _keys(reference, generated),
        "notes": _notes(reference, generated, smeared),
        "seam": {
            "corpus": measures.measure_seams(reference.clips),
            "cut": measures.measure_seams([_cut(s) for s in reference.clips]),
            "generated": measures.measure_seams([*generated.kinds, *generated.drums]),
        },
        "closing": closing_figures(generated.closings, settings.seed),
        **_distances(settings, judges, reference, generated, variants),
        "codec": _codec(info, settings, reference),
    }
    record["words"] = _words(bench, record["families"])
    record["goals"] = goals(record)
    return record


def _tempos(
    drums: Sequence[Specimen], kinds: Sequence[Specimen], mixes: Sequence[Specimen]
) -> Record:
    """How often drums, arpeggios (of all kinds) and mixes are at their tempo, and all of them."""
    clips = (drums, _in_four(kinds, "arp"), mixes)
    outcomes = [measures.at_tempo(specimens) for specimens in clips]
    record = {name: Ratio.of(hits).record() for name, hits in zip(RHYTHMIC, outcomes, strict=True)}
    return record | {"all": Ratio.of(chain.from_iterable(outcomes)).record()}


def _keys(reference: Reference, generated: Generated) -> Record:
    """Corpus clips, their copies, what was asked in a key, and the same asked in none."""
    clips, copies = tonal(reference.clips), tonal(reference.copies)
    asked = [s.key for s in generated.keys]
    sources = {
        "corpus": (clips, [s.key for s in clips]),
        "codec": (copies, [s.key for s in copies]),
        "generated": (generated.keys, asked),
        # As if it had been asked: what chance and the model's own leanings come to.
        "keyless": (generated.keyless, asked[: len(generated.keyless)]),
    }
    return {name: measures.measure_keys(s, keys) for name, (s, keys) in sources.items()}


def _distances(
    settings: Settings,
    judges: Judges,
    reference: Reference,
    generated: Generated,
    variants: Variants,
) -> Record:
    by_embedding = rulers(judges.families, reference.others, settings.seed)
    return {
        "distance": measure_distances(
            by_embedding, reference.clips, reference.copies, generated.kinds
        ),
        "variants": measure_variants(by_embedding, judges.kinds, variants),
        "variant_anchors": measure_anchors(
            by_embedding, reference.clips, reference.copies, variants
        ),
    }


def _settings(settings: Settings, reference: Reference, generated: Generated) -> Record:
    return asdict(settings) | {
        "kind_clips": len(generated.kinds),
        "tempo_clips": len(generated.drums),
        "reference_clips": len(reference.clips) + len(reference.drums),
        "classifier_clips": settings.classifier_per_kind * len(KINDS),
        "family_clips_generated": len(generated.families),
        "family_clips": settings.classifier_per_family * len(FAMILIES),
        "distance_clips": settings.distance_per_kind * len(KINDS),
        "variant_clips": settings.variant_prompts * len(KINDS),
    }


def _words(bench: Bench, families: Record) -> Record:
    """Over all held-out prompts; whether they are followed, over those of families."""
    texts = [prompt.text for prompt in HELD_OUT]
    texts += [prompt.text for prompt in (*HELD_OUT_FAMILIES, *HELD_OUT_FREE)]
    prompts = list(dict.fromkeys(texts))
    captions = count_captions(bench.settings.captioned_clips, prompts)
    followed = families["generated"]["by_prompt"] | families["free"]["by_prompt"]
    asked = Asked(prompts, followed, bench.explained)
    return measure_words(bench.engine, asked, captions)


def _in_four(specimens: Sequence[Specimen], kind: str = "drums") -> list[Specimen]:
    """Clips in 4/4: in 6/8 or a waltz even musicians differ on which note is the beat."""
    return [s for s in specimens if s.kind == kind and s.beats_per_bar == 4.0]


def _rhythm(reference: Reference, generated: Generated) -> Record:
    sources = {
        "corpus": _in_four([*reference.clips, *reference.drums]),
        "codec": _in_four([*reference.copies, *reference.drum_copies]),
        "generated": generated.drums,
    }
    tempo = {name: measures.measure_tempo(clips) for name, clips in sources.items()}
    ladder = {name: record["right"] for name, record in tempo.items()}
    for name, clips in generated.ablations.items():
        ladder[name] = measures.measure_tempo(clips)["right"]
    chance = float(np.log2((1.0 + TOLERANCE) / (1.0 - TOLERANCE)))  # of one octave
    return {
        "tempo": {**tempo["generated"], "ladder": ladder, "chance": chance},
        "rhythm": {
            "corpus": _tempos(sources["corpus"], reference.clips, reference.mixes),
            "generated": _tempos(generated.drums, generated.kinds, generated.mixes),
        },
        "grid": {name: measures.measure_grid(clips) for name, clips in sources.items()},
        "downbeat": {
            name: measures.measure_downbeat(clips, reference.library)
            for name, clips in sources.items()
        },
    }


def _notes(reference: Reference, generated: Generated, smeared: Sequence[Specimen]) -> Record:
    """The bands come from other corpus clips; all sources are held to them."""
    clips = [s for s in reference.clips if s.kind in NOTE_COUNTS]
    sources = {
        "corpus": clips,
        "codec": [s for s in reference.copies if s.kind in NOTE_COUNTS],
        "generated": [s for s in generated.kinds if s.kind in NOTE_COUNTS],
        "smeared": [s for s in smeared if s.kind in NOTE_COUNTS],
    }
    bands = reference.bands
    return {
        "bands": bands,
        "sources": {
            name: measures.measure_notes(specimens, bands) for name, specimens in sources.items()
        },
    }


def _cut(specimen: Specimen) -> Specimen:
    """The control for seams: a loop that ends a third of a beat too soon."""
    beat = 60.0 / specimen.bpm * specimen.rate_hz
    return specimen.with_audio(specimen.audio[: -round(beat / 3)])


def _codec(info: EngineInfo, settings: Settings, reference: Reference) -> Record:
    per_kind = settings.reference_per_kind
    measured = min(per_kind, settings.codec_per_kind)
    chosen = [k * per_kind + i for k in range(len(KINDS)) for i in range(measured)]
    return measures.measure_codec(
        [reference.clips[i] for i in chosen],
        [reference.copies[i] for i in chosen],
        reference.codes,
        info.codebook_size,
    )
