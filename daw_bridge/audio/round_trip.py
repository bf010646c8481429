"""How long sound takes from an output back into an input: sweeps are played, and found again.

A sweep through all pitches stands out of noise and hum by its whole length when it is searched for
by cross-correlation, the way a matched filter does, and its place is known to a part of a sample
(A. Farina, "Simultaneous measurement of impulse response and distortion with a swept-sine
technique", AES 108, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daw_bridge.audio.loop import Block

SWEEP_SECONDS = 0.2
LEVEL = 0.25
"""Of the sweep's peaks: -12 dBFS."""
CLEAR = 10.0
"""Arrivals that stand out less are none: in noise alone the highest place stands out by 4 to 5."""
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 10_000.0
_FADE_SECONDS = 0.01
_AROUND_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a sweep was found.

    Attributes:
        sample: of what was heard, on which the sweep begins; it may lie between two.
        clearness: how far it stands out of the rest; at least CLEAR where it is one.
        peak: the highest that was heard, 1 = full scale.
    """

    sample: float
    clearness: float
    peak: float

    @property
    def is_clear(self) -> bool:
        """Whether something came at all."""
        return self.clearness >= CLEAR


def sweep(rate_hz: int) -> NDArray[np.float32]:
    """An exponential sine sweep, ``[n_samples]``, that begins and ends softly."""
    n_samples = round(SWEEP_SECONDS * rate_hz)
    highest_hz = min(_HIGHEST_HZ, 0.4 * rate_hz)
    octaves = np.log(highest_hz / _LOWEST_HZ)
    along = np.arange(n_samples) / n_samples
    phase = 2 * np.pi * _LOWEST_HZ * SWEEP_SECONDS / octaves * (np.exp(along * octaves) - 1)
    n_fade = round(_FADE_SECONDS * rate_hz)
    fade = np.sin(np.linspace(0, np.pi / 2, n_fade)) ** 2
    signal: NDArray[np.float32] = (LEVEL * np.sin(phase)).astype(np.float32)
    signal[:n_fade] *= fade
    signal[-n_fade:] *= fade[::-1]
    return signal


class Sweeps:
    """Plays sweeps on its first channel, and silence else.

    Attributes:
        signal: one sweep, ``[n_samples]``.
        begins: the stream samples on which each begins, none within another.
    """

    def __init__(self, signal: NDArray[np.float32], begins: tuple[int, ...]) -> None:
        self.signal = signal
        self.begins = begins

    def process(self, out: Block, start: int) -> None:
        """Fill ``out [n_samples, n_channels]`` with stream samples from ``start`` on."""
        out[:] = 0
        for begin in self.begins:
            first = max(begin, start)
            end = min(begin + len(self.signal), start + len(out))
            if first < end:
                out[first - start : end - start, 0] = self.signal[first - begin : end - begin]


def arrival(heard: Block, signal: NDArray[np.float32], rate_hz: int) -> Arrival:
    """Find a sweep, whichever way round its polarity is.

    Args:
        heard: ``[n_samples, n_channels]``, longer than the sweep; the channel counts on which it
            stands out most.
        signal: the sweep, ``[n_samples]``.
        rate_hz: of both.
    """
    found = [_arrival(channel, signal, round(_AROUND_SECONDS * rate_hz)) for channel in heard.T]
    return max(found, key=lambda one: one.clearness)


def _arrival(heard: NDArray[np.float32], signal: NDArray[np.float32], n_around: int) -> Arrival:
    from scipy.signal import correlate

    likeness = np.abs(correlate(heard.astype(float), signal, "valid", "fft"))
    at, peak = int(np.argmax(likeness)), float(np.abs(heard).max())
    rest = np.concatenate((likeness[: max(0, at - n_around)], likeness[at + n_around :]))
    noise = float(np.sqrt(np.mean(rest**2))) if len(rest) else 0.0
    floor = 1e-6 * float(
        np.sum(signal.astype(float) ** 2)
    )  # silence but for rounding is no arrival
    clearness = float(likeness[at]) / max(noise, floor)
    return Arrival(at + _between(likeness, at), clearness, peak)


def _between(likeness: NDArray[np.float64], at: int) -> float:
    """How far from its highest sample a curve is highest, by the parabola through three samples."""
    if not 0 < at < len(likeness) - 1:
        return 0.0
    before, here, after = likeness[at - 1 : at + 2]
    bend = before - 2 * here + after
    return float(0.5 * (before - after) / bend) if bend else 0.0
