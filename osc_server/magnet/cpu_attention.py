"""Attention among all frames on a CPU, a few heads at a time: their scores fit into its cache.

All heads at once, as PyTorch does it, 1500 frames take more than twice as long in bfloat16. In
float32 the products go to oneDNN where it is there, for the same reason as those of the layers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from osc_server.magnet.attention import dense_attention
from osc_server.magnet.packed import can_pack

SCORES_AT_ONCE = 1 << 21  # 4 MB in bfloat16


def attention_by_heads(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Queries ``[B, N, H, D]`` to what they find in T frames, alike; for inference.

    Args:
        q: queries.
        k: keys ``[B, T, H, D]``.
        v: values, alike.
    """
    if q.dtype is torch.float32 and not can_pack():
        return dense_attention(q, k, v)
    batch, n_queries, n_heads, head_dim = q.shape
    # Of one row this is a view, and over strides oneDNN takes hundreds of times as long.
    q, k, v = (x.transpose(1, 2).flatten(0, 1).contiguous() for x in (q * head_dim**-0.5, k, v))
    if q.dtype is torch.float32:
        mixed = _one_by_one(q, k, v.transpose(1, 2).contiguous())
    else:
        n_at_once = max(1, SCORES_AT_ONCE // (n_queries * k.shape[1]))
        parts = zip(*(x.split(n_at_once) for x in (q, k, v)), strict=True)
        mixed = torch.cat([(q @ k.transpose(1, 2)).softmax(dim=-1) @ v for q, k, v in parts])
    return mixed.view(batch, n_heads, n_queries, head_dim).transpose(1, 2)


def _one_by_one(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Heads of queries ``[n, N, D]``, keys ``[n, T, D]`` and values ``[n, D, T]``."""
    mixed = torch.empty_like(q)
    for head in range(len(q)):
        mixed[head] = _product(_product(q[head], k[head]).softmax(dim=-1), v[head])
    return mixed


def _product(x: Tensor, y: Tensor) -> Tensor:
    """``x`` times ``y`` transposed."""
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, y, None, "none", [], "none")
    return out
