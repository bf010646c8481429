"""Which frames are masked again: the spans of which the network was least sure.

Scores are high where it was unsure. Frames that are decided have ``DECIDED``, lower than any score
of a drawn frame, so they are chosen last. Masks are bool ``[B, T]``, True = masked.
"""

from __future__ import annotations

import torch
from torch import Tensor

DECIDED = -1e4


def frames_to_spans(unknown: Tensor, span: int) -> Tensor:
    """Frames ``[B, T]`` to spans ``[B, S, span]``; the last one is filled up with False."""
    batch, n_frames = unknown.shape
    n_spans = -(-n_frames // span)
    filled = torch.zeros(batch, n_spans * span, dtype=torch.bool, device=unknown.device)
    filled[:, :n_frames] = unknown
    return filled.view(batch, n_spans, span)


def weakest_spans(scores: Tensor, n_masked: Tensor) -> Tensor:
    """The ``n_masked`` spans of highest score.

    Args:
        scores: ``[B, S]``.
        n_masked: ``[B]``, spans to choose in each row.

    Returns:
        Bool ``[B, S]``.
    """
    if scores.device.type != "cpu":
        return _ranks(scores) < n_masked[:, None]
    # Which of several equal ones is taken, is left to the same sorting as in the reference.
    chosen = torch.zeros_like(scores, dtype=torch.bool)
    for row, n_chosen in enumerate(n_masked.tolist()):
        chosen[row, scores[row].topk(n_chosen).indices] = True
    return chosen


def weakest_overlapping_spans(scores: Tensor, n_masked: Tensor, span: int) -> Tensor:
    """Frames under the u highest-scored spans that may begin at any frame ("stride 1").

    u is searched by bisection so that about ``n_masked`` frames are covered. The rank of the best
    span over a frame says at which u it gets covered, so counting needs no loop over masks and the
    rows of a batch are searched at once, without asking the device.

    Args:
        scores: frame scores ``[B, T]``, T >= span; a span's score is their sum.
        n_masked: ``[B]``, frames to cover in each row.
        span: frames in a span.

    Returns:
        Bool ``[B, T]``; each row covers at most ``n_masked + span`` frames.
    """
    n_frames = scores.shape[1]
    ranks = _ranks(scores.unfold(1, span, 1).sum(dim=-1))
    fence = n_frames  # a rank that no span has
    around = torch.nn.functional.pad(ranks, (span - 1, span - 1), value=fence)
    covered_at = around.unfold(1, span, 1).amin(dim=-1)
    target = n_masked.clamp_min(span)
    low, high = target // span, target - span + 1
    middle = _halfway(low, high)
    chosen = middle
    for _ in range(n_frames.bit_length()):
        searching = (middle > low) & (middle < high)
        too_many = (covered_at < middle[:, None]).sum(dim=1) > target
        chosen = torch.where(searching, middle, chosen)
        high = torch.where(searching & too_many, middle, high)
        low = torch.where(searching & ~too_many, middle, low)
        middle = torch.where(searching, _halfway(low, high), middle)
    return covered_at < chosen[:, None]


def masked_frames(mask: Tensor, n_most: int) -> tuple[Tensor, Tensor]:
    """The places of the masked frames, in order, as a rectangle.

    Args:
        mask: bool ``[B, T]``, at most ``n_most`` True in each row.
        n_most: columns of the result, N.

    Returns:
        Frames ``[B, N]`` long, no two alike in a row, and whether each is a masked one.
    """
    frames = torch.argsort((~mask).to(torch.uint8), dim=1, stable=True)[:, :n_most]
    return frames, mask.gather(1, frames)


def _ranks(scores: Tensor) -> Tensor:
    """Place of each entry in its row, 0 = highest; equal ones in any order, each time the same."""
    # On CPU, equal ones in the order of the reference.
    is_stable = scores.device.type != "cpu"
    order = torch.argsort(scores, dim=1, descending=True, stable=is_stable)
    places = torch.arange(scores.shape[1], device=scores.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, places)


def _halfway(low: Tensor, high: Tensor) -> Tensor:
    """The middle, rounded to even at a half."""
    return torch.round(0.5 * (low + high)).long()
