"""The layers on a CUDA device: few kernels, none launched one by one.

A step of a small network is hundreds of kernels of a few microseconds, and launching them costs as
much as running them. Here the residual is added within the product that makes it, the band is
flash attention's own window where the build has it, and what is run a second time in the same
shape is recorded as a CUDA graph and only replayed from then on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor
from torch.nn import functional

from osc_server.magnet.attention import TextMemory, band_mask, banded_attention, dense_attention
from osc_server.magnet.transformer import MagnetTransformer, TransformerLayer

MOST_GRAPHS = 24  # kept at once; each holds the activations of its shape
WORDS_IN_BLOCK = 16  # texts are padded to a multiple: fewer shapes, and aligned for the kernels
CLOSE = 0.02  # largest error of the window kernel that is taken for rounding, at values of about 1

Gelu = Literal["exact", "fused"]
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Queries, keys and values ``[B, T, H, D]`` to the same."""


class PaddedMemory:
    """Keys and values of a text, padded, at a fixed place: what a graph reads."""

    def __init__(self, memory: TextMemory) -> None:
        """Lay out room for ``memory`` and all of its shape, and hold it."""
        n_words = padded_words(memory)
        n_rows, n_heads, _, head_dim = memory.keys[0].shape
        shape = (len(memory.keys), n_rows, n_heads, n_words, head_dim)
        self.keys = memory.keys[0].new_zeros(shape)
        self.values = torch.zeros_like(self.keys)
        self.bias = self.keys.new_empty(n_rows, 1, 1, n_words)
        self.n_rows = n_rows
        self._held: TextMemory | None = None
        self.hold(memory)

    def hold(self, memory: TextMemory) -> None:
        """Copy another text in; nothing is done where it is there already."""
        if memory is self._held:
            return
        n_words = memory.mask.shape[-1]
        self.keys[..., :n_words, :] = torch.stack(memory.keys)
        self.values[..., :n_words, :] = torch.stack(memory.values)
        self.bias.fill_(-torch.inf)
        self.bias[..., :n_words].masked_fill_(memory.mask, 0)
        self._held = memory


@dataclass(slots=True)
class _Recorded:
    """A graph with the places that it reads and writes, which live as long as it does."""

    graph: torch.cuda.CUDAGraph
    x: Tensor
    memory: PaddedMemory
    attend: Attend
    hidden: Tensor


class GraphedLayers:
    """All layers of a network on a CUDA device, in place of ``MagnetTransformer.hidden``.

    One thread at a time.

    Attributes:
        refused: why nothing is recorded; empty where it is.
    """

    def __init__(self, network: MagnetTransformer, *, gelu: Gelu = "exact") -> None:
        """Choose the kernels.

        Args:
            network: on its device, in eval mode, weights loaded.
            gelu: ``fused`` takes the tanh form (arXiv 1606.08415) that cuBLAS adds to a product.
        """
        self._network = network
        self._gelu = gelu
        self._memories: dict[tuple[int, int], PaddedMemory] = {}
        self._seen: set[tuple[int, ...]] = set()
        self._graphs: OrderedDict[tuple[int, ...], _Recorded] = OrderedDict()
        self._pool: Any = None  # its type has no public name
        self._has_window = has_window_attention(network)
        self._records = next(network.parameters()).is_cuda
        self.refused = "" if self._records else "not a CUDA device"

    @torch.inference_mode()
    def __call__(
        self, x: Tensor, stage: int, memory: TextMemory, frames: Tensor | None = None
    ) -> Tensor:
        """See ``MagnetTransformer.hidden`` and ``hidden_at``; the result is the caller's own."""
        hidden = self._run(x, stage, memory)
        if frames is None:
            return hidden.clone()
        return hidden.gather(1, frames[..., None].expand(-1, -1, hidden.shape[-1]))

    def _run(self, x: Tensor, stage: int, memory: TextMemory) -> Tensor:
        """All frames, where the next run overwrites them."""
        padded = self._padded(memory)
        banded = stage > 0 and self._network.spec.subcodes_context >= 0
        key = (*x.shape[:2], int(banded), padded.n_rows, padded.keys.shape[-2])
        if key not in self._graphs and key in self._seen and self._records:
            recorded = self._record(x, banded, padded)
            if recorded is not None:
                self._graphs[key] = recorded
        if key in self._graphs:
            self._graphs.move_to_end(key)
            while len(self._graphs) > MOST_GRAPHS:
                self._graphs.popitem(last=False)
            recorded = self._graphs[key]
            recorded.x.copy_(x)
            recorded.graph.replay()
            return recorded.hidden
        self._seen.add(key)  # the first time is not recorded: it readies the libraries' handles
        return run_layers(self._network, x.clone(), padded, self._attend(x, banded), self._gelu)

    def forget(self) -> None:
        """Free what is kept for shapes that may come again."""
        self._graphs.clear()
        self._memories.clear()
        self._seen.clear()

    def _padded(self, memory: TextMemory) -> PaddedMemory:
        key = (memory.n_rows, padded_words(memory))
        if key not in self._memories:
            self._memories[key] = PaddedMemory(memory)
        self._memories[key].hold(memory)
        return self._memories[key]

    def _attend(self, x: Tensor, banded: bool) -> Attend:
        if not banded:
            return dense_attention
        reach = self._network.spec.subcodes_context
        if self._has_window:
            return window_attention(reach)
        band = band_mask(x.shape[1], reach, x.device)
        return lambda q, k, v: banded_attention(q, k, v, band)

    def _record(self, x: Tensor, banded: bool, padded: PaddedMemory) -> _Recorded | None:
        """A graph for this shape; None, and none ever again, where the device refuses it."""
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        held = x.clone()
        attend = self._attend(x, banded)
        graph = torch.cuda.CUDAGraph()
        # The default stream cannot be recorded.
        beside: torch.cuda.Stream = torch.cuda.Stream(x.device)  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream(x.device))
        try:
            with torch.cuda.stream(beside):
                graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
                try:
                    hidden = run_layers(self._network, held, padded, attend, self._gelu)
                finally:
                    graph.capture_end()
        except torch.cuda.OutOfMemoryError:
            self.forget()
            raise
        except RuntimeError as error:  # a kernel of this build that cannot be recorded
            self._records = False
            self.refused = str(error)
            return None
        torch.cuda.current_stream(x.device).wait_stream(beside)
        return _Recorded(graph, held, padded, attend, hidden)


