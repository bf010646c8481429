"""Tempo as an input of the network: where each frame lies in its beat, bar and phrase.

Text alone does not put onsets on a grid; phase does. Each frame is given the sine and cosine of
several cycles of musical time, so that equal places in the bar look equal at any tempo. All cycles
close on a loop of whole bars, hence the features of a loop are a circle too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from osc_server.rendering.plan import BeatGrid

CYCLES_PER_BEAT = (1, 2, 3, 4)
CYCLES_PER_BAR = (1, 2)
BARS_PER_CYCLE = (2, 4)
N_BEAT_FEATURES = 2 * (len(CYCLES_PER_BEAT) + len(CYCLES_PER_BAR) + len(BARS_PER_CYCLE)) + 5
CAUSAL_COLUMN = N_BEAT_FEATURES - 1
"""1 where the network runs autoregressively, as its own companion; 0 where codes are masked."""

BeatFeatures = NDArray[np.float32]  # [T, N_BEAT_FEATURES]


def beat_features(
    grid: BeatGrid | None, n_frames: int, first_frame: int = 0, *, frame_rate: float = 50.0
) -> BeatFeatures:
    """Beat features of ``n_frames`` frames, ``[T, N_BEAT_FEATURES]`` float32.

    Columns, in order: sine and cosine of 1, 2, 3 and 4 cycles per beat (8); of 1 and 2 cycles per
    bar (4); of one cycle per 2 bars and per 4 bars (4), zero unless the material is known to repeat
    after a multiple of as many bars; the tempo as log2(bpm / 120) (1); presence of a grid, of the
    two-bar and of the four-bar cycle (3); the causal flag (1), which whoever runs the network sets.

    Args:
        grid: where the beats lie, or None for no tempo: all zeros.
        n_frames: frames to describe, T.
        first_frame: frame of the first row, counted from the grid's frame 0; may be negative.
        frame_rate: codec frames per second.
    """
    features = np.zeros((n_frames, N_BEAT_FEATURES), dtype=np.float32)
    if grid is None:
        return features
    frames = first_frame + np.arange(n_frames, dtype=np.float64)
    beats = grid.first_beat + frames * grid.beats_per_frame
    bars = beats / grid.beats_per_bar
    closes = [_repeats_every(grid.cycle_bars, n_bars) for n_bars in BARS_PER_CYCLE]
    cycles = [beats * n for n in CYCLES_PER_BEAT] + [bars * n for n in CYCLES_PER_BAR]
    cycles += [bars / n_bars for n_bars in BARS_PER_CYCLE]
    present = [True] * (len(CYCLES_PER_BEAT) + len(CYCLES_PER_BAR)) + closes
    for i, (turns, is_present) in enumerate(zip(cycles, present, strict=True)):
        if is_present:
            features[:, 2 * i] = np.sin(2 * np.pi * turns)
            features[:, 2 * i + 1] = np.cos(2 * np.pi * turns)
    bpm = grid.beats_per_frame * frame_rate * 60
    features[:, -5] = np.log2(bpm / 120)
    features[:, -4:-1] = [True, *closes]
    return features


def _repeats_every(cycle_bars: float, n_bars: int) -> bool:
    """Whether material of ``cycle_bars`` bars (0 = unknown) holds whole cycles of ``n_bars``."""
    return cycle_bars > 0 and cycle_bars % n_bars == 0
