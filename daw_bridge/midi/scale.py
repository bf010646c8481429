"""From where a control stands to a value, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Curve = Literal["linear", "exponential", "switch"]
CURVES: tuple[Curve, ...] = ("linear", "exponential", "switch")


@dataclass(frozen=True, slots=True)
class Scale:
    """What the travel of a fader or knob stands for.

    Attributes:
        low: the value at the bottom; may be greater than ``high``, then the control is reversed.
        high: the value at the top.
        curve: ``linear``; ``exponential``, where equal ways are equal ratios (ends of one sign,
            neither 0); ``switch``, where the lower half is ``low`` and the upper half ``high``.
        bottom: what the very bottom stands for instead of ``low``, such as -90 dB for silence
            under a fader from -48 dB; None = ``low``.
        step: values are whole multiples of it; 0 = any value.
    """

    low: float = 0.0
    high: float = 1.0
    curve: Curve = "linear"
    bottom: float | None = None
    step: float = 0.0

    def value_at(self, position: float) -> float:
        """The value of a position from 0 (bottom) to 1 (top)."""
        if position <= 0:
            return self.low if self.bottom is None else self.bottom
        if self.curve == "switch":
            return self.high if position >= 0.5 else self.low
        if position >= 1:
            return self.high
        if self.curve == "exponential":
            value = self.low * (self.high / self.low) ** position
        else:
            value = self.low + (self.high - self.low) * position
        return self._on_grid(value)

    def position_of(self, value: float) -> float:
        """The position that stands for a value, from 0 to 1; the nearest where none does."""
        low, high = min(self.low, self.high), max(self.low, self.high)
        value = min(max(value, low), high)
        if self.low == self.high:
            return 0.0
        if self.curve == "switch":
            return float(abs(value - self.high) < abs(value - self.low))
        if self.curve == "exponential":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def _on_grid(self, value: float) -> float:
        if not self.step:
            return value
        low, high = min(self.low, self.high), max(self.low, self.high)
        return min(max(round(value / self.step) * self.step, low), high)
