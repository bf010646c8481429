"""Where Ardour's playhead is, as its OSC tells it ten times a second: in three messages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from osc_server.contract.packets import OscMessage

BBT, TIME, SAMPLES = "/position/bbt", "/position/time", "/position/samples"

_BAR_BEAT_TICK = re.compile(r"(\d+)\|(\d+)\|(\d+)")
_CLOCK_TIME = re.compile(r"(\d+):(\d+):(\d+)\.(\d{3})")
_RATES_HZ = (22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000)
_USUAL_HZ = 48000
_LONG_MS = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where the playhead is at the end of the block that is played.

    Attributes:
        bar: counted from 1.
        beat: of the bar, counted from 1, in the notes of the meter.
        tick: 1920 to a quarter note, from the beat on.
        sample: of the song.
        rate_hz: of the session.
        seconds: when it was told, on the monotonic clock.
    """

    bar: int
    beat: int
    tick: int
    sample: int
    rate_hz: int
    seconds: float


class PlaceReader:
    """Puts the three messages of a place together; what does not belong together is dropped.

    Ardour does not tell its rate. It follows from the samples and the time, which is cut off to
    milliseconds.
    """

    def __init__(self) -> None:
        self._bar_beat_tick: tuple[int, int, int] | None = None
        self._time_ms: int | None = None
        self._seconds = 0.0
        self._rate_hz = _USUAL_HZ

    def take(self, message: OscMessage, seconds: float) -> Place | None:
        """Take a message that came at ``seconds``; the place, where it completes one."""
        text = str(message.args[0]) if message.args else ""
        if message.address == BBT:
            found = _BAR_BEAT_TICK.fullmatch(text)
            self._bar_beat_tick = (
                None if found is None else (int(found[1]), int(found[2]), int(found[3]))
            )
            self._time_ms, self._seconds = None, seconds
        elif message.address == TIME and (found := _CLOCK_TIME.fullmatch(text)):
            hours, minutes, whole, thousandths = (int(part) for part in found.groups())
            self._time_ms = ((hours * 60 + minutes) * 60 + whole) * 1000 + thousandths
        elif message.address == SAMPLES and text.isdecimal():
            return self._place(int(text))
        return None

    def _place(self, sample: int) -> Place | None:
        place, self._bar_beat_tick = self._bar_beat_tick, None
        if place is None or self._time_ms is None:
            return None
        self._rate_hz = _rate(sample, self._time_ms) or self._rate_hz
        return Place(*place, sample, self._rate_hz, self._seconds)


def _rate(sample: int, time_ms: int) -> int:
    """The rate at which a sample lies at a time; 0 where it is too early to tell."""
    fits = [rate for rate in _RATES_HZ if abs(sample * 1000 // rate - time_ms) <= 1]
    if len(fits) == 1:
        return fits[0]
    return 0 if fits or time_ms < _LONG_MS else round(sample * 1000 / (time_ms + 0.5))
