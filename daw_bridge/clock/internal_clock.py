"""The internal clock: counted from the samples that the sound card has played, so it is exact."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from daw_bridge.clock.bar_grid import BarGrid
from daw_bridge.clock.clock import moment_at
from daw_bridge.clock.timeline import Timeline
from osc_server.contract.musical_time import Meter, Moment


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
        self._grid = BarGrid(meter)
        self._heard = heard
        self._timeline = Timeline(rate_hz, bpm)

    @property
    def bpm(self) -> float:
        """Quarter notes a minute that are heard now."""
        return self._timeline.bpm_at(self._heard())

    @property
    def meter(self) -> Meter:
        """The time signature that bars are counted in."""
        return self._grid.meter

    @property
    def grid(self) -> BarGrid:
        """Where the bars lie on the beats."""
        return self._grid

    def set_bpm(self, bpm: float, at_beat: Fraction) -> None:
        """Let ``bpm`` hold from ``at_beat`` on; changes planned for later beats are dropped.

        The same tempo again changes nothing: its beats stay rounded from its first one.

        Raises:
            BadRequest: if bpm is not within 20..400.
        """
        self._timeline.set_bpm(bpm, at_beat)

    @property
    def changes(self) -> int:
        """How often its tempo has changed."""
        return self._timeline.changes

    def beat_at(self, sample: int) -> Fraction:
        """Quarter notes since the transport started, at a stream sample; exact."""
        return self._timeline.beat_at(sample)

    def sample_at(self, beat: Fraction) -> int:
        """The stream sample nearest to a beat."""
        return self._timeline.sample_at(beat)

    def now(self) -> Moment:
        """What is heard at this instant."""
        return moment_at(self, self._heard(), self._rate_hz)
