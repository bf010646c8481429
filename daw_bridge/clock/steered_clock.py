"""The clock of a live set: it follows the best source present, and goes on alone where none is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from daw_bridge.clock.bar_grid import BarGrid
from daw_bridge.clock.clock import moment_at
from daw_bridge.clock.sample_time import SampleTime
from daw_bridge.clock.source import Reading, TempoSource
from daw_bridge.clock.timeline import Timeline
from osc_server.contract.addresses import nearest
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter, Moment, check_bpm

AUTO = "auto"
INTERNAL = "internal"

LEAD_SECONDS = 0.1
"""What is already rendered is never moved: it bends this far ahead of what is heard."""
_SLEW_SECONDS = 0.5
_SLEW_BEATS = Fraction(1, 8)
"""A phase error up to this is made good by playing a little faster or slower; beyond, by a leap."""
_DEAD_SECONDS = 0.0003
_HORIZON_SECONDS = 4.0
_BEAT_PARTS = 1 << 32


class SteeredClock:
    """A Clock that steers towards a source, so that its own beats never go back or stumble.

    Its beats are its own: they go on when the source stops, is lost or is replaced by another. What
    it takes over from the source is the tempo, where bar lines fall, and which bar it is. A small
    difference is made good within half a second by tempo; on a start, a song position or another
    source it leaps forward by less than a bar, to the same place in the bar (``jumps`` counts
    these). Without a source it is an internal clock with the last tempo, or one that is set.

    ``update`` is called many times a second by one thread, which is also the one that calls
    everything but the Clock protocol.

    Args:
        rate_hz: samples per second of the stream.
        bpm: tempo until a source or somebody else says another.
        meter: time signature.
        heard: gives the stream sample that is heard now (an output's ``heard_sample``).
        sources: what can be followed, the best first.
    """

    def __init__(
        self,
        rate_hz: int,
        bpm: float,
        meter: Meter,
        heard: Callable[[], int],
        sources: Sequence[TempoSource] = (),
    ) -> None:
        self._rate_hz = rate_hz
        self._heard = heard
        self._sources = tuple(sources)
        self.offset_seconds = 0.0
        """How much later than the source it shall sound; negative = earlier."""
        self.time = SampleTime(rate_hz, heard)
        self._timeline = Timeline(rate_hz, bpm)
        self._grid = BarGrid(meter)
        self._wanted = AUTO
        self._followed = ""
        self._reading: Reading | None = None
        self._song_offset = Fraction(0)  # the clock's beat minus the source's
        self._jumps = 0
        self._alone_from = 0  # the sample from which on it goes on alone

    # The Clock protocol: any thread

    @property
    def bpm(self) -> float:
        """Quarter notes a minute: the source's where one is followed, steady."""
        reading = self._reading
        if reading is not None:
            return reading.bpm
        # What is still on its way to be heard may have been played faster or slower to catch up.
        return self._timeline.bpm_at(max(self._heard(), self._alone_from))

    @property
    def meter(self) -> Meter:
        """The time signature that bars are counted in."""
        return self._grid.meter

    @property
    def grid(self) -> BarGrid:
        """Where the bars lie on the beats; bar 0 is the first of the source's song."""
        return self._grid

    @property
    def changes(self) -> int:
        """How often beats have been given other samples."""
        return self._timeline.changes

    def beat_at(self, sample: int) -> Fraction:
        """Quarter notes at a stream sample."""
        return self._timeline.beat_at(sample)

    def sample_at(self, beat: Fraction) -> int:
        """The stream sample nearest to a beat."""
        return self._timeline.sample_at(beat)

    def now(self) -> Moment:
        """What is heard at this instant."""
        return moment_at(self, self._heard(), self._rate_hz)

    def set_bpm(self, bpm: float, at_beat: Fraction) -> None:
        """Let a tempo hold from ``at_beat`` on; ignored while a source is followed.

        Raises:
            BadRequest: if bpm is not within 20..400.
        """
        check_bpm(bpm)
        if not self._followed:
            self._timeline.set_bpm(bpm, at_beat)

    # Beyond the protocol

    @property
    def source(self) -> str:
        """Who leads now: ``internal``, ``midi``, ``link``, ``osc`` or ``tap``."""
        return self._followed or INTERNAL

    @property
    def leader(self) -> str:
        """The same with the name of what tells the time there, if it has one: ``osc (Live)``."""
        who = "" if self._reading is None else self._reading.who
        return f"{self.source} ({who})" if who else self.source

    @property
    def wanted(self) -> str:
        """Who was chosen: a source's name, ``internal`` or ``auto``."""
        return self._wanted

    @property
    def playing(self) -> bool:
        """Whether the source's transport runs; always where there is none."""
        return self._reading is None or self._reading.playing

    @property
    def jumps(self) -> int:
        """How often the beats have leapt: who plays loops lays them anew when it grows."""
        return self._jumps

    @property
    def description(self) -> str:
        """One line for the musician."""
        if not self._followed:
            waits = self._wanted not in (AUTO, INTERNAL)
            return f"internal clock: nothing comes from {self._wanted}" if waits else INTERNAL
        reading = self._reading
        if reading is not None and not reading.playing:
            return f"{self.leader}, stopped"
        if reading is not None and reading.known == "beat" and self._followed != "tap":
            return f"{self._followed} (beats only: send a start to say where bar 1 is)"
        return self.leader

    def choose(self, name: str) -> None:
        """Follow one source, the best one present (``auto``), or none (``internal``).

        Raises:
            BadRequest: for a name that there is not.
        """
        names = [AUTO, INTERNAL, *(source.name for source in self._sources)]
        if name not in names:
            raise BadRequest(
                f"no clock is called {name!r}{nearest(name, names)} (there are {', '.join(names)})"
            )
        self._wanted = name

    def set_meter(self, meter: Meter) -> None:
        """Count bars in ``meter`` from the next bar line on."""
        if meter != self._grid.meter:
            self._grid = self._grid.in_meter(meter, self.beat_at(self._heard()))

    def update(self, seconds: float) -> None:
        """Look at the sources and steer. ``seconds`` is now, on the sources' monotonic clock."""
        self.time.look(seconds)
        name, reading = self._best(seconds)
        before, self._reading = self._reading, reading
        new = name != self._followed
        self._followed = name
        if reading is None:
            if new and before is not None:
                self._coast(seconds, before)
            return
        if reading.playing:
            goes_on = not new and before is not None and before.playing
            put = before is not None and before.locates != reading.locates
            self._steer(seconds, reading, put or not goes_on)
        elif reading.bpm != self._timeline.last.bpm:  # where it stands says nothing of beats
            self._coast(seconds, reading)

    def _best(self, seconds: float) -> tuple[str, Reading | None]:
        """The first that plays; where none does, the first that is there."""
        found: list[tuple[str, Reading]] = []
        for source in self._sources:
            if self._wanted in (AUTO, source.name):
                reading = source.reading(seconds)
                if reading is not None:
                    late_beats = self.offset_seconds * reading.speed_bpm / 60
                    reading = replace(reading, beat=reading.beat - late_beats)
                    found.append((source.name, reading))
        if not found:
            return "", None
        return next((one for one in found if one[1].playing), found[0])

    def _bend_point(self, seconds: float) -> int:
        return max(0, round(self.time.sample_of(seconds + LEAD_SECONDS)))

    def _coast(self, seconds: float, last: Reading) -> None:
        """Go on alone from where it is, with the last steady tempo."""
        sample = self._alone_from = self._bend_point(seconds)
        self._timeline.bend((sample, _tidy(self.beat_at(sample)), last.bpm))

    def _steer(self, seconds: float, reading: Reading, located: bool) -> None:
        sample = self._bend_point(seconds)
        # The sample is whole, the instant is not: the target is read where the sample is heard.
        ahead = self.time.seconds_of(sample) - seconds
        song = Fraction(reading.beat + ahead * reading.speed_bpm / 60)
        beat = self.beat_at(sample)
        error = song + self._song_offset - beat
        if located or abs(error) > _SLEW_BEATS:
            error = self._meet(reading, song, beat)
        if error > _SLEW_BEATS:
            self._jumps += 1
            self._timeline.bend((sample, _tidy(beat + error), reading.speed_bpm))
        elif self._differs(sample, beat + error, reading.speed_bpm):
            self._slew(sample, beat, error, reading.speed_bpm)

    def _meet(self, reading: Reading, song: Fraction, beat: Fraction) -> Fraction:
        """Let the source's bars (or beats) fall on ours; how far the beats have to move for it."""
        known_bars = reading.known == "bar"
        lattice = self._grid.meter.beats_per_bar if known_bars else Fraction(1)
        move = (song + self._grid.beat - beat) % lattice
        if move > lattice - _SLEW_BEATS:
            move -= lattice
        steps = round((beat + move - song - self._grid.beat) / lattice)
        self._song_offset = self._grid.beat + steps * lattice
        if known_bars:
            self._grid = BarGrid(self._grid.meter, self._song_offset, 0)
        return move

    def _differs(self, sample: int, beat: Fraction, bpm: float) -> bool:
        """Whether what is planned leaves the source's line by more than is worth a bend."""
        horizon = sample + round(_HORIZON_SECONDS * self._rate_hz)
        there = beat + Fraction(_HORIZON_SECONDS * bpm / 60)
        last = self._timeline.last
        now_off = abs(last.beat_at(sample) - beat) * 60 / Fraction(bpm)
        then_off = abs(last.beat_at(horizon) - there) * 60 / Fraction(bpm)
        return now_off > _DEAD_SECONDS or then_off > 2 * _DEAD_SECONDS

    def _slew(self, sample: int, beat: Fraction, error: Fraction, bpm: float) -> None:
        length = round(_SLEW_SECONDS * self._rate_hz)
        passing = Fraction(_SLEW_SECONDS * bpm / 60)
        rate = (passing + error) / Fraction(_SLEW_SECONDS) * 60
        start, end = _tidy(beat), _tidy(beat + error + passing)
        self._timeline.bend((sample, start, float(rate)), (sample + length, end, bpm))


def _tidy(beat: Fraction) -> Fraction:
    """The beat to within a quarter of a billionth, so that fractions do not grow with each bend."""
    return Fraction(round(beat * _BEAT_PARTS), _BEAT_PARTS)
