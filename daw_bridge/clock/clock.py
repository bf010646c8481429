"""The Clock protocol: stream samples to beats and back, and what is heard now."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from daw_bridge.clock.bar_grid import BarGrid
from osc_server.contract.musical_time import Meter, Moment


class Clock(Protocol):
    """Says where the beats lie on the samples of the output stream.

    Sample 0 is the first one that the stream plays. Any thread may ask; the audio callback asks
    where beats lie only at change-overs and loop starts, and where ``changes`` has grown.
    """

    @property
    def bpm(self) -> float:
        """Quarter notes a minute that are heard now."""
        ...

    @property
    def meter(self) -> Meter:
        """The time signature that bars are counted in."""
        ...

    @property
    def grid(self) -> BarGrid:
        """Where the bars lie on the beats."""
        ...

    @property
    def changes(self) -> int:
        """How often beats have been given other samples: what was counted on is to be looked up."""
        ...

    def beat_at(self, sample: int) -> Fraction:
        """Quarter notes since the transport started, at a stream sample; exact."""
        ...

    def sample_at(self, beat: Fraction) -> int:
        """The stream sample nearest to a beat."""
        ...

    def now(self) -> Moment:
        """What is heard at this instant."""
        ...

    def set_bpm(self, bpm: float, at_beat: Fraction) -> None:
        """Let a tempo hold from ``at_beat`` on; a clock that follows another ignores it.

        Called by the audio callback at the change-over to a loop that leads.
        """
        ...


class LiveClock(Clock, Protocol):
    """A clock that may follow somebody else."""

    @property
    def source(self) -> str:
        """Who leads now: ``internal``, ``midi``, ``link``, ``osc`` or ``tap``."""
        ...

    @property
    def description(self) -> str:
        """The same in words, for the musician."""
        ...

    @property
    def playing(self) -> bool:
        """Whether the transport of who leads runs; always where nobody does."""
        ...

    @property
    def jumps(self) -> int:
        """How often the beats have leapt: who plays loops lays them anew when it grows."""
        ...


@dataclass(frozen=True, slots=True)
class Boundary:
    """A quantum's beginning: the clock's beat, and the stream sample on which it is heard."""

    beat: Fraction
    sample: int


def moment_at(clock: Clock, sample: int, rate_hz: int) -> Moment:
    """The same instant as beat, bar, phase and seconds."""
    beat, grid = clock.beat_at(sample), clock.grid
    return Moment(float(beat), grid.bar_at(beat), float(grid.phase_at(beat)), sample / rate_hz)


def next_boundary(clock: Clock, sample: int, quantum_beats: Fraction) -> Boundary:
    """The first beginning of a quantum on or after a stream sample.

    Args:
        clock: whose grid the quantum lies on.
        sample: usually what is heard now plus what is already written ahead.
        quantum_beats: 1 for a beat, ``meter.beats_per_bar`` times n for n bars.
    """
    beat = clock.grid.next_boundary(clock.beat_at(sample), quantum_beats)
    if (at := clock.sample_at(beat)) < sample:  # the beat rounds to the sample before its own
        beat += quantum_beats
        at = clock.sample_at(beat)
    return Boundary(beat, at)


def next_multiple(beat: Fraction, quantum_beats: Fraction) -> Fraction:
    """The first multiple of the quantum at or after ``beat``."""
    return math.ceil(beat / quantum_beats) * quantum_beats
