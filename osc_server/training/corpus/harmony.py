"""Keys, scales, chord progressions and voicings, as MIDI note numbers."""

from __future__ import annotations

import numpy as np

NOTE_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}

PROGRESSIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (1, 4, 0, 5), (0, 3, 0, 4), (0, 2, 3, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 4), (0, 6, 5, 6), (0, 5, 3, 6), (0, 2, 6, 3), (5, 6, 0, 2)),
    "dorian": ((0, 3, 0, 3), (0, 3, 6, 0), (1, 4, 0, 5), (0, 1, 2, 3), (0, 6, 3, 4)),
    "mixolydian": ((0, 3, 0, 4), (0, 6, 3, 0), (0, 3, 4, 3), (0, 0, 3, 4)),
    "phrygian": ((0, 1, 0, 1), (0, 1, 2, 1), (0, 5, 1, 0), (0, 6, 1, 0)),
}


def hertz(note: float) -> float:
    """Frequency of a MIDI note number in Hz."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def degree(mode: str, step: int) -> int:
    """Semitones above the tonic of scale step ``step`` (0 is the tonic; any octave, any sign)."""
    scale = SCALES[mode]
    return scale[step % 7] + 12 * (step // 7)


def progression(mode: str, n_chords: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Scale steps of ``n_chords`` chord roots, drawn from the common ones of ``mode``."""
    options = PROGRESSIONS[mode]
    found = options[int(rng.integers(len(options)))]
    if n_chords == 1:
        return (0,)
    if n_chords == 2:
        return (found[0], found[1] if found[1] != found[0] else found[2])
    return tuple(found[i % 4] for i in range(n_chords))


def power_chord(mode: str, root: int, lowest: int, tonic: int) -> list[int]:
    """Root, fifth and octave of the chord on scale step ``root``, from ``lowest`` up."""
    note = lowest + (tonic + degree(mode, root) - lowest) % 12
    return [note, note + 7, note + 12]


def chord(mode: str, root: int, size: int, centre: int, tonic: int) -> list[int]:
    """A voicing of ``size`` notes of the chord on scale step ``root``, near note ``centre``.

    Every note is moved by octaves to lie within a sixth of ``centre``, so that chords change with
    little movement; a fifth note doubles the root below.
    """
    steps = (0, 2, 4, 6, 8)[: min(size, 5)]
    notes = []
    for step in steps:
        note = tonic + degree(mode, root + step)
        notes.append(centre + (note - centre + 6) % 12 - 6)
    return sorted(set(notes))
