"""Writes the report's folder: figures, report, pictures, a few loops to listen to."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.examples import (
    Judges,
    first_of_each_family,
    read_remarks,
    write_examples,
)
from osc_server.training.evaluation.gathering import Generated, Reference
from osc_server.training.evaluation.measures import NOTE_COUNTS, Record
from osc_server.training.evaluation.onsets import onset_envelope
from osc_server.training.evaluation.pictures import (
    drums_page,
    figures_page,
    kinds_page,
    notes_page,
    save,
)
from osc_server.training.evaluation.report import write_report
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.tempo import estimate_bpm

_DRUMS_SHOWN = 8


def publish(
    figures: Record, judges: Judges, reference: Reference, generated: Generated, out: Path
) -> None:
    """Write ``figures.json``, ``report.md``, pictures and examples into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    pictures = {
        "figures.png": figures_page(figures),
        "kinds.png": _kinds(reference, generated),
        "drums.png": _drums(generated.drums),
        "notes.png": _notes(reference, generated),
    }
    for name, figure in pictures.items():
        save(figure, out / name, n_colours=96)
    chosen = first_of_each_family(generated.families)
    examples = write_examples(chosen, judges, reference.bands, out)
    seen = read_remarks(out, figures["model"]["weights_hash"])
    examples = [e | {"seen": seen.get(e["family"], "")} for e in examples]
    _write(out / "figures.json", json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    _write(out / "report.md", write_report(figures, list(pictures), examples))


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def _nth(specimens: Sequence[Specimen], kind: str, index: int) -> Specimen | None:
    """The clip of ``kind`` at ``index``, from another prompt for each index where there are any."""
    by_prompt = {s.prompt: s for s in reversed(specimens) if s.kind == kind}
    of_kind = list(reversed(by_prompt.values()))
    return of_kind[index] if index < len(of_kind) else None


def _kinds(reference: Reference, generated: Generated) -> Figure:
    rows = {
        kind: [
            _nth(reference.clips, kind, 0),
            _nth(reference.copies, kind, 0),
            _nth(generated.kinds, kind, 0),
            _nth(generated.kinds, kind, 1),
        ]
        for kind in KINDS
    }
    return kinds_page(rows, ("corpus", "the same through the codec", "generated", "generated"))


def _drums(drums: Sequence[Specimen]) -> Figure:
    """Clips at tempos spread over the whole range."""
    first_at = {s.bpm: s for s in reversed(drums)}
    tempos = sorted(first_at)
    count = min(_DRUMS_SHOWN, len(tempos))
    places = [round(i * (len(tempos) - 1) / max(1, count - 1)) for i in range(count)]
    shown = [first_at[tempos[place]] for place in places]
    estimates = [estimate_bpm(onset_envelope(s.audio, s.rate_hz, loop=s.loop)) for s in shown]
    return drums_page(shown, estimates)


def _notes(reference: Reference, generated: Generated) -> Figure:
    rows = {
        kind: [_nth(reference.clips, kind, 0), *(_nth(generated.kinds, kind, i) for i in (0, 1))]
        for kind in NOTE_COUNTS
    }
    return notes_page(rows, ("corpus", "generated", "generated"))
