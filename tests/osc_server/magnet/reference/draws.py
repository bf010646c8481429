"""The reference's own draws, so that codes can be compared one by one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from osc_server.rendering.plan import Decoding


class ReferenceDraws:
    """Times as audiocraft draws them: for all frames, from one generator for all items.

    With top-p it draws among sorted probabilities, so that a time belongs to a rank and not to a
    code, and exactly the nucleus is left: of equal ones at its edge, those that sorting puts first.
    """

    def __init__(self, seed: int, n_frames: int, decoding: Decoding) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._n_frames = n_frames
        self._top_p = decoding.top_p

    def times(self, probabilities: Tensor, frames: Tensor, n_drawn: Sequence[int]) -> Tensor:
        n_items, _, n_codes = probabilities.shape
        times = torch.empty(n_items * self._n_frames, n_codes)
        times.exponential_(1, generator=self._generator)
        times = times.view(n_items, -1, n_codes)[torch.arange(n_items)[:, None], frames]
        if not self._top_p:
            return times
        ordered, order = torch.sort(probabilities, dim=-1, descending=True)
        left_out = ordered.cumsum(dim=-1) - ordered > self._top_p
        by_rank = times.masked_fill(left_out, torch.inf)
        return torch.empty_like(times).scatter_(-1, order, by_rank)
