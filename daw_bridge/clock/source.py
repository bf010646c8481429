"""What a clock can follow: the TempoSource protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Known = Literal["bar", "beat"]
"""How much of the place is known: which bar, or only where beats fall."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a source is at one instant.

    Attributes:
        beat: quarter notes since the start of its song; its bar 0 begins on beat 0.
        bpm: its tempo, steady: small wobbles of the measurement are not in it.
        speed_bpm: the best present estimate of how fast its beats pass; what beats are placed by.
        playing: whether its transport runs.
        locates: how often it has been put to another place; a change of it is a jump on purpose.
        known: whether bars are known, or beats only.
        who: what calls itself so, where several could be the source; empty where nothing does.
    """

    beat: float
    bpm: float
    speed_bpm: float
    playing: bool
    locates: int
    known: Known
    who: str = ""


class TempoSource(Protocol):
    """Somebody else who counts beats: MIDI clock, Ableton Link, a patch, a tapping finger."""

    @property
    def name(self) -> str:
        """One word: ``midi``, ``link``, ``osc``, ``tap``."""
        ...

    def reading(self, seconds: float) -> Reading | None:
        """Where it is at an instant of the monotonic clock; None where it is not there."""
        ...
