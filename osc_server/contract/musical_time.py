"""Beats, bars, seconds, samples and frames, converted exactly.

A beat is a quarter note, whatever the meter. BPM is a float and is never rounded. Lengths in
samples are rounded once, over the whole loop, never per bar, so that loops do not drift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from osc_server.contract.errors import BadRequest

BPM_MIN = 20.0
BPM_MAX = 400.0


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature such as 4/4 or 7/8."""

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 32 or self.denominator not in (1, 2, 4, 8, 16, 32):
            raise BadRequest(
                f"meter {self} is not usable: write it like 4/4, 3/4 or 7/8 "
                "(1 to 32 over 1, 2, 4, 8, 16 or 32)"
            )

    @property
    def beats_per_bar(self) -> Fraction:
        """Quarter notes in a bar: 4 for 4/4, 7/2 for 7/8."""
        return Fraction(4 * self.numerator, self.denominator)

    @classmethod
    def parse(cls, text: str) -> Meter:
        """Read ``"7/8"``. Raises BadRequest when it is not a meter."""
        parts = text.strip().split("/")
        if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
            raise BadRequest(f"meter {text!r} is not usable: write it like 4/4, 3/4 or 7/8")
        return cls(int(parts[0]), int(parts[1]))

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


def check_bpm(bpm: float) -> float:
    """Return ``bpm`` if it lies in 20..400; raise BadRequest otherwise."""
    if not (math.isfinite(bpm) and BPM_MIN <= bpm <= BPM_MAX):
        raise BadRequest(f"bpm {bpm:g} is out of range: {BPM_MIN:g} to {BPM_MAX:g}")
    return bpm


def beats_to_seconds(beats: Fraction | float, bpm: float) -> float:
    """Seconds that ``beats`` quarter notes last at ``bpm``."""
    return float(Fraction(beats) * 60 / Fraction(bpm))


def seconds_to_beats(seconds: float, bpm: float) -> float:
    """Quarter notes that pass in ``seconds`` at ``bpm``."""
    return float(Fraction(seconds) * Fraction(bpm) / 60)


def beats_to_samples(beats: Fraction | float, bpm: float, rate: int) -> int:
    """Exactly ``round(beats * 60 / bpm * rate)``, computed without float error, at least 1."""
    return max(1, round(Fraction(beats) * 60 / Fraction(bpm) * rate))


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant of musical time: the same point as beat, bar, phase and seconds.

    Attributes:
        beat: quarter notes since the transport started.
        bar: index of the bar that holds it, from 0.
        phase: quarter notes since that bar began.
        seconds: seconds since the transport started.
    """

    beat: float
    bar: int
    phase: float
    seconds: float
