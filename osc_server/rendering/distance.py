"""How far two clips of the same length are from each other, as they are heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from osc_server.rendering.bands import band_levels_db
from osc_server.rendering.plan import Audio


def spectral_distance_db(one: Audio, one_rate_hz: int, other: Audio, other_rate_hz: int) -> float:
    """Mean difference of their levels in dB, over 40 mel bands and frames of 20 ms.

    Each is taken relative to its own mean, so that a fader makes no difference; what lies 60 dB
    under the loudest counts as silence.
    """
    first, second = _relative(one, one_rate_hz), _relative(other, other_rate_hz)
    n_frames = min(len(first), len(second))
    return float(np.abs(first[:n_frames] - second[:n_frames]).mean())


def _relative(audio: Audio, rate_hz: int) -> NDArray[np.float64]:
    levels = band_levels_db(audio, rate_hz, frames_per_second=50.0, loop=False)
    return np.asarray(levels - levels.mean())
