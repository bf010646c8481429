"""A loop's waveform as few numbers, for a picture as wide as a phone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from daw_bridge.audio.loop import Loop

COLUMNS = 360


@dataclass(frozen=True, slots=True)
class Peaks:
    """By column: greatest and root mean square magnitude, 0..100 of full scale."""

    high: list[int]
    rms: list[int]


def peaks_of(loop: Loop, columns: int = COLUMNS) -> Peaks:
    """What is drawn of a loop; both channels in one."""
    edges = np.linspace(0, loop.n_samples, min(columns, loop.n_samples) + 1).astype(np.intp)[:-1]
    loudest = np.maximum.reduceat(np.abs(loop.samples).max(axis=1), edges)
    power = np.add.reduceat(np.square(loop.samples).mean(axis=1), edges)
    mean = power / np.diff(edges, append=loop.n_samples)
    return Peaks(_percent(loudest), _percent(np.sqrt(mean)))


def _percent(values: np.ndarray) -> list[int]:
    return [int(value) for value in np.clip(np.round(values * 100), 0, 100)]
