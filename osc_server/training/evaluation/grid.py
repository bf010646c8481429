"""Do onsets lie on the asked grid, and does the loop start on its downbeat?

Unlike the tempo estimate, these are told the asked tempo: they measure phase against it, and are
read against chance and against the corpus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osc_server.training.evaluation.onsets import (
    ENVELOPE_RATE_HZ,
    onset_bands,
    onset_envelope,
    pick_onsets,
)
from osc_server.training.evaluation.spectra import Floats

GRID_SECONDS = 0.03
_SIXTEENTHS = 16  # positions in a bar of 4/4
_REACH_SIXTEENTHS = 0.35


@dataclass(frozen=True, slots=True)
class GridFigures:
    """How onsets lie on a grid of sixteenths that begins with the clip.

    Attributes:
        on_grid: share of the onset strength within 30 ms of a position.
        chance: the share that onsets anywhere would have at this tempo.
        above_chance: (on_grid - chance) / (1 - chance); 0 is chance, 1 is perfect.
        focus: length of the mean phase vector over a sixteenth, 0..1.
        offset_ms: its angle as milliseconds; positive is late.
    """

    on_grid: float
    chance: float
    above_chance: float
    focus: float
    offset_ms: float


def grid_figures(audio: Floats, rate_hz: int, bpm: float, *, loop: bool = False) -> GridFigures:
    """Measure the onsets of a clip ``[n_samples]`` against sixteenths at ``bpm``."""
    envelope = onset_envelope(audio, rate_hz, loop=loop)
    onsets = pick_onsets(envelope, loop=loop)
    sixteenth = 15.0 / bpm
    chance = min(1.0, 2.0 * GRID_SECONDS / sixteenth)
    weights = envelope[onsets].astype(np.float64)
    if not len(onsets) or weights.sum() <= 0.0:
        return GridFigures(0.0, chance, -chance / max(1e-9, 1.0 - chance), 0.0, 0.0)
    turns = onsets / ENVELOPE_RATE_HZ / sixteenth
    distance = np.abs(turns - np.round(turns)) * sixteenth
    on_grid = float(weights[distance <= GRID_SECONDS].sum() / weights.sum())
    vector = complex((weights * np.exp(2j * np.pi * turns)).sum() / weights.sum())
    return GridFigures(
        on_grid=on_grid,
        chance=chance,
        above_chance=(on_grid - chance) / (1.0 - chance) if chance < 1.0 else 0.0,
        focus=abs(vector),
        offset_ms=float(np.angle(vector) / (2 * np.pi) * sixteenth * 1000.0),
    )


def bar_profile(audio: Floats, rate_hz: int, bpm: float, *, loop: bool = False) -> Floats:
    """Onset strength at each sixteenth of a bar of 4/4 in three bands, ``[16, 3]``, mean 0.

    Folded over all whole sixteenths of the clip, each band to unit length.
    """
    bands = onset_bands(audio, rate_hz, loop=loop)
    sixteenth = 15.0 / bpm * ENVELOPE_RATE_HZ
    count = int(len(bands) / sixteenth + 0.01)
    reach = max(1, round(_REACH_SIXTEENTHS * sixteenth))
    places = np.round(np.arange(count) * sixteenth).astype(int)
    window = places[:, None] + np.arange(-reach, reach + 1)
    window = window % len(bands) if loop else np.clip(window, 0, len(bands) - 1)
    strength = bands[window].max(axis=1)
    profile = np.zeros((_SIXTEENTHS, 3))
    np.add.at(profile, np.arange(count) % _SIXTEENTHS, strength)
    seen = np.bincount(np.arange(count) % _SIXTEENTHS, minlength=_SIXTEENTHS)
    profile /= np.maximum(seen, 1)[:, None]
    profile -= profile.mean(axis=0)
    norm = np.linalg.norm(profile, axis=0)
    return np.asarray(profile / np.maximum(norm, 1e-6), dtype=np.float32)


def downbeat_place(profile: Floats, library: Floats) -> int:
    """Sixteenth (0..15) at which the bar of ``profile`` starts.

    Nearest neighbour: the rotation that is most like any bar of ``library`` ``[n, 16, 3]``, the
    profiles of clips that are known to start on their downbeat. A pattern whose halves are alike
    can be told only to the half bar.
    """
    turned = np.stack([np.roll(profile, -shift, axis=0).ravel() for shift in range(_SIXTEENTHS)])
    likeness = turned @ library.reshape(len(library), -1).T
    return int(np.argmax(likeness.max(axis=1)))
