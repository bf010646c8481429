"""Codes laid out for autoregression: each codebook a step behind the one before it.

The delay pattern of MusicGen (arXiv 2306.05284, section 2.2): codebook k of frame t is written at
step t + k, when all coarser codes of that frame are known. A network that reads the previous code
of each codebook and predicts the next therefore needs T + K - 1 steps for T frames.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class DelayedCodes(NamedTuple):
    """Codes of a batch, laid out over S = T + K - 1 steps.

    Attributes:
        inputs: ``[B, K, S]`` what the network reads at each step: for codebook k at step s the code
            of frame s - 1 - k, or the mask token where there is none or it is not known.
        targets: ``[B, K, S]`` what it predicts there: the code of frame s - k; 0 where not valid.
        valid: bool ``[B, K, S]``, True where there is such a frame and its codebook is known.
    """

    inputs: Tensor
    targets: Tensor
    valid: Tensor


def delayed_inputs(codes: Tensor, mask_token: int, n_known: int | None = None) -> DelayedCodes:
    """Lay codes out in the delay pattern: what a network reads, and what it should predict.

    Args:
        codes: ``[B, K, T]`` long.
        mask_token: stands for codes that are not there.
        n_known: codebooks that are given, 1..K; the others are masked and not judged. None = all.

    Returns:
        Inputs, targets and what of them is valid, each ``[B, K, T + K - 1]``.
    """
    n_codebooks, n_frames = codes.shape[1:]
    n_known = n_codebooks if n_known is None else n_known
    n_steps = n_frames + n_codebooks - 1
    inputs = codes.new_full((*codes.shape[:2], n_steps + 1), mask_token)
    targets = codes.new_zeros(*codes.shape[:2], n_steps)
    valid = torch.zeros_like(targets, dtype=torch.bool)
    for k in range(n_known):
        inputs[:, k, k + 1 : k + 1 + n_frames] = codes[:, k]
        targets[:, k, k : k + n_frames] = codes[:, k]
        valid[:, k, k : k + n_frames] = True
    return DelayedCodes(inputs[..., :n_steps], targets, valid)


def undelayed(steps: Tensor, n_frames: int) -> Tensor:
    """What was laid out over steps ``[B, K, S, ...]``, back over frames ``[B, K, T, ...]``.

    Turns the logits of S = T + K - 1 steps into those of T frames.
    """
    return torch.stack([steps[:, k, k : k + n_frames] for k in range(steps.shape[1])], dim=1)
