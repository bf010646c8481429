"""Fréchet distance between two sets of clips in an embedding of sounds, with its uncertainty.

The distance between the Gaussians through two clouds of embeddings (Dowson and Landau 1982; of
audio Kilgour et al. 2019). It says nothing of single clips, and with few of them it is too large:
so every set that is compared here has as many clips, and anchors say what is near and far.

Two embeddings, of stretches of two seconds: one *learned* (the layer before the last of the family
classifier, which never heard a generated clip) and one *plain* (mean and spread of cepstral
coefficients), which nothing was trained for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from osc_server.training.evaluation.classifier import FRAMES_PER_SECOND, Classifier, features
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.spectra import Floats

WINDOW_SECONDS = 2.0
N_CEPSTRA = 16
N_COMPONENTS = 16
"""Principal components kept: as many as the clips of a single kind can tell a covariance of."""
N_RESAMPLINGS = 200
_Z = 1.96  # 95 %

Clouds = Mapping[str, Sequence[NDArray[np.float64]]]
"""Kind to the embeddings ``[n_windows, D]`` of each of its clips."""


def windows_of(specimen: Specimen) -> Floats:
    """A clip's features in stretches of two seconds from its start, ``[n, T, 64]``; at least one.

    A loop shorter than that is repeated; what is left over at the end is not used.
    """
    mel = features(specimen.audio, specimen.rate_hz)
    size = round(WINDOW_SECONDS * FRAMES_PER_SECOND)
    if len(mel) < size:
        mel = np.concatenate([mel] * -(-size // len(mel)))
    n = len(mel) // size
    return np.ascontiguousarray(mel[: n * size].reshape(n, size, mel.shape[1]))


def learned_embedding(classifier: Classifier, specimen: Specimen) -> NDArray[np.float64]:
    """What a classifier makes of a clip before it decides, ``[n_windows, 48]``."""
    return classifier.embeddings(windows_of(specimen)).astype(np.float64)


def plain_embedding(specimen: Specimen) -> NDArray[np.float64]:
    """Mean and standard deviation of cepstral coefficients 1 to 16, ``[n_windows, 32]``."""
    cepstra = dct(windows_of(specimen), axis=2, norm="ortho")[:, :, 1 : N_CEPSTRA + 1]
    both = np.concatenate([cepstra.mean(axis=1), cepstra.std(axis=1)], axis=1)
    return np.asarray(both, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Axes:
    """Principal components of a reference, each with unit variance there: no scale decides."""

    mean: NDArray[np.float64]
    basis: NDArray[np.float64]

    @classmethod
    def of(cls, points: NDArray[np.float64]) -> Axes:
        """The first components of ``points`` ``[n, D]``."""
        mean = points.mean(axis=0)
        _, scale, rows = np.linalg.svd(points - mean, full_matrices=False)
        deviation = scale / np.sqrt(max(1, len(points) - 1))
        kept = min(N_COMPONENTS, int((deviation > 1e-9).sum()))
        return cls(mean, rows[:kept].T / deviation[:kept])

    def place(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """``[n, D]`` to ``[n, N_COMPONENTS]``."""
        return np.asarray((points - self.mean) @ self.basis)


def distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Fréchet distance (squared, as usual) of the Gaussians through two clouds ``[n, D]``."""
    mean = float(((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum())
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # The trace of the root of their product, by matrices that are symmetric: rounding makes no
    # complex numbers of those, and they may be singular.
    scale, rows = np.linalg.eigh(first)
    half = (rows * np.sqrt(np.maximum(scale, 0.0))) @ rows.T
    root = np.sqrt(np.maximum(np.linalg.eigvalsh(half @ second @ half), 0.0)).sum()
    return max(0.0, mean + float(np.trace(first) + np.trace(second) - 2.0 * root))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A set of clips against a reference.

    Attributes:
        pooled: distance of all clips, whatever was asked for.
        by_kind: mean over kinds of the distances of the clips asked for as that kind.
        resampled: ``by_kind`` again, of clips drawn with replacement, ``[N_RESAMPLINGS]``.
        resampled_pooled: ``pooled`` again, of the same drawn clips.
    """

    pooled: float
    by_kind: float
    resampled: NDArray[np.float64]
    resampled_pooled: NDArray[np.float64]

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval of ``by_kind``."""
        return float(_Z * self.resampled.std())


def compare_clouds(reference: Clouds, clips: Clouds, axes: Axes, seed: int) -> Comparison:
    """Measure ``clips`` against ``reference``, kind by kind.

    Args:
        reference: real clips.
        clips: of the same kinds; every kind has at least two windows.
        axes: of the reference.
        seed: of the resampling: equal seeds draw equal places, so that sets of clips made from the
            same prompts in the same order can be compared pair by pair.
    """
    placed = {kind: [axes.place(c) for c in clouds] for kind, clouds in clips.items()}
    real = {kind: axes.place(np.concatenate(list(reference[kind]))) for kind in placed}
    everything = np.concatenate(list(real.values()))
    rng = np.random.default_rng(seed)

    def distances(draw: bool) -> tuple[float, float]:
        """Of all clips, and by kind."""
        chosen = {}
        for kind, clouds in placed.items():
            n = len(clouds)
            indices = rng.integers(n, size=n) if draw else np.arange(n)
            chosen[kind] = np.concatenate([clouds[i] for i in indices])
        by_kind = [distance(real[kind], points) for kind, points in chosen.items()]
        return distance(everything, np.concatenate(list(chosen.values()))), float(np.mean(by_kind))

    pooled, by_kind = distances(draw=False)
    again = np.array([distances(draw=True) for _ in range(N_RESAMPLINGS)])
    return Comparison(pooled, by_kind, again[:, 1], again[:, 0])


def shuffled(clips: Clouds) -> dict[str, list[NDArray[np.float64]]]:
    """The control: clips under the name of another kind than was asked for, as many of each."""
    kinds = list(clips)
    return {
        kind: [
            clips[other][i]
            for i in range(len(clips[kind]))
            for other in [kinds[(k + 1 + i % (len(kinds) - 1)) % len(kinds)]]
        ]
        for k, kind in enumerate(kinds)
    }
