"""Tempo and meter of Ardour's song, which its OSC does not tell, from places that it tells."""

from __future__ import annotations

import math

from daw_bridge.ardour_osc.place import Place
from osc_server.contract.musical_time import Meter

TICKS_PER_BEAT = 1920
"""A beat is a quarter note."""
_TICKS_PER_WHOLE = 4 * TICKS_PER_BEAT
_ROUNDING = 1.05
"""Ticks by which two places together may be off: each is rounded to a tick."""
_KNOWN_BPM = 0.1
"""A tempo is told once it is known to so much."""
_DIGITS = 3  # those that Ardour shows
_DENOMINATORS = (4, 8, 2, 16)
_LONGEST_BAR = 32


class SongShape:
    """Reads tempo and meter, as long as places follow each other.

    How many ticks pass in how many samples has nothing to do with when messages come: the tempo is
    known to 0.1 BPM after four places and to 0.01 after some seconds. Of what the ticks allow, the
    number with the fewest digits is taken.

    The meter shows where a beat or a bar ends: ticks pass as fast as before only in the right one.

    Args:
        meter: to begin with.

    Attributes:
        meter: as far as it is known.
        has_bar: whether a bar has ended since it was last another, so that it is known.
        bpm: quarter notes a minute; None until it is known.
    """

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.has_bar = False
        self.bpm: float | None = None
        self._last: Place | None = None
        self._forget()

    def quarter(self, place: Place) -> float:
        """A place in quarter notes from the beginning of the song, all of it in this meter."""
        bars = float((place.bar - 1) * self.meter.beats_per_bar)
        return bars + _ticks_in_bar(place, self.meter.denominator) / TICKS_PER_BEAT

    def restart(self) -> None:
        """The next place does not follow the last one."""
        self._last = None

    def take(self, place: Place) -> None:
        """Take the next place."""
        last, self._last = self._last, place
        if last is None or place.sample <= last.sample or place.bar - last.bar not in (0, 1):
            self._forget()
            return
        n_samples = place.sample - last.sample
        least, most = self._low * n_samples - 1, self._high * n_samples + 1
        passed = _passed(last, place, self.meter)
        if not least <= passed <= most:
            other = _other_meter(last, place, self.meter, (least, most))
            if other is None:  # another tempo, from somewhere between the two on
                self._forget()
                return
            self.meter, self.has_bar = other, False
            passed = _passed(last, place, other)
        self.has_bar |= place.bar > last.bar
        self._ticks += passed
        self._samples += n_samples
        self._narrow(place.rate_hz)

    def _forget(self) -> None:
        self._ticks = self._samples = 0
        self._low, self._high = 0.0, math.inf  # ticks a sample

    def _narrow(self, rate_hz: int) -> None:
        self._low = max(self._low, (self._ticks - _ROUNDING) / self._samples)
        self._high = min(self._high, (self._ticks + _ROUNDING) / self._samples)
        if self._low > self._high:
            self._forget()
            return
        to_bpm = 60 * rate_hz / TICKS_PER_BEAT
        middle = (self._low + self._high) / 2 * to_bpm
        off = (self._high - self._low) / 2 * to_bpm
        if off <= _KNOWN_BPM and (self.bpm is None or abs(self.bpm - middle) > off):
            self.bpm = _plainest(middle, off)


def _ticks_in_bar(place: Place, denominator: int) -> int:
    return (place.beat - 1) * _TICKS_PER_WHOLE // denominator + place.tick


def _passed(last: Place, place: Place, meter: Meter) -> int:
    """Ticks between two places of a bar, or of a bar and the next."""
    inside = _ticks_in_bar(place, meter.denominator) - _ticks_in_bar(last, meter.denominator)
    bar_ticks = meter.numerator * _TICKS_PER_WHOLE // meter.denominator
    return inside + (place.bar - last.bar) * bar_ticks


def _other_meter(
    last: Place, place: Place, meter: Meter, allowed: tuple[float, float]
) -> Meter | None:
    """The meter in which as many ticks lie between two places as are allowed; None for none."""
    least, most = allowed
    if math.isinf(most):
        return None
    for note in (meter.denominator, *_DENOMINATORS):
        beat_ticks = _TICKS_PER_WHOLE // note
        inside = _ticks_in_bar(place, note) - _ticks_in_bar(last, note)
        if place.bar == last.bar:
            beats = max(meter.numerator, min(place.beat, _LONGEST_BAR))
            passed = inside
        else:
            beats = round(((least + most) / 2 - inside) / beat_ticks)
            passed = inside + beats * beat_ticks
        if least <= passed <= most and last.beat <= beats <= _LONGEST_BAR:
            return Meter(beats, note)
    return None


def _plainest(middle: float, off: float) -> float:
    """The number with the fewest digits that is no further than ``off`` from the middle."""
    for digits in range(_DIGITS):
        if abs(round(middle, digits) - middle) <= off:
            return round(middle, digits)
    return round(middle, _DIGITS)
