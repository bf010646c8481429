"""The two arrangements of spans, side by side: what is masked next, and how spans are scored.

Both keep what is given: only unknown frames are ever masked.
"""

from __future__ import annotations

from typing import Literal, Protocol

import torch
from torch import Tensor

from osc_server.magnet.masks import (
    DECIDED,
    frames_to_spans,
    weakest_overlapping_spans,
    weakest_spans,
)

Scoring = Literal["max", "prod"]


class Spans(Protocol):
    """One stage's spans, for a batch.

    Attributes:
        n_unknown: for each item, how many spans (or frames) are to be generated.
    """

    n_unknown: list[int]

    def most_frames(self, item: int, n_masked: int) -> int:
        """Upper bound of the frames of ``item`` under ``n_masked`` spans (or frames)."""
        ...

    def choose(self, scores: Tensor, n_masked: Tensor) -> Tensor:
        """Mask ``[B, T]`` of the weakest; ``n_masked`` is ``[B]``."""
        ...

    def score(self, confidence: Tensor, mask: Tensor) -> Tensor:
        """Scores for ``choose`` from the probabilities ``[B, T]`` of the codes just drawn."""
        ...


def arrange(
    arrangement: Literal["nonoverlap", "stride1"],
    unknown: Tensor,
    span: int,
    scoring: Scoring,
    device: torch.device,
) -> Spans:
    """Lay spans over the unknown frames ``[B, T]`` (a CPU tensor) of a stage."""
    if arrangement == "nonoverlap":
        return NonoverlapSpans(unknown, span, scoring, device)
    return OverlappingSpans(unknown, span, device)


class NonoverlapSpans:
    """Spans side by side; where T is not a multiple of the span, the last one is shorter."""

    def __init__(self, unknown: Tensor, span: int, scoring: Scoring, device: torch.device) -> None:
        in_spans = frames_to_spans(unknown, span)
        self.n_unknown: list[int] = in_spans.any(dim=-1).sum(dim=1).tolist()
        self._n_frames: list[int] = unknown.sum(dim=1).tolist()
        self._in_spans = in_spans.to(device)
        self._length = unknown.shape[1]
        self._span = span
        self._scoring = scoring

    def most_frames(self, item: int, n_masked: int) -> int:
        """See ``Spans``."""
        return min(n_masked * self._span, self._n_frames[item])

    def choose(self, scores: Tensor, n_masked: Tensor) -> Tensor:
        """See ``Spans``; scores are ``[B, S]``."""
        chosen = weakest_spans(scores, n_masked)[..., None] & self._in_spans
        return chosen.flatten(1)[:, : self._length]

    def score(self, confidence: Tensor, mask: Tensor) -> Tensor:
        """One minus the surest frame of a span ("max"), or minus its log probability ("prod").

        Only frames that were masked count; a span with fewer of them, at the end or beside given
        ones, is scored by "prod" as if it were full, so that being short does not look like being
        sure.
        """
        masked = frames_to_spans(mask, self._span)
        values = confidence.new_ones(masked.shape).flatten(1)
        values[:, : self._length] = confidence
        values = values.view(masked.shape)
        if self._scoring == "max":
            scores = 1 - values.masked_fill(~masked, 0).amax(dim=-1)
        else:
            log_sum = values.log().masked_fill(~masked, 0).sum(dim=-1)
            scores = -log_sum * (self._span / masked.sum(dim=-1).clamp_min(1))
        return scores.masked_fill(~masked.any(dim=-1), DECIDED)


class OverlappingSpans:
    """Spans that may begin at any frame ("stride 1"); scored by the product of their frames."""

    def __init__(self, unknown: Tensor, span: int, device: torch.device) -> None:
        self.n_unknown: list[int] = unknown.sum(dim=1).tolist()
        self._unknown = unknown.to(device)
        self._span = min(span, unknown.shape[1])

    def most_frames(self, item: int, n_masked: int) -> int:
        """See ``Spans``."""
        return min(n_masked + self._span, self.n_unknown[item])

    def choose(self, scores: Tensor, n_masked: Tensor) -> Tensor:
        """See ``Spans``; scores are ``[B, T]``."""
        return weakest_overlapping_spans(scores, n_masked, self._span) & self._unknown

    def score(self, confidence: Tensor, mask: Tensor) -> Tensor:
        """Minus the log probability of each frame that was masked."""
        return (-confidence.log()).masked_fill(~mask, DECIDED)