def run_layers(
    network: MagnetTransformer, x: Tensor, memory: PaddedMemory, attend: Attend, gelu: Gelu
) -> Tensor:
    """All layers and the last norm, for inference: ``x`` ``[B, T, dim]`` is overwritten.

    Rows without words need no correction: their values are zero, and so is what is found there.
    """
    n_rows, n_frames, dim = x.shape
    heads = (network.spec.n_heads, network.spec.head_dim)
    stream = x.view(-1, dim)
    told = stream[: memory.n_rows * n_frames]
    for i, layer in enumerate(cast("list[TransformerLayer]", list(network.layers))):
        among, to_text = layer.self_attn, layer.cross_attention
        q, k, v = among.in_proj(layer.norm1(stream)).view(n_rows, n_frames, 3, *heads).unbind(2)
        stream.addmm_(attend(q, k, v).reshape(-1, dim), among.out_proj.weight.t())
        asked = to_text.q_proj(layer.norm_cross(told)).view(memory.n_rows, n_frames, *heads)
        found = functional.scaled_dot_product_attention(
            asked.transpose(1, 2), memory.keys[i], memory.values[i], attn_mask=memory.bias
        )
        told.addmm_(found.transpose(1, 2).reshape(-1, dim), to_text.out_proj.weight.t())
        normed = layer.norm2(stream)
        if gelu == "exact":
            inner = layer.activation(layer.linear1(normed))
        else:
            weight = layer.linear1.weight
            nothing = weight.new_zeros(len(weight))
            inner = torch._addmm_activation(nothing, normed, weight.t(), use_gelu=True)
        stream.addmm_(inner, layer.linear2.weight.t())
    out: Tensor = network.out_norm(stream)
    return out.view_as(x)


def window_attention(reach: int) -> Attend:
    """Attention to ``reach`` frames on each side, by the window of the flash kernel."""

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        n_frames = q.shape[1]
        out: Tensor = torch.ops.aten._flash_attention_forward(
            *(q, k, v, None, None, n_frames, n_frames, 0.0, False, False),
            window_size_left=reach,
            window_size_right=reach,
        )[0]
        return out

    return attend


@torch.inference_mode()
def has_window_attention(network: MagnetTransformer) -> bool:
    """Whether this device and build have the window kernel, and it computes what it should."""
    spec = network.spec
    weight = network.out_norm.weight
    half = weight.dtype in (torch.float16, torch.bfloat16)
    if not weight.is_cuda or not half or spec.subcodes_context < 0:
        return False
    shape = (3, 2, 300, spec.n_heads, spec.head_dim)
    generator = torch.Generator(weight.device).manual_seed(1)
    q, k, v = torch.randn(shape, generator=generator, device=weight.device).to(weight.dtype)
    band = band_mask(shape[2], spec.subcodes_context, weight.device)
    try:
        found = window_attention(spec.subcodes_context)(q, k, v)
    except (RuntimeError, TypeError, AttributeError):  # another build, another signature
        return False
    wanted = banded_attention(q.float(), k.float(), v.float(), band)
    return bool((found.float() - wanted).abs().max() < CLOSE)


def padded_words(memory: TextMemory) -> int:
    """Length of a text's keys once padded."""
    n_words = memory.mask.shape[-1]
    return -(-n_words // WORDS_IN_BLOCK) * WORDS_IN_BLOCK
