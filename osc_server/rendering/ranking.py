"""Which of several takes is the best: by tempo, seam and how sure the model was."""

from __future__ import annotations

import math

import numpy as np

from osc_server.contract.clip import Measured
from osc_server.rendering.plan import Decoded

_PER_TEMPO_ERROR = 50.0
_NO_BEAT = 0.8
_GOOD_SEAM = 1.0


def score(measured: Measured, *, loop: bool) -> float:
    """How good a take is, 0..1: ``confidence * exp(-50 e) * exp(-s / 2)``.

    ``e`` is how far its measured tempo is from the asked one, as a share of it; where no beat is
    found that factor is 0.8. ``s`` is by how much the worse of its seam and its seam flux exceeds
    1; on a line it is 0. One percent of tempo counts as much as a confidence of 0.6 against 1, and
    so does a seam of 2. Silence has 0.
    """
    if measured.lufs is None:
        return 0.0
    if measured.bpm_measured > 0:
        tempo = math.exp(-_PER_TEMPO_ERROR * abs(measured.bpm_measured / measured.bpm - 1))
    else:
        tempo = _NO_BEAT
    worst = max(measured.seam, measured.seam_flux) - _GOOD_SEAM if loop else 0.0
    sure = measured.confidence or 1.0  # nothing was drawn: nothing to be unsure of
    return sure * tempo * math.exp(-max(0.0, worst) / 2)


def mean_confidence(decoded: Decoded) -> float:
    """Geometric mean of the probabilities of what was drawn, 0..1; 0 where nothing was."""
    drawn = decoded.confidence[decoded.confidence < 1]
    if not drawn.size:
        return 0.0
    return float(np.exp(np.log(np.maximum(drawn, 1e-12)).mean()))
