"""Following MIDI clock: 24 ticks a quarter note, start, stop, continue, song position.

Pure logic: it is fed with messages and the instants at which they came, and asked where the sender
is. MIDI 1.0 Detailed Specification, "System Real Time Messages" and "Song Position Pointer".
"""

from __future__ import annotations

import itertools
import math
import statistics
from typing import Literal

from daw_bridge.clock.line_fit import Line, LineFit
from daw_bridge.clock.source import Reading
from daw_bridge.clock.steady import SteadyTempo
from osc_server.contract.musical_time import BPM_MAX, BPM_MIN

TICKS_PER_BEAT = 24
TICKS_PER_SIXTEENTH = 6

MidiClockMessage = Literal["clock", "start", "stop", "continue", "songpos"]

_FIRST_TICKS = 12
_WINDOW_TICKS = 16 * TICKS_PER_BEAT
_GONE_SECONDS = 1.0
_REMEMBERED_SECONDS = 10.0
_CEASE_SECONDS = 0.3
_GAP = 1.3
_BURST = 0.3
_CALM_TICKS = 9
_JUDGED_TICKS = 48
_REDRAW_TICKS = 3
_GOES_ON_TICKS = 30  # a beat, and what it takes a sender to stop


class MidiClockFollower:
    """Where a sender of MIDI clock is, from its jittery ticks.

    Tempo and phase are a least-squares line through up to four bars of ticks. Ticks that the
    system held up and then delivered in a burst are counted as usual; ticks that were lost are
    noticed, because those after them come on time but too few, and are counted in. A sender that
    is silent for less than ten seconds keeps its place to the tick.
    """

    def __init__(self) -> None:
        self._fit = LineFit(TICKS_PER_BEAT, _WINDOW_TICKS)
        self._steady = SteadyTempo()
        self._line: Line | None = None
        self._bpm = 0.0
        self._tick = -1  # index of the last tick, counted since ever
        self._last_seconds = -math.inf
        self._origin = 0  # the tick that is the start of the song
        self._cued: int | None = 0  # song tick that the next tick is; the first one ever is a beat
        self._position = 0
        self._stopped_on: int | None = None  # until it says a position
        self._tells_ticks = False
        self._judged: list[tuple[int, float]] = []
        self._calm_ticks = _CALM_TICKS  # ticks since the last gap
        self._missing = 0  # ticks that would fill those gaps
        self._playing = True  # until it says otherwise: some senders never say anything
        self._stop_seconds = -math.inf
        self._locates = 0
        self._located = False

    @property
    def name(self) -> str:
        """``midi``."""
        return "midi"

    def feed(self, message: MidiClockMessage, seconds: float, sixteenths: int = 0) -> None:
        """Take one message.

        Args:
            message: what came.
            seconds: when, on a monotonic clock.
            sixteenths: of a song position pointer, in sixteenth notes.
        """
        if message == "clock":
            self._take_tick(seconds)
        elif message == "start":
            self._locate(0)
            self._playing = True
        elif message == "continue":
            if not self._playing or not self._located:
                self._locate(self._position)
            self._playing = True
        elif message == "stop":
            self._playing = False
            self._stop_seconds = seconds
            self._position = self._stopped_on = max(0, self._tick + 1 - self._origin)
        else:
            self._position = self._ticks_of(sixteenths)
            if self._playing and self._located:  # some senders jump without a stop
                self._locate(self._position)

    def align(self, seconds: float, beat: float = 0.0) -> None:
        """Say that the song was at ``beat`` at an instant: for senders that never send a start."""
        if self._line is not None:
            at = self._line.position_at(seconds)
            self._origin = round(at - beat * TICKS_PER_BEAT)
            self._cued, self._located = None, True
            self._locates += 1

    def reading(self, seconds: float) -> Reading | None:
        """Where the sender is; None before half a beat was heard and a second after the last."""
        line = self._line
        if line is None or not self._bpm or seconds - self._last_seconds > _GONE_SECONDS:
            return None
        position, origin = line.position_at(seconds), self._origin
        if self._cued is not None:  # the next tick is where it was put, however long that takes
            position = min(position, self._tick + 1)
            origin = self._tick + 1 - self._cued
        beat = (position - origin) / TICKS_PER_BEAT
        known: Literal["bar", "beat"] = "bar" if self._located else "beat"
        speed = _bpm(line)
        return Reading(beat, self._bpm, speed, self._playing, self._locates, known)

    def _ticks_of(self, position: int) -> int:
        """A song position in ticks.

        Ardour 7.0 to 7.3 tell it in ticks, rounded up to a beat, where sixteenths are due. That is
        seen when they go on from where they stopped.
        """
        stopped_on, self._stopped_on = self._stopped_on, None
        if position % TICKS_PER_BEAT:
            self._tells_ticks = False
        elif stopped_on is not None and 0 <= position - stopped_on < _GOES_ON_TICKS:
            self._tells_ticks = True
        return position if self._tells_ticks else position * TICKS_PER_SIXTEENTH

    def _locate(self, song_tick: int) -> None:
        self._cued = song_tick
        self._position = song_tick
        self._locates += 1
        self._located = True

    def _take_tick(self, seconds: float) -> None:
        spacing_seconds = seconds - self._last_seconds
        if spacing_seconds > _GONE_SECONDS:
            self._resume(seconds)
        elif self._cued is not None and self._periods(spacing_seconds) > _GAP:
            self._begin_line(seconds)  # it was silent while it was put elsewhere: nothing is lost
        self._tick += 1
        if self._cued is not None:
            self._origin, self._cued = self._tick - self._cued, None
        self._mark_gap(spacing_seconds)
        self._last_seconds = seconds
        if self._judged or not self._calm_ticks:
            self._judge(seconds)
        else:
            self._fit.add(self._tick, seconds)
            self._draw()

    def _resume(self, seconds: float) -> None:
        """The first tick after a silence: count the ones that were not sent."""
        line = self._line
        if line is not None and seconds - self._last_seconds < _REMEMBERED_SECONDS:
            self._tick = max(self._tick, round(line.position_at(seconds)) - 1)
        if not self._playing and self._last_seconds < self._stop_seconds + _CEASE_SECONDS:
            # One that sends ticks only while it plays: some say nothing else when they go on.
            self._locate(self._position)
            self._playing = True
        self._begin_line(seconds)

    def _begin_line(self, seconds: float) -> None:
        """The next tick begins a new line; the old tempo holds until there are enough to tell."""
        self._judged, self._missing = [], 0
        self._fit.clear()
        if (line := self._line) is not None:
            self._line = Line(self._tick + 1, seconds, line.period_seconds, 1.0)

    def _periods(self, spacing_seconds: float) -> float:
        """How many ticks are due in so long a time; 0 where the tempo is not known yet."""
        return 0.0 if self._line is None else spacing_seconds / self._line.period_seconds

    def _mark_gap(self, spacing_seconds: float) -> None:
        if self._line is None or len(self._fit) < TICKS_PER_BEAT:
            self._calm_ticks += 1
            return
        periods = self._periods(spacing_seconds)
        if periods > _GAP:
            self._calm_ticks = 0
            self._missing += max(0, round(periods) - 1)
        elif periods > _BURST:
            self._calm_ticks += 1

    def _judge(self, seconds: float) -> None:
        """After a gap: were ticks lost, held up, or is the tempo another?"""
        self._judged.append((self._tick, seconds))
        line = self._line
        calm = self._calm_ticks >= _CALM_TICKS or len(self._judged) >= _JUDGED_TICKS
        if line is None or not calm:
            return
        judged, self._judged = self._judged, []
        missing, self._missing = self._missing, 0
        lags = [(at - line.seconds_at(tick)) / line.period_seconds for tick, at in judged]
        spacings = [after[1] - before[1] for before, after in itertools.pairwise(judged)]
        if statistics.median(spacings) > _GAP * line.period_seconds:  # slower by far
            self._fit.clear()
            lags = [0.0] * len(lags)
        # Ticks that were held up have caught up by the last of these; lost ones never do.
        lost = min(max(0, round(statistics.median(lags[-_CALM_TICKS:]))), missing)
        self._tick += lost
        for lag, (tick, at) in zip(lags, judged, strict=True):
            self._fit.add(tick + min(max(0, round(lag)), lost), at)
        self._draw()

    def _draw(self) -> None:
        count = len(self._fit)
        if count < _FIRST_TICKS or (count > 2 * TICKS_PER_BEAT and self._tick % _REDRAW_TICKS):
            return
        line = self._fit.line()
        bpm = _bpm(line)
        if not BPM_MIN <= bpm <= BPM_MAX:
            return
        self._line = line
        self._bpm = self._steady.take(bpm, bpm * line.error)


def _bpm(line: Line) -> float:
    return 60 / (line.period_seconds * TICKS_PER_BEAT)
