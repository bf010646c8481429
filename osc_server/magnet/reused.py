"""The layers on a CPU: only what is asked for, and of that only what has changed.

After the first codebook a frame sees its neighbours alone, so what a layer gives for a frame
depends on a few frames around it. From one step to the next a few codes change, and the next step
asks for the masked frames only: a layer's output is computed again where it is stale and reaches a
frame that is asked for, and is otherwise still there from the steps before, also from those of the
codebook before. The result is the same up to rounding. (arXiv 2401.04577 names such caching as
future work.)
"""

from __future__ import annotations

from typing import cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from osc_server.magnet.attention import TextMemory
from osc_server.magnet.cpu_attention import attention_by_heads
from osc_server.magnet.transformer import MagnetTransformer, TransformerLayer

BLOCK = 16  # frames that are computed together
MOST_BYTES = 1 << 30  # of kept layers, in all
NEARLY_ALL = 0.9  # share of the blocks from which on all are computed, which needs no gathering

Flags = NDArray[np.bool_]


class _Kept:
    """What the layers gave for one text: inputs, outputs, and where these are stale.

    Attributes:
        layers: the input, then the output of each layer, ``[B, n_blocks, BLOCK, dim]``.
        stale: for each layer ``[B, T]``, where its output is not that of the present input.
    """

    def __init__(self, x: Tensor, n_layers: int) -> None:
        n_rows, n_frames, dim = x.shape
        n_blocks = -(-n_frames // BLOCK)
        shape = (n_layers + 1, n_rows, n_blocks, BLOCK, dim)
        self.layers = torch.zeros(shape, dtype=x.dtype)
        self.stale = np.ones((n_layers, n_rows, n_frames), dtype=np.bool_)

    @property
    def n_bytes(self) -> int:
        return self.layers.numel() * self.layers.element_size()

    def fits(self, x: Tensor) -> bool:
        """Whether it has room for the rows of ``x``."""
        _, n_rows, n_frames = self.stale.shape
        return n_rows >= x.shape[0] and n_frames == x.shape[1]

    def take(self, x: Tensor, reach: int) -> None:
        """Take in the input of the next step: what it reaches is stale."""
        n_rows, n_frames, dim = x.shape
        held = self.layers[0].view(self.layers.shape[1], -1, dim)[:n_rows, :n_frames]
        changed = (held != x).any(dim=-1).numpy()
        held.copy_(x)
        for stale in self.stale:
            changed = reached(changed, reach)
            stale[:n_rows] |= changed


class ReusingLayers:
    """All layers of a network on a CPU, in place of ``MagnetTransformer.hidden``.

    One thread at a time. What is kept goes with the text that it was computed for.
    """

    def __init__(self, network: MagnetTransformer, most_bytes: int = MOST_BYTES) -> None:
        """Wrap a network in eval mode, on CPU, packed or not; keep up to ``most_bytes``."""
        self._network = network
        self._most_bytes = most_bytes
        self._kept: WeakKeyDictionary[TextMemory, _Kept] = WeakKeyDictionary()
        self._bands: dict[tuple[int, torch.dtype], Tensor] = {}

    @torch.inference_mode()
    def __call__(
        self, x: Tensor, stage: int, memory: TextMemory, frames: Tensor | None = None
    ) -> Tensor:
        """See ``MagnetTransformer.hidden`` and ``hidden_at``."""
        if stage == 0 or self._network.spec.subcodes_context < 0:
            return self._dense(x, memory, frames)
        n_rows, n_frames, _ = x.shape
        wanted = np.ones((n_rows, n_frames), dtype=np.bool_)
        if frames is not None:
            wanted[:] = False
            np.put_along_axis(wanted, frames.numpy(), True, axis=1)
        kept = self._kept_for(x, memory)
        kept.take(x, self._network.spec.subcodes_context)
        return self._normed(self._banded(kept, wanted, memory)[:, :n_frames], frames)

    def _kept_for(self, x: Tensor, memory: TextMemory) -> _Kept:
        found = self._kept.get(memory)
        if found is not None and found.fits(x):
            return found
        self._kept.pop(memory, None)
        made = _Kept(x, len(self._network.layers))
        while self._kept and made.n_bytes + sum(k.n_bytes for k in self._kept.values()) > (
            self._most_bytes
        ):
            del self._kept[next(iter(self._kept))]
        if made.n_bytes <= self._most_bytes:
            self._kept[memory] = made
        return made

    def _dense(self, x: Tensor, memory: TextMemory, frames: Tensor | None) -> Tensor:
        layers = _layers(self._network)
        for i, layer in enumerate(layers):
            q, k, v = _heads(layer, layer.norm1(x)).unbind(2)
            if frames is not None and i == len(layers) - 1:  # nobody reads the other frames
                at = (torch.arange(len(x))[:, None], frames)
                x, q, frames = x[at], q[at], None
            mixed = attention_by_heads(q, k, v)
            rows = torch.arange(memory.n_rows)
            x = _finish(layer, x, mixed.reshape(*x.shape), memory, (i, rows))
        return self._normed(x, frames)

    def _normed(self, x: Tensor, frames: Tensor | None) -> Tensor:
        if frames is not None:
            x = x[torch.arange(len(x))[:, None], frames]
        normed: Tensor = self._network.out_norm(x)
        return normed

    def _banded(self, kept: _Kept, wanted: Flags, memory: TextMemory) -> Tensor:
        """The last layer's output ``[B, n_blocks * BLOCK, dim]``, right where it is wanted."""
        n_rows = len(wanted)
        reach = self._network.spec.subcodes_context
        stale = kept.stale[:, :n_rows]
        todo = []
        for layer_stale in stale[::-1]:
            todo.append(wanted & layer_stale)
            wanted = reached(todo[-1], reach)
        for i, (layer, frames) in enumerate(zip(_layers(self._network), todo[::-1], strict=True)):
            if frames.any():
                self._renew(layer, i, kept.layers[i : i + 2, :n_rows], frames, memory)
                stale[i] &= ~frames
        return kept.layers[-1, :n_rows].flatten(1, 2)

    def _renew(
        self,
        layer: TransformerLayer,
        index: int,
        before_after: Tensor,
        frames: Flags,
        memory: TextMemory,
    ) -> None:
        """Compute the blocks of one layer's output in which these frames lie, in place."""
        reach = self._network.spec.subcodes_context
        before, after = before_after
        blocks, sources = _blocks_of(frames), _blocks_of(reached(frames, reach))
        if blocks.mean() > NEARLY_ALL:
            blocks[:], sources[:] = True, True
        everything = bool(blocks.all())
        rows, columns = (torch.from_numpy(axis) for axis in blocks.nonzero())
        x = before.flatten(0, 1) if everything else before[rows, columns]
        source = x if sources.sum() == len(x) else before[torch.from_numpy(sources)]
        heads = _heads(layer, layer.norm1(source))
        windows = _windows(heads[:, :, 1:], sources, reach)[rows, columns]
        own = torch.from_numpy(blocks[sources])
        queries = heads[:, :, 0] if len(source) == len(x) else heads[own, :, 0]
        mixed = _attend(queries, windows, self._band(frames.shape[1], heads.dtype)[columns])
        n_told = int((rows < memory.n_rows).sum())
        x = _finish(layer, x, mixed.reshape(*x.shape), memory, (index, rows[:n_told]))
        if everything:
            after.copy_(x.view(after.shape))
        else:  # the other frames of a block were right, and may come from too little now
            renewed = torch.from_numpy(_in_blocks(frames))
            after[renewed] = x[renewed[rows, columns]]

    def _band(self, n_frames: int, dtype: torch.dtype) -> Tensor:
        """0 where a frame of a block may look, otherwise -inf, ``[n_blocks, 1, BLOCK, window]``."""
        key = (n_frames, dtype)
        if key not in self._bands:
            self._bands.clear()
            reach = self._network.spec.subcodes_context
            n_blocks = -(-n_frames // BLOCK)
            query = torch.arange(n_blocks * BLOCK).view(n_blocks, BLOCK, 1)
            looked_at = query[:, :1] - reach + torch.arange(BLOCK + 2 * reach)
            real = (looked_at >= 0) & ((looked_at < n_frames) | (query >= n_frames))
            seen = ((looked_at - query).abs() <= reach) & real
            bias = torch.zeros(seen.shape, dtype=dtype).masked_fill_(~seen, -torch.inf)
            self._bands[key] = bias[:, None]
        return self._bands[key]


def reached(frames: Flags, reach: int) -> Flags:
    """Frames within ``reach`` of one that is True, along the last axis."""
    n_frames = frames.shape[-1]
    before = np.zeros((*frames.shape[:-1], n_frames + 2 * reach + 1), dtype=np.int32)
    np.cumsum(frames, axis=-1, out=before[..., reach + 1 : n_frames + reach + 1])
    before[..., n_frames + reach + 1 :] = before[..., n_frames + reach, None]
    found: Flags = before[..., 2 * reach + 1 :] > before[..., :n_frames]
    return found


def _in_blocks(frames: Flags) -> Flags:
    """Frames ``[B, T]`` as ``[B, n_blocks, BLOCK]``, filled up with False."""
    n_rows, n_frames = frames.shape
    filled = np.zeros((n_rows, -(-n_frames // BLOCK) * BLOCK), dtype=np.bool_)
    filled[:, :n_frames] = frames
    return filled.reshape(n_rows, -1, BLOCK)


def _blocks_of(frames: Flags) -> Flags:
    """Blocks ``[B, n_blocks]`` in which a frame is True."""
    return np.asarray(_in_blocks(frames).any(axis=-1))


def _layers(network: MagnetTransformer) -> list[TransformerLayer]:
    return cast("list[TransformerLayer]", list(network.layers))


def _heads(layer: TransformerLayer, normed: Tensor) -> Tensor:
    """Queries, keys and values ``[..., 3, H, D]`` of ``[..., dim]``."""
    out: Tensor = layer.self_attn.in_proj(normed)
    return out.view(*normed.shape[:-1], 3, layer.self_attn.n_heads, -1)


def _windows(pairs: Tensor, sources: Flags, reach: int) -> Tensor:
    """A view of keys and values, ``[B, n_blocks, window, 2, H, D]``: each block with its reach.

    Args:
        pairs: keys and values ``[n, BLOCK, 2, H, D]`` of the blocks that are True in ``sources``.
        sources: ``[B, n_blocks]``.
        reach: frames seen on each side.
    """
    n_rows, n_blocks = sources.shape
    length = n_blocks * BLOCK
    around = pairs.new_zeros(n_rows, length + 2 * reach, *pairs.shape[2:])
    inside = around[:, reach : reach + length].view(n_rows, n_blocks, BLOCK, *pairs.shape[2:])
    if sources.all():
        inside.copy_(pairs.view(inside.shape))
    else:
        inside[torch.from_numpy(sources)] = pairs
    row, frame, *rest = around.stride()
    return around.as_strided(
        (n_rows, n_blocks, BLOCK + 2 * reach, *around.shape[2:]), (row, BLOCK * frame, frame, *rest)
    )


def _attend(queries: Tensor, windows: Tensor, bias: Tensor) -> Tensor:
    """Blocks of queries ``[n, BLOCK, H, D]`` to what they find in their windows, alike."""
    q = (queries * queries.shape[-1] ** -0.5).transpose(1, 2)
    k, v = (part.transpose(1, 2) for part in windows.unbind(2))
    mixed: Tensor = (q @ k.transpose(-1, -2)).add_(bias).softmax(dim=-1) @ v
    return mixed.transpose(1, 2)


def _finish(
    layer: TransformerLayer,
    x: Tensor,
    mixed: Tensor,
    memory: TextMemory,
    at: tuple[int, Tensor],
) -> Tensor:
    """The rest of a layer after self-attention, for pieces of rows ``[n, n_frames, dim]``.

    Args:
        layer: the layer.
        x: its input.
        mixed: what self-attention found, before its last product.
        memory: the text.
        at: number of the layer, and the rows of the first pieces, those with a text, ascending.
    """
    index, rows = at
    x = x + layer.self_attn.out_proj(mixed)
    if len(rows):
        told = x[: len(rows)]
        cross = layer.cross_attention
        asked: Tensor = cross.q_proj(layer.norm_cross(told)).view(
            *told.shape[:2], cross.n_heads, -1
        )
        found = torch.empty_like(asked)
        begin = 0
        for row, n_blocks in enumerate(torch.bincount(rows).tolist()):
            part = slice(begin, begin + n_blocks)
            begin += n_blocks
            if n_blocks:
                found[part] = _ask(asked[part], memory, index, row)
        told += cross.out_proj(found.view(told.shape))
    x += layer.linear2(layer.activation(layer.linear1(layer.norm2(x))))
    return x


def _ask(asked: Tensor, memory: TextMemory, index: int, row: int) -> Tensor:
    """What pieces of one row ``[n, n_frames, H, D]`` find in its text."""
    n_blocks, block, n_heads, head_dim = asked.shape
    # Plain products: PyTorch's fused attention takes five times as long over a dozen words.
    q = asked.reshape(n_blocks * block, n_heads, head_dim).transpose(0, 1) * head_dim**-0.5
    scores = q @ memory.keys[index][row].transpose(-1, -2)
    scores = scores.masked_fill_(~memory.mask[row], -torch.inf)
    found: Tensor = (scores.softmax(dim=-1) @ memory.values[index][row]).transpose(0, 1)
    has_text = memory.has_text[row].to(asked.dtype)
    found = found.reshape(asked.shape) * has_text
    return found
