"""A straight line through jittery beats: tempo and phase by least squares over a sliding window."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """Beats that pass evenly: ``position`` lies on ``seconds``.

    Attributes:
        position: counted in whatever unit the points were (ticks, beats).
        seconds: when that position is reached.
        period_seconds: how long one unit lasts.
        error: standard error of the period, as a part of it.
    """

    position: float
    seconds: float
    period_seconds: float
    error: float

    def position_at(self, seconds: float) -> float:
        """Where the line is at an instant."""
        return self.position + (seconds - self.seconds) / self.period_seconds

    def seconds_at(self, position: float) -> float:
        """When the line reaches a position."""
        return self.seconds + (position - self.position) * self.period_seconds


class LineFit:
    """Fits a line through the newest points, and forgets older ones that tell of another tempo.

    The longer a tempo lasts, the longer the window and the better the estimate; when the newest
    points no longer lie on the line, the window shrinks to them. Single points far off (a message
    that the system held up) are left out by their distance from the median.

    Args:
        newest: how many points have to agree that the tempo is another.
        longest: most points in the window.
    """

    def __init__(self, newest: int, longest: int) -> None:
        self._newest = newest
        self._points: deque[tuple[float, float]] = deque(maxlen=longest)

    def __len__(self) -> int:
        return len(self._points)

    def clear(self) -> None:
        """Forget all points."""
        self._points.clear()

    def add(self, position: float, seconds: float) -> None:
        """Take one more point; positions only grow."""
        self._points.append((position, seconds))

    def line(self) -> Line:
        """The line through the points; its place is the newest point's position.

        Raises:
            ValueError: for fewer than two points.
        """
        if len(self._points) < 2:
            raise ValueError("a line needs two points")
        line, residuals = _fit(np.array(self._points))
        keep = self._to_keep(residuals)
        if keep < len(self._points):
            for _ in range(len(self._points) - keep):
                self._points.popleft()
            line, _ = _fit(np.array(self._points))
        return line

    def _to_keep(self, residuals: Reals) -> int:
        """How many of the newest points still tell of one tempo.

        Another tempo leaves the line further with each point. A busy computer that is late for a
        while does not: points off by the same distance count only when there are twice as many.
        """
        count, newest = len(residuals), self._newest
        if count >= 2 * newest and _are_off(residuals, newest):
            half = newest // 2
            later = abs(float(np.median(residuals[-half:])))
            if later > _GROWING * abs(float(np.median(residuals[-newest:-half]))):
                return newest
        if count >= 4 * newest and _are_off(residuals, 2 * newest):
            return 2 * newest
        return count


def _are_off(residuals: Reals, newest: int) -> bool:
    scale = _scale(residuals[:-newest])
    off = abs(float(np.median(residuals[-newest:])))
    return off > _UNLIKELY * scale / math.sqrt(newest) + _ALWAYS_SECONDS


def _fit(points: Reals) -> tuple[Line, Reals]:
    positions, seconds = points[:, 0], points[:, 1]
    everything = np.ones(len(points), bool)
    residuals = _solve(positions, seconds, everything)[1]
    kept = np.abs(residuals - np.median(residuals)) <= _FAR * _scale(residuals) + _ALWAYS_SECONDS
    (offset, period, error), residuals = _solve(positions, seconds, kept)
    last = float(positions[-1])
    return Line(last, offset + period * last, period, error), residuals


def _solve(
    positions: Reals, seconds: Reals, kept: NDArray[np.bool_]
) -> tuple[tuple[float, float, float], Reals]:
    """Offset, period and the period's relative error from the kept points; residuals of all."""
    if kept.sum() < 2:
        kept = np.ones(len(positions), bool)
    x, y = positions[kept], seconds[kept]
    x_mean, y_mean = x.mean(), y.mean()
    spread = float(((x - x_mean) ** 2).sum())
    period = float(((x - x_mean) * (y - y_mean)).sum()) / spread
    offset = float(y_mean - period * x_mean)
    residuals = seconds - (offset + period * positions)
    degrees = max(len(x) - 2, 1)
    deviation = float(np.sqrt((residuals[kept] ** 2).sum() / degrees))
    return (offset, period, deviation / spread**0.5 / period), residuals


def _scale(residuals: Reals) -> float:
    """Standard deviation by way of the median, so that a few far points do not count."""
    return 1.4826 * float(np.median(np.abs(residuals - np.median(residuals))))


_FAR = 4.0
_GROWING = 1.5
_UNLIKELY = 6.0
"""Standard errors of a median's half: about one false alarm in an hour of ticks."""
_ALWAYS_SECONDS = 0.0003
"""What no system's timestamps are better than."""
