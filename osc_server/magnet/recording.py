"""A record of how a clip came about: at which step each code was drawn for the last time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

GIVEN = -1


class DrawRecorder:
    """Listens to the draws of one job of one item; its ``heard`` is a decoder's ``on_draw``.

    Attributes:
        fixed_at: ``[K, T]``, the step of its stage at which each code was drawn last, from 0, or
            ``GIVEN``.
        n_drawn: for each codebook, how many frames each step drew.
    """

    def __init__(self, n_codebooks: int, n_frames: int) -> None:
        self.fixed_at: NDArray[np.int64] = np.full((n_codebooks, n_frames), GIVEN)
        self.n_drawn: list[list[int]] = [[] for _ in range(n_codebooks)]

    def heard(self, stage: int, step: int, drawn: Tensor) -> None:
        """A step drew the frames that are True in ``drawn``, ``[1, T]``."""
        frames = drawn[0].cpu().numpy()
        self.fixed_at[stage, frames] = step
        self.n_drawn[stage].append(int(frames.sum()))
