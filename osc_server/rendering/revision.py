"""Making some of a clip anew: which of its spans are drawn again, and which stay."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from osc_server.contract.errors import BadRequest
from osc_server.rendering.plan import KeepMask, Revision

JUDGED = frozenset({"weakest", "strongest", "texture"})
"""The strategies that ask the network how likely it finds what is there."""

LogProbabilities = NDArray[np.float32]  # [K, T]


def revised_mask(
    keep: KeepMask, revision: Revision, span: int, seed: int, judged: LogProbabilities | None
) -> KeepMask:
    """What stays given after a revision.

    A span is redrawn as a whole, in all codebooks: finer ones would not fit a new coarser one. Only
    ``texture`` leaves the first codebook alone. The spans redrawn at a smaller amount are among
    those at a greater one, but for ``periodic``.

    Args:
        keep: ``[K, T]``, what is given; a span counts if any of it is.
        revision: amount and strategy.
        span: frames in a span.
        seed: of the item, for ``random``.
        judged: ``[K, T]`` log probabilities of the given codes, for strategies in ``JUDGED``.

    Returns:
        ``[K, T]``, with ``round(amount * spans)`` spans fewer, a half rounded up.

    Raises:
        BadRequest: the amount lies outside 0..1.
    """
    if not 0 <= revision.amount <= 1:
        raise BadRequest(f"amount {revision.amount:g} is outside 0..1: the share that is made anew")
    first_codebook = 1 if revision.strategy == "texture" else 0
    starts = np.arange(0, keep.shape[1], span)
    given = np.logical_or.reduceat(keep[first_codebook:].any(axis=0), starts)
    places = np.flatnonzero(given)
    n_redrawn = math.floor(revision.amount * len(places) + 0.5)
    means = None
    if judged is not None:
        means = _span_means(judged[first_codebook:], keep[first_codebook:], starts)
    order = _order(revision, places, n_redrawn, seed, means)
    revised = keep.copy()
    for place in order[:n_redrawn]:
        revised[first_codebook:, place * span : (place + 1) * span] = False
    return revised


def _order(
    revision: Revision,
    places: NDArray[np.intp],
    n_redrawn: int,
    seed: int,
    means: NDArray[np.float64] | None,
) -> NDArray[np.intp]:
    """Spans in the order in which they are chosen; ``means`` says how likely each is."""
    if revision.strategy == "periodic":
        evenly = (np.arange(n_redrawn) + 0.5) * len(places) / max(n_redrawn, 1)
        return places[evenly.astype(np.intp)]
    if revision.strategy == "random" or means is None:
        return places[np.random.default_rng(seed).random(len(places)).argsort(kind="stable")]
    likely = means[places]
    return places[(-likely if revision.strategy == "strongest" else likely).argsort(kind="stable")]


def _span_means(
    judged: LogProbabilities, keep: KeepMask, starts: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The mean of each span's given codes, ``[S]``; 0 where none is given."""
    sums = np.add.reduceat(np.where(keep, judged, 0).sum(axis=0, dtype=np.float64), starts)
    n_given = np.add.reduceat(keep.sum(axis=0), starts)
    return np.asarray(sums / np.maximum(n_given, 1))
