"""What is said of one loop: measured, in words, the bad first."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from osc_server.training.evaluation.classifier import KINDS, Classifier
from osc_server.training.evaluation.measures import NOTE_COUNTS, Bands, shows_notes
from osc_server.training.evaluation.notes import n_pitches, note_figures, pitch_track
from osc_server.training.evaluation.onsets import onset_envelope
from osc_server.training.evaluation.seam import LARGEST_JUMP, seam_figures
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.tempo import estimate_bpm, same_tempo

LEAST_PITCHES = 3
"""Of a melody; fewer are a riff on one note."""
RHYTHMIC = ("drums", "arp", "mix")


@dataclass(frozen=True, slots=True)
class Judged:
    """What is measured of one loop.

    Attributes:
        seed: it was drawn from.
        sure: probability of its kind, as the classifier hears it; 1 for a mix, which has no kind.
        in_time: measured within 2 % of the asked tempo, octaves folded; true where it has no beat.
        notes: whether it shows separate notes, or for a melody pitches; true where it need not.
        contrast_db: of its onsets.
        closed: whether its seam is closed.
    """

    seed: int
    sure: float
    in_time: bool
    notes: bool
    contrast_db: float
    closed: bool

    @property
    def rank(self) -> tuple[int, bool, float]:
        """The higher the better: what is met, then its kind beyond doubt, then its attacks."""
        met = (self.sure > 0.5) + self.in_time + self.notes + self.closed
        return met, self.sure > 0.9, self.contrast_db


def judge(loop: Specimen, classifier: Classifier, bands: Bands) -> Judged:
    """Measure a loop of a preset; its kind is ``mix`` or one of the classifier's."""
    envelope = onset_envelope(loop.audio, loop.rate_hz, loop=True)
    figures = asdict(note_figures(loop.audio, loop.rate_hz, loop.bpm, loop=True))
    heard = classifier.probabilities(loop.audio, loop.rate_hz)
    band = bands.get(loop.kind)
    is_melody = loop.kind == "melody"
    pitches = n_pitches(pitch_track(loop.audio, loop.rate_hz)) if is_melody else LEAST_PITCHES
    return Judged(
        seed=loop.seed,
        sure=float(heard[KINDS.index(loop.kind)]) if loop.kind in KINDS else 1.0,
        in_time=loop.kind not in RHYTHMIC or same_tempo(estimate_bpm(envelope), loop.bpm),
        notes=pitches >= LEAST_PITCHES and (band is None or shows_notes(figures, band)),
        contrast_db=figures["contrast_db"] if loop.kind in (*NOTE_COUNTS, *RHYTHMIC) else 0.0,
        closed=not loop.loop
        or seam_figures(loop.audio, loop.rate_hz, loop.n_bars).jump <= LARGEST_JUMP,
    )


def findings(kind: str, judged: Judged, *, loops: bool = True) -> str:
    """What was measured of a loop, the bad first, in a few words."""
    heard = f"heard as {kind}, {100 * judged.sure:.0f} %"
    told: list[tuple[bool, str]] = []
    if kind in KINDS:
        told.append((judged.sure > 0.5, heard if judged.sure > 0.5 else f"**not {heard}**"))
    if kind in RHYTHMIC:
        told.append((judged.in_time, "in time" if judged.in_time else "**out of time**"))
    if kind in NOTE_COUNTS:
        text = "separate notes" if judged.notes else "**its notes run into each other**"
        told.append((judged.notes, text))
    if kind == "melody":
        text = "a melody" if judged.notes else "**hardly a melody: it stays on one or two pitches**"
        told.append((judged.notes, text))
    if loops:
        told.append((judged.closed, "closes" if judged.closed else "**clicks at its seam**"))
    return "; ".join(text for _, text in sorted(told, key=lambda each: each[0]))
