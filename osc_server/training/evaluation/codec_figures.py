"""How much of a clip survives the codec, and how well its codebooks are spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osc_server.training.evaluation.onsets import onset_envelope
from osc_server.training.evaluation.spectra import Floats, log_mel, magnitudes

MEL_RESOLUTIONS = ((4096, 128), (2048, 96), (1024, 64), (512, 40))  # (n_fft, n_mels)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One clip against its copy through the codec.

    Attributes:
        mel: mean absolute difference of log10 mel magnitudes over four resolutions; 0 is equal.
        convergence: spectral convergence at 2048: norm of the magnitude error over the norm of the
            original; 0 is equal, 1 is no better than silence.
        onsets: correlation of the two onset envelopes, -1..1.
    """

    mel: float
    convergence: float
    onsets: float


def compare(original: Floats, copy: Floats, rate_hz: int) -> RoundTrip:
    """Measure ``copy`` against ``original``, both ``[n_samples]``; the longer one is cut."""
    n_samples = min(len(original), len(copy))
    a, b = original[:n_samples], copy[:n_samples]
    mels = [
        np.abs(log_mel(a, rate_hz, n, n // 4, m) - log_mel(b, rate_hz, n, n // 4, m)).mean()
        for n, m in MEL_RESOLUTIONS
    ]
    spectrum_a, spectrum_b = magnitudes(a, 2048, 512), magnitudes(b, 2048, 512)
    error = np.linalg.norm(spectrum_a - spectrum_b) / max(float(np.linalg.norm(spectrum_a)), 1e-9)
    return RoundTrip(
        mel=float(np.mean(mels)),
        convergence=float(error),
        onsets=_correlation(onset_envelope(a, rate_hz), onset_envelope(b, rate_hz)),
    )


def _correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norm if norm > 1e-9 else 0.0


@dataclass(frozen=True, slots=True)
class CodebookUse:
    """How one codebook is spent over a set of clips.

    Attributes:
        perplexity: two to the entropy of its codes; its size if all were equally common.
        used: codes that occur at all.
        repeats: share of frames whose code is that of the frame before.
    """

    perplexity: float
    used: int
    repeats: float


def codebook_use(codes: Sequence[NDArray[np.int64]], codebook_size: int) -> list[CodebookUse]:
    """Use of each codebook over clips of codes ``[K, T]``."""
    uses = []
    for book in range(codes[0].shape[0]):
        rows = [clip[book] for clip in codes]
        counts = np.bincount(np.concatenate(rows), minlength=codebook_size)
        p = counts[counts > 0] / counts.sum()
        repeats = [float(np.mean(row[1:] == row[:-1])) for row in rows if len(row) > 1]
        uses.append(
            CodebookUse(
                perplexity=float(2.0 ** -(p * np.log2(p)).sum()),
                used=int((counts > 0).sum()),
                repeats=float(np.mean(repeats)) if repeats else 0.0,
            )
        )
    return uses
