"""From specimens to the figures of the report; every function is pure.

Where a figure is a share of clips, a control stands beside it: what the same measure says when the
answer ought to be no.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np

from osc_server.rendering.plan import Codes
from osc_server.training.evaluation.classifier import KINDS, Classifier
from osc_server.training.evaluation.codec_figures import codebook_use, compare
from osc_server.training.evaluation.grid import bar_profile, downbeat_place, grid_figures
from osc_server.training.evaluation.key import estimate_key, fifths_apart, pitch_classes
from osc_server.training.evaluation.notes import NoteFigures, note_figures
from osc_server.training.evaluation.onsets import onset_envelope
from osc_server.training.evaluation.ratio import Ratio
from osc_server.training.evaluation.seam import LARGEST_JUMP, seam_figures
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.spectra import Floats
from osc_server.training.evaluation.tempo import estimate_bpm, same_tempo, tempo_ratio

Record = dict[str, Any]
"""What goes into ``figures.json`` as it is."""

NOTE_COUNTS = {"bass": "notes_per_beat", "arp": "notes_per_beat", "chords": "chords_per_bar"}
"""For each kind that must show separate notes, the figure that counts them."""

T = TypeVar("T")
R = TypeVar("R")

_WRONG_TEMPO_APART = 0.06  # tempos nearer to each other than this are no control


def each(measure: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """``measure`` of each item, in order, on all cores: transforms let other threads run."""
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(measure, items))


def measure_kinds(classifier: Classifier, specimens: Sequence[Specimen]) -> Record:
    """How often the classifier hears the kind that was asked for; see ``measure_labels``."""
    return measure_labels(classifier, specimens, [s.kind for s in specimens])


def measure_families(classifier: Classifier, specimens: Sequence[Specimen]) -> Record:
    """The same for the family that was asked for."""
    return measure_labels(classifier, specimens, [s.family for s in specimens])


def measure_labels(
    classifier: Classifier, specimens: Sequence[Specimen], asked: Sequence[str]
) -> Record:
    """How often the classifier hears the label that was asked for, with the confusion matrix."""
    labels = classifier.labels
    heard = each(lambda s: classifier.label(s.audio, s.rate_hz), specimens)
    confusion = np.zeros((len(labels), len(labels)), int)
    by_prompt: dict[str, list[bool]] = {}
    for specimen, wanted, found in zip(specimens, asked, heard, strict=True):
        confusion[labels.index(wanted), labels.index(found)] += 1
        by_prompt.setdefault(specimen.prompt, []).append(found == wanted)
    total = Ratio(int(np.trace(confusion)), len(specimens))
    return {
        "overall": total.record(),
        "by_label": {
            label: Ratio(int(confusion[i, i]), int(confusion[i].sum())).record()
            for i, label in enumerate(labels)
        },
        "confusion": confusion.tolist(),
        "by_prompt": {
            prompt: Ratio.of(hits).record() for prompt, hits in sorted(by_prompt.items())
        },
    }


def measure_keys(specimens: Sequence[Specimen], asked: Sequence[str]) -> Record:
    """How far the estimated key is from the one that was asked for, on the circle of fifths."""
    heard = each(lambda s: estimate_key(pitch_classes(s.audio, s.rate_hz)), specimens)
    apart = [fifths_apart(a, b) for a, b in zip(heard, asked, strict=True)]
    by_kind = {
        kind: Ratio.of(d <= 1 for d, s in zip(apart, specimens, strict=True) if s.kind == kind)
        for kind in KINDS
    }
    return {
        "within_a_fifth": Ratio.of(d <= 1 for d in apart).record(),
        "same": Ratio.of(d == 0 for d in apart).record(),
        "by_kind": {kind: ratio.record() for kind, ratio in by_kind.items() if ratio.total},
        "apart": np.bincount(apart, minlength=7).tolist(),
    }


def measure_tempo(specimens: Sequence[Specimen]) -> Record:
    """How often the blind estimate is the asked tempo, and how often it is somebody else's."""
    estimates = each(
        lambda s: estimate_bpm(onset_envelope(s.audio, s.rate_hz, loop=s.loop)), specimens
    )
    pairs = list(zip(specimens, estimates, strict=True))
    right = [same_tempo(estimate, s.bpm) for s, estimate in pairs]
    tempos = sorted({s.bpm for s in specimens})
    wrong = [
        same_tempo(estimate, bpm)
        for s, estimate in pairs
        for bpm in tempos
        if not same_tempo(bpm, s.bpm, _WRONG_TEMPO_APART)
    ]
    by_style: dict[str, list[bool]] = {}
    for s, hit in zip(specimens, right, strict=True):
        by_style.setdefault(s.style or s.prompt, []).append(hit)
    return {
        "right": Ratio.of(right).record(),
        "wrong_tempo": Ratio.of(wrong).record(),
        "clips": [
            {
                "prompt": s.prompt,
                "asked_bpm": round(s.bpm, 3),
                "estimated_bpm": round(estimate, 2),
                "ratio": round(tempo_ratio(estimate, s.bpm), 4),
            }
            for s, estimate in pairs
        ],
        "by_style": {style: Ratio.of(hits).record() for style, hits in sorted(by_style.items())},
    }


def at_tempo(specimens: Sequence[Specimen]) -> list[bool]:
    """Whether the blind estimate is the asked tempo, clip by clip."""
    return each(
        lambda s: same_tempo(estimate_bpm(onset_envelope(s.audio, s.rate_hz, loop=s.loop)), s.bpm),
        specimens,
    )


