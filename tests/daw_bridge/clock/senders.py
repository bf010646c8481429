"""Somebody who sends MIDI clock, with the jitter of a real computer; and a clock that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from daw_bridge.clock.midi_clock import MidiClockFollower
from daw_bridge.clock.source import Reading
from daw_bridge.clock.steered_clock import SteeredClock
from osc_server.contract.musical_time import Meter

RATE_HZ = 48000
BLOCK = 1024
TICKS = 24


def ticks_of(bpm_at: Callable[[float], float], seconds: float, begin: float = 0.0) -> list[float]:
    """When a perfect sender's ticks are due."""
    due, now = [], begin
    while now < seconds:
        due.append(now)
        now += 60 / bpm_at(now) / TICKS
    return due


def jittered(due: list[float], jitter_seconds: float, seed: int = 1) -> list[float]:
    """The same ticks as they arrive: in order, each off by a normal deviate."""
    late = np.random.default_rng(seed).normal(0, jitter_seconds, len(due))
    return list(np.maximum.accumulate(np.array(due) + late))


def beats_of(due: list[float], seconds: float) -> float:
    """The sender's true beat at an instant."""
    return float(np.interp(seconds, due, np.arange(len(due)) / TICKS))


@dataclass
class Sender:
    """A follower as a source, fed up to the instant at which it is asked."""

    arrivals: list[float]
    starts: bool = True
    follower: MidiClockFollower = field(default_factory=MidiClockFollower)
    name: str = "midi"
    fed: int = 0

    def reading(self, seconds: float) -> Reading | None:
        while self.fed < len(self.arrivals) and self.arrivals[self.fed] <= seconds:
            if self.fed == 0 and self.starts:
                self.follower.feed("start", self.arrivals[0] - 0.001)
            self.follower.feed("clock", self.arrivals[self.fed])
            self.fed += 1
        return self.follower.reading(seconds)


class Stage:
    """A steered clock on a stream whose card runs fast by 50 parts in a million, block by block."""

    def __init__(self, *sources, bpm=120.0, meter=Meter(4, 4)):  # noqa: B008
        self.seconds = 0.0
        self.clock = SteeredClock(RATE_HZ, bpm, meter, self._heard, sources)

    def _heard(self) -> int:
        return int(self.seconds * RATE_HZ * 1.00005) // BLOCK * BLOCK

    def run_to(self, seconds: float) -> Stage:
        while self.seconds < seconds:
            self.seconds = round(self.seconds + 0.02, 6)
            self.clock.update(self.seconds)
        return self

    @property
    def beat(self) -> float:
        return float(self.clock.beat_at(round(self.clock.time.sample_of(self.seconds))))

    @property
    def song_beat(self) -> float:
        return self.beat - float(self.clock.grid.beat)

    @property
    def song_sample(self) -> int:
        return round(self.clock.time.sample_of(self.seconds))
