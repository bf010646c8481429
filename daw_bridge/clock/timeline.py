"""Beats on samples as stretches of constant tempo, exact, and safe to read from any thread."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from osc_server.contract.musical_time import check_bpm


@dataclass(frozen=True, slots=True)
class TempoSegment:
    """A stretch of constant tempo: ``beat`` lies on ``sample``, and ``bpm`` holds from there on."""

    sample: int
    beat: Fraction
    bpm: float
    samples_per_beat: Fraction

    @classmethod
    def begin(cls, sample: int, beat: Fraction, bpm: float, rate_hz: int) -> TempoSegment:
        """A stretch that begins here; its speed may lie outside what a tempo may."""
        return cls(sample, beat, bpm, 60 * rate_hz / Fraction(bpm))

    def beat_at(self, sample: int) -> Fraction:
        """The beat on a sample, as if this stretch had no end."""
        return self.beat + (sample - self.sample) / self.samples_per_beat


class Timeline:
    """Stretches of constant tempo, one after another.

    Beats never go back. Where they leap forward, the beats that are leapt over lie on the sample
    of the leap. One thread writes at a time; any thread may read.

    Args:
        rate_hz: samples per second of the stream.
        bpm: tempo at beat 0, which lies on sample 0.

    Raises:
        BadRequest: if bpm is not within 20..400.
    """

    def __init__(self, rate_hz: int, bpm: float) -> None:
        self._rate_hz = rate_hz
        # Replaced whole, never changed in place: the audio callback may be reading it.
        self._segments: tuple[TempoSegment, ...] = (self._segment(0, Fraction(0), check_bpm(bpm)),)
        self.changes = 0
        """How often it has been changed."""

    def __len__(self) -> int:
        return len(self._segments)

    @property
    def last(self) -> TempoSegment:
        """The stretch that has no end yet."""
        return self._segments[-1]

    def bpm_at(self, sample: int) -> float:
        """Quarter notes a minute at a sample."""
        return self._segment_at(sample).bpm

    def beat_at(self, sample: int) -> Fraction:
        """The beat on a sample."""
        return self._segment_at(sample).beat_at(sample)

    def sample_at(self, beat: Fraction) -> int:
        """The sample nearest to a beat."""
        segments = self._segments
        index = len(segments) - 1
        while index > 0 and segments[index].beat > beat:
            index -= 1
        segment = segments[index]
        sample = segment.sample + round((beat - segment.beat) * segment.samples_per_beat)
        if index + 1 < len(segments):
            return min(sample, segments[index + 1].sample)
        return sample

    def set_bpm(self, bpm: float, at_beat: Fraction) -> None:
        """Let ``bpm`` hold from ``at_beat`` on; changes planned for later beats are dropped.

        The same tempo again changes nothing: its beats stay rounded from its first one.

        Raises:
            BadRequest: if bpm is not within 20..400.
        """
        if bpm == self.last.bpm and at_beat >= self.last.beat:
            return
        added = self._segment(self.sample_at(at_beat), at_beat, check_bpm(bpm))
        earlier = tuple(one for one in self._segments if one.beat < at_beat)
        self._segments = (*earlier[-_REMEMBERED:], added)
        self.changes += 1

    def bend(self, *stretches: tuple[int, Fraction, float]) -> None:
        """Replace all that lies from the first stretch's sample on.

        Args:
            stretches: sample, beat and speed in quarter notes a minute of each, in order.
        """
        first = stretches[0][0]
        earlier = tuple(one for one in self._segments if one.sample < first)
        added = (self._segment(*stretch) for stretch in stretches)
        self._segments = (*earlier[-_REMEMBERED:], *added)
        self.changes += 1

    def _segment_at(self, sample: int) -> TempoSegment:
        segments = self._segments
        return next((one for one in reversed(segments) if one.sample <= sample), segments[0])

    def _segment(self, sample: int, beat: Fraction, bpm: float) -> TempoSegment:
        return TempoSegment.begin(sample, beat, bpm, self._rate_hz)


_REMEMBERED = 32
"""Past stretches that are kept: what is heard now lies some tenths of a second behind the last."""
