"""The Clock protocol: stream samples to beats and back, and what is heard now."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Protocol

from osc_server.contract.musical_time import Meter, Moment


class Clock(Protocol):
    """Says where the beats lie on the samples of the output stream.

    Sample 0 is the first one that the stream plays. Any thread may ask; the audio callback asks
    only at change-overs and loop starts, never once a block.
    """

    @property
    def bpm(self) -> float:
        """Quarter notes a minute that are heard now."""
        ...

    @property
    def meter(self) -> Meter:
        """The time signature that bars are counted in."""
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


def moment_at(clock: Clock, sample: int, rate_hz: int) -> Moment:
    """The same instant as beat, bar, phase and seconds."""
    beat = clock.beat_at(sample)
    beats_per_bar = clock.meter.beats_per_bar
    bar = math.floor(beat / beats_per_bar)
    phase = beat - bar * beats_per_bar
    return Moment(float(beat), bar, float(phase), sample / rate_hz)


def next_multiple(beat: Fraction, quantum_beats: Fraction) -> Fraction:
    """The first multiple of the quantum at or after ``beat``."""
    return math.ceil(beat / quantum_beats) * quantum_beats
