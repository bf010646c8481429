"""What happens where a loop's end meets its start, against the loop's own interior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osc_server.training.evaluation.onsets import ENVELOPE_RATE_HZ, onset_envelope
from osc_server.training.evaluation.spectra import Floats

_REACH_SECONDS = 0.04


@dataclass(frozen=True, slots=True)
class SeamFigures:
    """Both are 1 where the seam is like the rest.

    Attributes:
        jump: second difference of the samples across the seam (the largest of the two that span
            it) over the 99.9th percentile of all others: above 1 is an audible click.
        flux: strongest spectral flux within 40 ms of the seam over the mean of the same at the
            loop's other bar lines, where music may change too. NaN for a loop of one bar.
    """

    jump: float
    flux: float


def seam_figures(loop: Floats, rate_hz: int, n_bars: int) -> SeamFigures:
    """Measure the seam of a loop ``[n_samples]`` of ``n_bars`` whole bars."""
    audio = loop.astype(np.float64)
    bend = np.abs(np.roll(audio, -1) - 2 * audio + np.roll(audio, 1))
    across = max(bend[0], bend[-1])
    usual = float(np.percentile(bend[1:-1], 99.9))
    envelope = onset_envelope(loop, rate_hz, loop=True)
    reach = round(_REACH_SECONDS * ENVELOPE_RATE_HZ)
    offsets = np.arange(-reach, reach + 1)
    lines = np.round(np.arange(n_bars) * len(envelope) / n_bars).astype(int)
    peaks = envelope[(lines[:, None] + offsets) % len(envelope)].max(axis=1)
    others = float(peaks[1:].mean()) if n_bars > 1 else float("nan")
    return SeamFigures(
        jump=float(across / usual) if usual > 0 else 0.0,
        flux=float(peaks[0] / others) if others > 1e-6 else float("nan"),
    )
