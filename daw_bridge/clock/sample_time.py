"""When a stream sample is heard, on the monotonic clock, and back."""

from __future__ import annotations

from collections.abc import Callable

_SMOOTHING = 0.02
_LOST_SECONDS = 0.05
_FAR = 6.0
_SURE_SECONDS = 0.002
_LOST_LOOKS = 5


class SampleTime:
    """A steady relation between seconds and stream samples, from readings that tremble.

    A sound card does not run at exactly its nominal rate, and where it stands is known to a block
    at worst: the first looks are averaged, later each takes a fiftieth of what it finds, which
    follows any drift of a card (some hundred parts in a million) within a tenth of a millisecond.
    Where the stream has stopped or leapt, further than its readings usually tremble, it is followed
    once that is sure; a single reading that is far off is not.

    Args:
        rate_hz: samples per second of the stream.
        heard: gives the stream sample that is heard now (an output's ``heard_sample``).
    """

    def __init__(self, rate_hz: int, heard: Callable[[], int]) -> None:
        self._rate_hz = rate_hz
        self._heard = heard
        self._pair: tuple[float, float] | None = None
        self._n_looks = 0
        self._n_lost = 0
        self._noise = _LOST_SECONDS * rate_hz / _FAR

    def look(self, seconds: float) -> None:
        """Compare the two, at this instant; many times a second."""
        sample = self._heard()
        if self._pair is None:
            self._pair = (seconds, float(sample))
            return
        expected = self._sample_of(self._pair, seconds)
        off = sample - expected
        lost = abs(off) > max(_FAR * self._noise, _SURE_SECONDS * self._rate_hz)
        self._n_lost = self._n_lost + 1 if lost else 0
        if self._n_lost >= _LOST_LOOKS:
            self._n_looks = self._n_lost = 0
            self._pair = (seconds, float(sample))
        elif not lost:
            self._n_looks += 1
            self._noise += _SMOOTHING * (abs(off) - self._noise)
            share = max(_SMOOTHING, 1 / (self._n_looks + 1))
            self._pair = (seconds, expected + share * off)

    def sample_of(self, seconds: float) -> float:
        """The stream sample, and its part, that is heard at an instant."""
        if self._pair is None:
            self.look(seconds)
        return 0.0 if self._pair is None else self._sample_of(self._pair, seconds)

    def seconds_of(self, sample: int) -> float:
        """When a stream sample is heard; 0 before the first look."""
        if self._pair is None:
            return 0.0
        return self._pair[0] + (sample - self._pair[1]) / self._rate_hz

    def _sample_of(self, pair: tuple[float, float], seconds: float) -> float:
        return pair[1] + (seconds - pair[0]) * self._rate_hz
