"""The tempo map of a Reaper project file: where a bar begins, in seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

_HELD = 1  # a point's shape: the tempo holds until the next one; else it glides there
_NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the map.

    Attributes:
        seconds: where it is.
        bpm: quarter notes a minute.
        held: whether the tempo holds until the next point; else it glides there, linear in time.
        meter: a new meter that begins here, as numerator and denominator; None for none.
    """

    seconds: float
    bpm: float
    held: bool = True
    meter: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Stretch:
    seconds: float
    beats: float
    bpm: float
    glide: float  # BPM a second

    def beats_at(self, seconds: float) -> float:
        t = seconds - self.seconds
        return self.beats + (self.bpm * t + self.glide * t * t / 2) / 60

    def seconds_at(self, beats: float) -> float:
        x = (beats - self.beats) * 60
        root = math.sqrt(max(0.0, self.bpm**2 + 2 * self.glide * x))
        return self.seconds + 2 * x / (self.bpm + root)


@dataclass(frozen=True, slots=True)
class _Meter:
    beats: float
    bar: int  # from 0
    length: float  # quarter notes a bar


class RppMap:
    """Bars, beats (quarter notes) and seconds of a project.

    Args:
        points: in their order; the first is at 0 and has a meter.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        self._stretches: list[_Stretch] = []
        self._meters: list[_Meter] = []
        beats = 0.0
        for point, after in zip_longest(points, points[1:]):
            glide = 0.0
            if after is not None and not point.held and after.seconds > point.seconds:
                glide = (after.bpm - point.bpm) / (after.seconds - point.seconds)
            stretch = _Stretch(point.seconds, beats, point.bpm, glide)
            self._stretches.append(stretch)
            if point.meter is not None:
                self._begin_meter(beats, point.meter)
            if after is not None:
                beats = stretch.beats_at(after.seconds)

    def seconds_at(self, beats: float) -> float:
        """Where a beat is."""
        found = [each for each in self._stretches if each.beats <= beats + _NEAR]
        return found[-1].seconds_at(beats)

    def beats_at(self, seconds: float) -> float:
        """The beat at an instant."""
        found = [each for each in self._stretches if each.seconds <= seconds]
        return found[-1].beats_at(seconds)

    def beats_of_bar(self, bar: int) -> float:
        """The beat that a bar begins on; bars count from 1."""
        meter = [each for each in self._meters if each.bar <= bar - 1][-1]
        return meter.beats + (bar - 1 - meter.bar) * meter.length

    def bar_from(self, seconds: float) -> int:
        """The first bar that begins at an instant or after it."""
        beats = self.beats_at(seconds)
        meter = [each for each in self._meters if each.beats <= beats + _NEAR][-1]
        return meter.bar + math.ceil((beats - meter.beats) / meter.length - 1e-4) + 1

    def _begin_meter(self, beats: float, meter: tuple[int, int]) -> None:
        bar = 0
        if self._meters:
            last = self._meters[-1]
            bar = last.bar + math.ceil((beats - last.beats) / last.length - _NEAR)
        self._meters.append(_Meter(beats, bar, meter[0] * 4 / meter[1]))


def read_points(tempo: Sequence[str], envelope: Sequence[Sequence[str]]) -> list[Point]:
    """The points of a project file.

    Args:
        tempo: the words of its ``TEMPO`` line.
        envelope: the words of each ``PT`` line of its tempo envelope.
    """
    bpm, meter = float(tempo[1]), (int(tempo[2]), int(tempo[3]))
    points = []
    for words in envelope:
        packed = int(words[4]) if len(words) > 4 else 0
        own = (packed & 0xFFFF, packed >> 16) if packed else None
        points.append(Point(float(words[1]), float(words[2]), int(words[3]) == _HELD, own))
    if not points or points[0].seconds > 0:
        points.insert(0, Point(0.0, bpm))
    first = points[0]
    return [Point(0.0, first.bpm, first.held, first.meter or meter), *points[1:]]
