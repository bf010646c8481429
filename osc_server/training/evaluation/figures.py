"""All figures of an evaluation, as the record that ``figures.json`` holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from osc_server.rendering.plan import EngineInfo
from osc_server.training.evaluation import measures
from osc_server.training.evaluation.classifier import KINDS, KindClassifier
from osc_server.training.evaluation.gathering import Generated, Reference
from osc_server.training.evaluation.measures import NOTE_COUNTS, Record
from osc_server.training.evaluation.settings import Settings
from osc_server.training.evaluation.smear import smear
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.tempo import TOLERANCE


def make_figures(
    info: EngineInfo,
    settings: Settings,
    classifier: KindClassifier,
    reference: Reference,
    generated: Generated,
) -> Record:
    """Measure everything; see the module ``report`` for what each figure means."""
    record: Record = {
        # The device says where it ran, not what it is: reports from two machines compare equal.
        "model": {name: value for name, value in asdict(info).items() if name != "device"},
        "settings": _settings(settings, reference, generated),
        "classifier": {
            "clean": measures.measure_kinds(classifier, reference.clips),
            "codec": measures.measure_kinds(classifier, reference.copies),
        },
        "kinds": measures.measure_kinds(classifier, generated.kinds),
        **_rhythm(reference, generated),
        "notes": _notes(reference, generated),
        "seam": {
            "corpus": measures.measure_seams(reference.clips),
            "cut": measures.measure_seams([_cut(s) for s in reference.clips]),
            "generated": measures.measure_seams([*generated.kinds, *generated.drums]),
        },
        "codec": _codec(info, settings, reference),
    }
    record["goals"] = _goals(record)
    return record


def _settings(settings: Settings, reference: Reference, generated: Generated) -> Record:
    return asdict(settings) | {
        "kind_clips": len(generated.kinds),
        "tempo_clips": len(generated.drums),
        "reference_clips": len(reference.clips) + len(reference.drums),
        "classifier_clips": settings.classifier_per_kind * len(KINDS),
    }


def _in_four(specimens: Sequence[Specimen]) -> list[Specimen]:
    """Drums in 4/4: in 6/8 or a waltz even musicians differ on which note is the beat."""
    return [s for s in specimens if s.kind == "drums" and s.beats_per_bar == 4.0]


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
        "grid": {name: measures.measure_grid(clips) for name, clips in sources.items()},
        "downbeat": {
            name: measures.measure_downbeat(clips, reference.library)
            for name, clips in sources.items()
        },
    }


def _notes(reference: Reference, generated: Generated) -> Record:
    """The bands come from other corpus clips; all sources are held to them."""
    clips = [s for s in reference.clips if s.kind in NOTE_COUNTS]
    sources = {
        "corpus": clips,
        "codec": [s for s in reference.copies if s.kind in NOTE_COUNTS],
        "generated": [s for s in generated.kinds if s.kind in NOTE_COUNTS],
        "smeared": [s.with_audio(smear(s.audio, s.rate_hz, s.seed)) for s in clips],
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


def _goals(record: Record) -> list[Record]:
    """What the model and its judges must reach."""
    wanted = (
        ("the asked kind of sound, of seven", record["kinds"]["overall"], 0.75),
        ("drums at the asked tempo within 2 %", record["tempo"]["right"], 0.8),
        ("judge: classifier on corpus clips", record["classifier"]["clean"]["overall"], 0.93),
        ("judge: classifier through the codec", record["classifier"]["codec"]["overall"], 0.93),
        ("judge: tempo of corpus drums", record["tempo"]["ladder"]["corpus"], 0.95),
    )
    return [
        {"name": name, "value": value, "goal": goal, "met": value["share"] >= goal}
        for name, value, goal in wanted
    ]
