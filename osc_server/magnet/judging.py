"""How likely the network finds codes that are already there: spans masked in turn, and judged.

A network trained on masks says nothing sensible of a code that it can see. So the frames are cut
into spans of about the usual length, every fourth of them is masked (every second, where a rougher
judgement is enough), and each masked code is judged from all that surrounds it, by the words alone
(no guidance) and without temperature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from osc_server.magnet.guided import GuidedNetwork

N_GROUPS = 4
"""Passes a codebook: more of them mask less at once, and cost more."""
FEW_GROUPS = 2
"""Enough where places of one clip are only compared with each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Care:
    """How thoroughly codes are judged.

    Attributes:
        n_groups: passes a codebook; in each of them one span in so many is masked.
        needed: ``[T]`` bool, the frames that must be judged; of the others one pass a codebook is
            enough, an even sample. None = all must.
    """

    n_groups: int = N_GROUPS
    needed: Tensor | None = None


THOROUGH = Care()


def judge(
    guided: GuidedNetwork,
    codes: Tensor,
    mask_token: int,
    span: int,
    on_pass: Callable[[], None] = lambda: None,
    care: Care = THOROUGH,
) -> Tensor:
    """Log probabilities of codes.

    Codebook k is judged with those before it in sight and those after it masked, as when it is
    drawn.

    Args:
        guided: the network, bound to the words, the beat and the circle.
        codes: ``[B, K, T]`` long on its device, the mask token where nothing is known.
        mask_token: stands for a masked code.
        span: frames masked side by side, as in training.
        on_pass: called after each of ``K * care.n_groups`` passes.
        care: how thoroughly.

    Returns:
        ``[B, K, T]`` float32, in nats, at most 0; without meaning where nothing is known, and
        not-a-number where nothing was judged.
    """
    batch, n_codebooks, n_frames = codes.shape
    judged = torch.full(codes.shape, torch.nan, device=codes.device)
    for stage in range(n_codebooks):
        for i, group in enumerate(masked_in_turn(n_frames, span, care.n_groups)):
            seen = codes.clone()
            seen[:, stage + 1 :] = mask_token
            seen[:, stage, group.to(codes.device)] = mask_token
            if care.needed is not None and i > 0:
                group = group[care.needed[group]]
            if not len(group):
                on_pass()
                continue
            frames = group.to(codes.device).expand(batch, -1)
            logits = guided.logits(seen, stage, frames, guidance=1.0)
            wanted = codes[:, stage].gather(1, frames).clamp_max(mask_token - 1)[..., None]
            found = logits.log_softmax(dim=-1).gather(-1, wanted)[..., 0]
            judged[:, stage].scatter_(1, frames, found)
            on_pass()
    return judged


def masked_in_turn(n_frames: int, span: int, n_groups: int = N_GROUPS) -> list[Tensor]:
    """The frames of each pass; together all frames, each once.

    The spans are stretched a little so that their number is a multiple of the passes: then the
    masked ones lie evenly also around a circle, and a seam is judged like any other place.
    """
    n_groups = min(n_groups, n_frames)
    n_spans = min(n_groups * max(1, round(n_frames / (span * n_groups))), n_frames)
    frames = torch.arange(n_frames)
    groups = (frames * n_spans // n_frames) % n_groups
    return [frames[groups == group] for group in range(n_groups)]
