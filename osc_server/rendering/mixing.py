"""Several prompts for one item: which texts the network is asked, and how much each counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osc_server.contract.errors import BadRequest
from osc_server.rendering.plan import Plan

Shares = NDArray[np.float32]  # [T], 0..1


@dataclass(frozen=True, slots=True)
class TextRows:
    """The texts of a batch.

    Attributes:
        texts: one or more for each plan, plan by plan.
        items: the plan that each is for.
        shares: ``[R, T]``, how much of each sounds in each frame; those of a plan sum to 1.
    """

    texts: list[str]
    items: list[int]
    shares: NDArray[np.float32]


def text_rows(plans: Sequence[Plan]) -> TextRows:
    """The texts that a batch asks for.

    Raises:
        BadRequest: a weight is not positive, or a prompt ends before it begins.
    """
    rows = [(item, *row) for item, plan in enumerate(plans) for row in weigh(plan)]
    return TextRows(
        texts=[text for _, text, _ in rows],
        items=[item for item, _, _ in rows],
        shares=np.stack([shares for _, _, shares in rows]),
    )


def weigh(plan: Plan) -> list[tuple[str, Shares]]:
    """The prompts of one plan with their shares; frames in which none sounds have no words.

    Raises:
        BadRequest: see ``text_rows``.
    """
    if not plan.mix:
        return [(plan.prompt, np.ones(plan.n_frames, np.float32))]
    weights = np.zeros((len(plan.mix) + 1, plan.n_frames))
    for row, part in enumerate(plan.mix):
        end = plan.n_frames if part.end_frame is None else part.end_frame
        if not (np.isfinite(part.weight) and part.weight > 0) or part.first_frame > end:
            raise BadRequest(
                f"the prompt {part.text[:40]!r} needs a weight above 0 and an end after its begin"
            )
        weights[row, max(part.first_frame, 0) : end] = part.weight
    weights[-1] = ~weights.any(axis=0)
    shares = (weights / weights.sum(axis=0)).astype(np.float32)
    texts = [*(part.text for part in plan.mix), ""]
    return [(text, row) for text, row in zip(texts, shares, strict=True) if row.any()]
