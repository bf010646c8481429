"""What happens where a loop's end meets its start, against the loop's own interior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osc_server.rendering.seam import seam_score
from osc_server.training.evaluation.onsets import ENVELOPE_RATE_HZ, onset_envelope
from osc_server.training.evaluation.spectra import Floats

LARGEST_JUMP = 1.25
"""Seams up to this jump count as closed; 97 of 100 corpus loops, which are true circles, do."""

_REACH_SECONDS = 0.04


@dataclass(frozen=True, slots=True)
class SeamFigures:
    """Both are about 1 or less where the seam is like the rest.

    Attributes:
        jump: the product's own seam score, see ``rendering.seam``.
        flux: strongest spectral flux within 40 ms of the seam over the mean of the same at the
            loop's other bar lines, where music may change too. NaN for a loop of one bar.
    """

    jump: float
    flux: float


def seam_figures(loop: Floats, rate_hz: int, n_bars: int) -> SeamFigures:
    """Measure the seam of a loop ``[n_samples]`` of ``n_bars`` whole bars."""
    envelope = onset_envelope(loop, rate_hz, loop=True)
    reach = round(_REACH_SECONDS * ENVELOPE_RATE_HZ)
    offsets = np.arange(-reach, reach + 1)
    lines = np.round(np.arange(n_bars) * len(envelope) / n_bars).astype(int)
    peaks = envelope[(lines[:, None] + offsets) % len(envelope)].max(axis=1)
    others = float(peaks[1:].mean()) if n_bars > 1 else float("nan")
    return SeamFigures(
        jump=seam_score(loop[:, None], rate_hz),
        flux=float(peaks[0] / others) if others > 1e-6 else float("nan"),
    )
