"""Sending MIDI clock: which message is due when, computed from the beats of a clock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

from daw_bridge.clock.clock import LiveClock
from daw_bridge.clock.midi_clock import TICKS_PER_BEAT
from daw_bridge.clock.sample_time import SampleTime

OutMessage = Literal["clock", "start", "stop"]


class MidiClockOut:
    """The ticks of a clock, each computed from its beat and none from the tick before: no drift.

    ``start`` comes just before the tick of a bar line, so that whoever is led begins on our bar;
    where the beats leap, ``stop`` comes there and ``start`` on the next bar line.

    Args:
        clock: whose beats are sent.
        time: when its samples are heard.
    """

    def __init__(self, clock: LiveClock, time: SampleTime) -> None:
        self._clock = clock
        self._time = time
        self._next_tick: int | None = None
        self._running = False

    def due(self, now: float, until: float) -> Iterator[tuple[float, OutMessage]]:
        """What is to be sent up to an instant, in order, with the seconds at which it is due.

        Args:
            now: this instant, on the monotonic clock.
            until: a little later; less than what a clock has planned firmly (100 ms).
        """
        if self._next_tick is None:
            beat = self._clock.beat_at(math.ceil(self._time.sample_of(now)))
            self._next_tick = math.ceil(beat * TICKS_PER_BEAT)
        while True:
            sample = self._clock.sample_at(Fraction(self._next_tick, TICKS_PER_BEAT))
            at = self._time.seconds_of(sample)
            if at > until:
                return
            here = math.floor(self._clock.beat_at(sample) * TICKS_PER_BEAT)
            if here > self._next_tick + 1:  # the beats leap here
                self._next_tick = here
                yield from self._stop(at)
            else:
                yield from self._transport(at, Fraction(self._next_tick, TICKS_PER_BEAT))
                self._next_tick += 1
                yield at, "clock"

    def _transport(self, at: float, beat: Fraction) -> Iterator[tuple[float, OutMessage]]:
        if not self._clock.playing:
            yield from self._stop(at)
        elif not self._running and self._clock.grid.phase_at(beat) == 0:
            self._running = True
            yield at, "start"

    def _stop(self, at: float) -> Iterator[tuple[float, OutMessage]]:
        if self._running:
            self._running = False
            yield at, "stop"
