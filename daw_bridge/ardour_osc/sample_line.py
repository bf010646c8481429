"""Where Ardour's playhead is between two places that it tells."""

from __future__ import annotations

import math
import statistics
from collections import deque
from itertools import pairwise

from daw_bridge.ardour_osc.place import Place

_WINDOW = 64
_AGREES_SECONDS = 0.03
_TREMBLES_SECONDS = 0.003
_ENOUGH = 4


class SampleLine:
    """A line through the newest places of a song that rolls, in samples against seconds.

    What Ardour tells in the middle of a block is what will be heard at its end: on the average it
    is half a block ahead, which is taken off. How long its blocks are shows in the places, which
    lie whole blocks apart.

    A place that is far off the line was late, or it is the first after a jump: it counts once the
    next one agrees with it.
    """

    def __init__(self) -> None:
        self._places: deque[Place] = deque(maxlen=_WINDOW)
        self._strange: Place | None = None
        self._block_seconds = 0.0
        self._delay_seconds = 0.0

    def clear(self) -> None:
        """The next place begins a new line."""
        self._places.clear()
        self._strange = None

    def take(self, place: Place) -> bool:
        """Take the next place; whether it lies on the line."""
        strange, self._strange = self._strange, None
        if self._places and not self._agree(_delay(place), self._delay_seconds):
            if strange is None or not self._agree(_delay(place), _delay(strange)):
                self._strange = place
                return False
            self._places.clear()
            self._places.append(strange)
        self._places.append(place)
        self._measure()
        return True

    def seconds_on(self, place: Place) -> float:
        """How much further than a place the song was when that place was told, in seconds."""
        lag_seconds = place.seconds - self._delay_seconds - place.sample / place.rate_hz
        return lag_seconds - self._block_seconds / 2

    def _agree(self, delay_seconds: float, other_seconds: float) -> bool:
        return abs(delay_seconds - other_seconds) <= self._block_seconds + _AGREES_SECONDS

    def _measure(self) -> None:
        if len(self._places) >= _ENOUGH:
            steps = (after.sample - before.sample for before, after in pairwise(self._places))
            self._block_seconds = math.gcd(*steps) / self._places[-1].rate_hz
        delays = [_delay(place) for place in self._places]
        middle = statistics.median(delays)
        far = 0.75 * self._block_seconds + _TREMBLES_SECONDS
        near = [delay for delay in delays if abs(delay - middle) <= far]
        self._delay_seconds = statistics.fmean(near or delays)


def _delay(place: Place) -> float:
    """By how much later than its sample a place came: the same for all of a line, and a block."""
    return place.seconds - place.sample / place.rate_hz