def measure_grid(specimens: Sequence[Specimen]) -> Record:
    """How onsets lie on sixteenths at the asked tempo; the control is a tempo 7 % off."""
    right = each(lambda s: grid_figures(s.audio, s.rate_hz, s.bpm, loop=s.loop), specimens)
    wrong = each(lambda s: grid_figures(s.audio, s.rate_hz, s.bpm * 1.07, loop=s.loop), specimens)
    return {
        "on_grid": _mean(f.on_grid for f in right),
        "chance": _mean(f.chance for f in right),
        "above_chance": _mean(f.above_chance for f in right),
        "above_chance_wrong_tempo": _mean(f.above_chance for f in wrong),
        "focus": _mean(f.focus for f in right),
        "focus_wrong_tempo": _mean(f.focus for f in wrong),
        "offset_ms": float(np.median([f.offset_ms for f in right])) if right else 0.0,
    }


def measure_downbeat(specimens: Sequence[Specimen], library: Floats) -> Record:
    """How often the bar is heard to start where the loop starts (chance 1/16).

    ``library`` holds the bar profiles ``[n, 16, 3]`` of other corpus clips.
    """
    places = each(
        lambda s: downbeat_place(bar_profile(s.audio, s.rate_hz, s.bpm, loop=s.loop), library),
        specimens,
    )
    return {
        "at_start": Ratio.of(place == 0 for place in places).record(),
        "at_start_or_half_bar": Ratio.of(place in (0, 8) for place in places).record(),
        "places": np.bincount(places, minlength=16).tolist(),
    }


Bands = dict[str, dict[str, list[float]]]
"""Kind to figure to its 5th, 10th, 90th and 95th percentile in the corpus."""


def notes_of(specimens: Sequence[Specimen]) -> list[NoteFigures]:
    """Note figures of each specimen."""
    return each(lambda s: note_figures(s.audio, s.rate_hz, s.bpm, loop=s.loop), specimens)


def note_bands(specimens: Sequence[Specimen]) -> Bands:
    """Where the corpus lies, for each kind that must show separate notes."""
    notes = notes_of(specimens)
    bands: Bands = {}
    for kind, count in NOTE_COUNTS.items():
        of_kind = [asdict(n) for s, n in zip(specimens, notes, strict=True) if s.kind == kind]
        bands[kind] = {
            name: [float(v) for v in np.percentile([f[name] for f in of_kind], [5, 10, 90, 95])]
            for name in ("contrast_db", "onsets_per_beat", count)
        }
    return bands


def measure_notes(specimens: Sequence[Specimen], bands: Bands) -> Record:
    """For each kind: how many clips lie within the corpus' middle 80 %, figure by figure.

    A clip *shows separate notes* when its onset contrast reaches the corpus' 5th percentile, and
    its onsets and its notes (or chord changes) lie within the middle 90 %.
    """
    notes = notes_of(specimens)
    record: Record = {}
    for kind, band in bands.items():
        of_kind = [asdict(n) for s, n in zip(specimens, notes, strict=True) if s.kind == kind]
        record[kind] = {
            "separate": Ratio.of(shows_notes(figures, band) for figures in of_kind).record(),
            "within": {
                name: Ratio.of(low <= figures[name] <= high for figures in of_kind).record()
                for name, (_, low, high, _) in band.items()
            },
            "median": {
                name: float(np.median([f[name] for f in of_kind])) if of_kind else 0.0
                for name in band
            },
        }
    return record


def shows_notes(figures: Mapping[str, float], band: Mapping[str, Sequence[float]]) -> bool:
    """Whether a clip's note figures show separate notes, see ``measure_notes``."""
    return all(
        low <= figures[name] and (name == "contrast_db" or figures[name] <= high)
        for name, (low, _, _, high) in band.items()
    )


def measure_seams(specimens: Sequence[Specimen]) -> Record:
    """How the loops close: share without a click, jump, and change of spectrum at the seam."""
    loops = [s for s in specimens if s.loop]
    seams = each(lambda s: seam_figures(s.audio, s.rate_hz, s.n_bars), loops)
    flux = [seam.flux for seam in seams if np.isfinite(seam.flux)]
    return {
        "closed": Ratio.of(seam.jump <= LARGEST_JUMP for seam in seams).record(),
        "jump": _quartiles([seam.jump for seam in seams]),
        "flux": _quartiles(flux),
    }


def measure_codec(
    originals: Sequence[Specimen],
    copies: Sequence[Specimen],
    codes: Sequence[Codes],
    codebook_size: int,
) -> Record:
    """What survives the codec, over all kinds and for each, and how the codebooks are spent."""
    pairs = list(zip(originals, copies, strict=True))
    trips = each(lambda pair: compare(pair[0].audio, pair[1].audio, pair[0].rate_hz), pairs)
    fields = ("mel", "convergence", "onsets")
    by_kind: Mapping[str, Record] = {
        kind: {
            name: _mean(
                getattr(t, name) for s, t in zip(originals, trips, strict=True) if s.kind == kind
            )
            for name in fields
        }
        for kind in KINDS
        if any(s.kind == kind for s in originals)
    }
    return {
        "clips": len(trips),
        **{name: _mean(getattr(t, name) for t in trips) for name in fields},
        "by_kind": by_kind,
        "codebook_size": codebook_size,
        "codebooks": [asdict(use) for use in codebook_use(codes, codebook_size)],
    }


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return float(np.mean(listed)) if listed else 0.0


def _quartiles(values: Sequence[float]) -> list[float]:
    """The 25th, 50th, 75th and 95th percentile."""
    if not values:
        return [0.0] * 4
    return [float(v) for v in np.percentile(values, [25, 50, 75, 95])]
