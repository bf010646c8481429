"""Attention of the network: dense, banded (a few frames to each side), and to the text.

Heads are laid out ``[B, H, T, D]`` where D is the width of one head. Nothing has a bias, so keys
and values of an all-zero text are zero and attending to it adds exactly nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

BAND_BLOCK = 16  # queries that share one window of keys in banded attention


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TextMemory:
    """Keys and values of a text for each layer: made once a job, read in every step.

    Attributes:
        keys: for each layer ``[B, H, L, D]``.
        values: for each layer ``[B, H, L, D]``.
        mask: ``[B, 1, 1, L]`` True = attend. Rows without a word attend to one position, and
            ``has_text`` takes what they find away again, so that no row divides by zero.
        has_text: ``[B, 1, 1]``, 1 where the row has a word, otherwise 0.

    It may have fewer rows than there are rows of frames: the rest have no text and cost nothing.
    """

    keys: list[Tensor]
    values: list[Tensor]
    mask: Tensor
    has_text: Tensor

    @property
    def n_rows(self) -> int:
        """Rows of frames that attend to it, B."""
        return self.mask.shape[0]


class Past(Protocol):
    """Keys and values of the frames before, for attention that sees no later frame."""

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Those before, and then these ``[B, T, H, D]``: ``[B, S, H, D]`` each, S >= T."""
        ...


class NoPast:
    """The sequence begins with the frames at hand."""

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Past``."""
        return keys, values


class SelfAttention(nn.Module):
    """Attention among frames: all of them, those within a band, or none that comes later."""

    def __init__(self, dim: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.in_proj = nn.Linear(dim, 3 * dim, bias=False)
        self.out_proj = nn.Linear(dim, dim, bias=False)

    def forward(
        self, x: Tensor, band: Tensor | None, past: Past | None = None, layer: int = 0
    ) -> Tensor:
        """``[B, T, dim]`` to the same.

        Args:
            x: the frames.
            band: made by ``band_mask``; None is dense.
            past: makes attention causal, whatever the band; it is that of layer ``layer``.
            layer: read by ``past`` alone.
        """
        batch, n_frames, dim = x.shape
        q, k, v = self.in_proj(x).view(batch, n_frames, 3, self.n_heads, -1).unbind(2)
        if past is not None:
            mixed = causal_attention(q, *past.extend(layer, k, v))
        else:
            mixed = dense_attention(q, k, v) if band is None else banded_attention(q, k, v, band)
        out: Tensor = self.out_proj(mixed.reshape(batch, n_frames, dim))
        return out


class CrossAttention(nn.Module):
    """Attention from frames to the words of a text."""

    def __init__(self, dim: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.q_proj = nn.Linear(dim, dim, bias=False)
        self.kv_proj = nn.Linear(dim, 2 * dim, bias=False)
        self.out_proj = nn.Linear(dim, dim, bias=False)

    def memory(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values ``[B, H, L, D]`` of text states ``[B, L, dim]``."""
        batch, n_words, _ = text.shape
        both = self.kv_proj(text).view(batch, n_words, 2, self.n_heads, -1)
        keys, values = both.unbind(2)
        return keys.transpose(1, 2), values.transpose(1, 2)

    def forward(self, x: Tensor, memory: TextMemory, layer: int) -> Tensor:
        """``[B, T, dim]`` to the same; rows without a text give exactly zero."""
        batch, n_frames, dim = x.shape
        q = self.q_proj(x).view(batch, n_frames, self.n_heads, -1).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(
            q, memory.keys[layer], memory.values[layer], attn_mask=memory.mask
        )
        mixed = mixed.transpose(1, 2).reshape(batch, n_frames, dim) * memory.has_text
        out: Tensor = self.out_proj(mixed)
        return out


def dense_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Each frame attends to all frames; arguments and result ``[B, T, H, D]``."""
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    if q.dtype is torch.bfloat16 and q.device.type == "cpu":
        # Two plain products: on CPU the fused attention multiplies bfloat16 no faster than float32.
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        mixed = scores.softmax(dim=-1) @ v
    else:
        mixed = functional.scaled_dot_product_attention(q, k, v)
    out: Tensor = mixed.transpose(1, 2)
    return out


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Each frame attends to itself and those before it.

    Args:
        q: queries of the last T frames, ``[B, T, H, D]``.
        k: keys of all S frames, ``[B, S, H, D]``.
        v: values, alike.

    Returns:
        ``[B, T, H, D]``.
    """
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    n_queries, n_keys = q.shape[2], k.shape[2]
    mask = None
    if 1 < n_queries < n_keys:
        seen = torch.ones(n_queries, n_keys, dtype=torch.bool, device=q.device)
        mask = seen.tril(n_keys - n_queries)
    mixed = functional.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=1 < n_queries == n_keys
    )
    out: Tensor = mixed.transpose(1, 2)
    return out


def banded_attention(q: Tensor, k: Tensor, v: Tensor, band: Tensor) -> Tensor:
    """Each frame attends to the frames nearby; cost and memory linear in T.

    Frames are cut into blocks of queries, each with its own window of keys: a few small dense
    products instead of one T x T product of which nearly all would be thrown away.

    Args:
        q: queries ``[B, T, H, D]``; ``k`` and ``v`` alike.
        k: keys.
        v: values.
        band: from ``band_mask``, for T frames.

    Returns:
        ``[B, T, H, D]``.
    """
    batch, n_frames, n_heads, head_dim = q.shape
    n_blocks, block, window = band.shape
    reach = (window - block) // 2
    tail = n_blocks * block - n_frames
    q = functional.pad(q, (0, 0, 0, 0, 0, tail))
    q = q.view(batch * n_blocks, block, n_heads, head_dim).transpose(1, 2)
    keys, values = (
        functional.pad(x, (0, 0, 0, 0, reach, tail + reach))
        .unfold(1, window, block)
        .permute(0, 1, 2, 4, 3)
        .reshape(batch * n_blocks, n_heads, window, head_dim)
        for x in (k, v)
    )
    mask = band.expand(batch, -1, -1, -1).reshape(batch * n_blocks, 1, block, window)
    mixed = functional.scaled_dot_product_attention(q, keys, values, attn_mask=mask)
    mixed = mixed.transpose(1, 2).reshape(batch, n_blocks * block, n_heads, head_dim)
    return mixed[:, :n_frames]


def band_mask(n_frames: int, reach: int, device: torch.device) -> Tensor:
    """Which keys of its block's window each query may see, ``[n_blocks, block, block + 2 reach]``.

    Args:
        n_frames: length of the sequence, T.
        reach: frames on each side that a frame attends to.
        device: where the mask is made.
    """
    block = min(BAND_BLOCK, n_frames)
    n_blocks = -(-n_frames // block)
    starts = block * torch.arange(n_blocks, device=device)[:, None, None]
    query = starts + torch.arange(block, device=device)[None, :, None]
    key = starts - reach + torch.arange(block + 2 * reach, device=device)[None, None, :]
    # Rows past the end are cut off later; they see their band, real or not, so that no softmax
    # runs over nothing and no gradient becomes not-a-number.
    real = ((key >= 0) & (key < n_frames)) | (query >= n_frames)
    mask: Tensor = ((key - query).abs() <= reach) & real
    return mask
