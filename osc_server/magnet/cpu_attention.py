"""Attention among all frames on a CPU, head by head: the scores of one head fit into its cache.

All heads at once, as PyTorch does it, 1500 frames take more than twice as long in bfloat16. In
float32 the products go to oneDNN where it is there, for the same reason as those of the layers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from osc_server.magnet.attention import dense_attention
from osc_server.magnet.packed import can_pack


def attention_by_heads(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Queries ``[B, N, H, D]`` to what they find in T frames, alike; for inference.

    Args:
        q: queries.
        k: keys ``[B, T, H, D]``.
        v: values, alike.
    """
    if q.dtype is torch.float32 and not can_pack():
        return dense_attention(q, k, v)
    by_onednn = q.dtype is torch.float32
    q = (q * q.shape[-1] ** -0.5).transpose(1, 2).contiguous()
    k = k.transpose(1, 2).contiguous()
    v = v.permute(0, 2, 3, 1).contiguous()
    mixed = torch.empty_like(q)
    for row in range(len(q)):
        for head in range(q.shape[1]):
            at = (row, head)
            if by_onednn:
                mixed[at] = _product(_product(q[at], k[at]).softmax(dim=-1), v[at])
            else:
                mixed[at] = (q[at] @ k[at].t()).softmax(dim=-1) @ v[at].t()
    return mixed.transpose(1, 2)


def _product(x: Tensor, y: Tensor) -> Tensor:
    """``x`` times ``y`` transposed."""
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, y, None, "none", [], "none")
    return out
