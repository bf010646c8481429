"""The internal clock: counted from the samples that the sound card has played, so it is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from daw_bridge.clock.clock import moment_at
from osc_server.contract.musical_time import Meter, Moment, check_bpm


@dataclass(frozen=True, slots=True)
class TempoSegment:
    """A stretch of constant tempo: ``beat`` lies on ``sample``, and ``bpm`` holds from there on."""

    sample: int
    beat: Fraction
    bpm: float
    samples_per_beat: Fraction


class InternalClock:
    """A free-running clock whose only source is the stream's own sample count.

    There is no drift between the clock and the sound, because they are the same count: beat b of
    a tempo lies on ``round(b * 60 / bpm * rate)``, rounded from the start of the tempo and never
    from beat to beat.

    Args:
        rate_hz: samples per second of the stream.
        bpm: tempo at beat 0, which lies on sample 0.
        meter: time signature.
        heard: gives the stream sample that is heard now (an output's ``heard_sample``).
    """

    def __init__(self, rate_hz: int, bpm: float, meter: Meter, heard: Callable[[], int]) -> None:
        self._rate_hz = rate_hz
        self._meter = meter
        self._heard = heard
        # Replaced whole, never changed in place: the audio callback may be reading it.
        self._segments: tuple[TempoSegment, ...] = (self._segment(0, Fraction(0), bpm),)

    @property
    def bpm(self) -> float:
        """Quarter notes a minute that are heard now."""
        return self._segment_at(self._heard()).bpm

    @property
    def meter(self) -> Meter:
        """The time signature that bars are counted in."""
        return self._meter

    def set_bpm(self, bpm: float, at_beat: Fraction) -> None:
        """Let ``bpm`` hold from ``at_beat`` on; changes planned for later beats are dropped.

        The same tempo again changes nothing: its beats stay rounded from its first one.

        Raises:
            BadRequest: if bpm is not within 20..400.
        """
        if bpm == self._segments[-1].bpm and at_beat >= self._segments[-1].beat:
            return
        sample = self.sample_at(at_beat)
        earlier = tuple(one for one in self._segments if one.beat < at_beat)
        self._segments = (*earlier[-_REMEMBERED:], self._segment(sample, at_beat, bpm))

    def beat_at(self, sample: int) -> Fraction:
        """Quarter notes since the transport started, at a stream sample; exact."""
        segment = self._segment_at(sample)
        return segment.beat + (sample - segment.sample) / segment.samples_per_beat

    def sample_at(self, beat: Fraction) -> int:
        """The stream sample nearest to a beat."""
        segments = self._segments
        segment = next((one for one in reversed(segments) if one.beat <= beat), segments[0])
        return segment.sample + round((beat - segment.beat) * segment.samples_per_beat)

    def now(self) -> Moment:
        """What is heard at this instant."""
        return moment_at(self, self._heard(), self._rate_hz)

    def _segment_at(self, sample: int) -> TempoSegment:
        segments = self._segments
        return next((one for one in reversed(segments) if one.sample <= sample), segments[0])

    def _segment(self, sample: int, beat: Fraction, bpm: float) -> TempoSegment:
        return TempoSegment(sample, beat, bpm, 60 * self._rate_hz / Fraction(check_bpm(bpm)))


_REMEMBERED = 8
"""Past tempos that are kept: what is heard now lies at most a few behind what is planned."""
