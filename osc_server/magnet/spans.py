"""The two arrangements of spans, side by side: what is masked next, and how spans are scored.

Both keep what is given: only unknown frames are ever masked. Where a span is given in part, all of
it is drawn, and what was drawn for its given frames is scored but not kept, as in the reference.
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
        at_first: ``[B, T]`` bool, what the first step draws.
    """

    n_unknown: list[int]
    at_first: Tensor

    def most_frames(self, item: int, n_masked: int) -> int:
        """Upper bound of the frames of ``item`` under ``n_masked`` spans (or frames)."""
        ...

    def choose(self, scores: Tensor, n_masked: Tensor) -> Tensor:
        """Mask ``[B, T]`` of the weakest; ``n_masked`` is ``[B]``."""
        ...

    def score(self, confidence: Tensor, drawn: Tensor) -> Tensor:
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
    if arrangement == "nonoverlap" or span == 1:  # single frames cannot overlap
        return NonoverlapSpans(unknown, span, scoring, device)
    return OverlappingSpans(unknown, span, device)


class NonoverlapSpans:
    """Spans side by side; where T is not a multiple of the span, the last one is shorter."""

    def __init__(self, unknown: Tensor, span: int, scoring: Scoring, device: torch.device) -> None:
        has_unknown = frames_to_spans(unknown, span).any(dim=-1)
        drawn = has_unknown.repeat_interleave(span, dim=1)[:, : unknown.shape[1]]
        self.n_unknown: list[int] = has_unknown.sum(dim=1).tolist()
        self.at_first = drawn.to(device)
        self._n_frames: list[int] = drawn.sum(dim=1).tolist()
        self._span = span
        # One frame is scored by its log alone, which tells ones near 0 apart.
        self._scoring = scoring if span > 1 else "prod"

    def most_frames(self, item: int, n_masked: int) -> int:
        """See ``Spans``."""
        return min(n_masked * self._span, self._n_frames[item])

    def choose(self, scores: Tensor, n_masked: Tensor) -> Tensor:
        """See ``Spans``; scores are ``[B, S]``."""
        chosen = weakest_spans(scores, n_masked).repeat_interleave(self._span, dim=1)
        return chosen[:, : self.at_first.shape[1]] & self.at_first

    def score(self, confidence: Tensor, drawn: Tensor) -> Tensor:
        """One minus the surest frame of a span ("max"), or minus its log probability ("prod").

        A shorter span at the end is scored by "prod" as if it were full, so that being short does
        not look like being sure.
        """
        in_spans = frames_to_spans(drawn, self._span)
        values = confidence.new_ones(in_spans.shape).flatten(1)
        values[:, : drawn.shape[1]] = confidence
        values = values.view(in_spans.shape)
        if self._scoring == "max":
            scores = 1 - values.masked_fill(~in_spans, 0).amax(dim=-1)
        else:
            log_sum = values.log().masked_fill(~in_spans, 0).sum(dim=-1)
            scores = -log_sum * (self._span / in_spans.sum(dim=-1).clamp_min(1))
        return scores.masked_fill(~in_spans.any(dim=-1), DECIDED)


class OverlappingSpans:
    """Spans that may begin at any frame ("stride 1"); scored by the product of their frames."""

    def __init__(self, unknown: Tensor, span: int, device: torch.device) -> None:
        self.n_unknown: list[int] = unknown.sum(dim=1).tolist()
        self.at_first = unknown.to(device)
        self._span = min(span, unknown.shape[1])

    def most_frames(self, item: int, n_masked: int) -> int:
        """See ``Spans``."""
        return min(n_masked + self._span, self.n_unknown[item])

    def choose(self, scores: Tensor, n_masked: Tensor) -> Tensor:
        """See ``Spans``; scores are ``[B, T]``."""
        return weakest_overlapping_spans(scores, n_masked, self._span) & self.at_first

    def score(self, confidence: Tensor, drawn: Tensor) -> Tensor:
        """Minus the log probability of each frame that was drawn."""
        return (-confidence.log()).masked_fill(~drawn, DECIDED)
