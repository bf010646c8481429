"""MusicGen-shaped autoregressive decoding: what MAGNeT is measured against.

A causal transformer of the same shape writes one frame a step: keys and values cached, codebooks
delayed by one frame each (arXiv 2306.05284), guidance in a second row, top-k 250. Three ways to
run it: launched kernel by kernel as everybody does, recorded as a CUDA graph (as fast as such
a loop gets; nobody ships it), and ``transformers``' own MusicGen where that is installed.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from osc_server.magnet.attention import TextMemory
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.transformer import MagnetTransformer, TransformerLayer, sinusoidal_positions

TOP_K = 250
GUIDANCE = 3.0
ALIGNMENT = 16  # of a mask's rows, so that the kernels can take it as it is


class CachedDecoder:
    """Our network's weights in a causal loop over ``n_frames``, for ``batch`` items."""

    def __init__(self, network: MagnetTransformer, batch: int, n_frames: int, n_words: int) -> None:
        """Lay out the caches."""
        spec = network.spec
        weight = network.out_norm.weight
        self._network = network
        self._batch = batch
        self.n_steps = n_frames + spec.n_codebooks - 1
        self._positions = sinusoidal_positions(self.n_steps, spec.dim, weight.device)[0].to(weight)
        room = -(-self.n_steps // ALIGNMENT) * ALIGNMENT
        cache = (spec.n_layers, 2, 2 * batch, spec.n_heads, room, spec.head_dim)
        self._cache = weight.new_zeros(cache)
        self._bias = weight.new_full((1, 1, 1, room), -torch.inf)
        text = torch.randn(batch, n_words, spec.text_dim, device=weight.device).to(weight)
        words = torch.ones(batch, n_words, dtype=torch.bool, device=weight.device)
        self._memory: TextMemory = network.text_memory(text, words)
        self._step = torch.zeros(1, dtype=torch.long, device=weight.device)
        first = (batch, spec.n_codebooks)
        self._codes = torch.full(first, spec.mask_token, device=weight.device)
        self._delays = torch.arange(spec.n_codebooks, device=weight.device)
        self._graph: torch.cuda.CUDAGraph | None = None

    def restart(self) -> None:
        """Begin at frame 0."""
        self._step.zero_()
        self._bias.fill_(-torch.inf)
        self._codes.fill_(self._network.spec.mask_token)

    def _next(self, at: int | None) -> None:
        """One step: draws the next codes, in place. ``at`` None = read the step on the device."""
        spec = self._network.spec
        heads = (spec.n_heads, spec.head_dim)
        x = sum((emb(self._codes[:, k]) for k, emb in enumerate(self._network.emb)))
        x = cast(Tensor, x) + self._positions[self._step]
        x = torch.cat([x, x])
        rows, dim = x.shape
        self._bias.index_fill_(3, self._step, 0)
        for i, layer in enumerate(cast("list[TransformerLayer]", list(self._network.layers))):
            qkv = layer.self_attn.in_proj(layer.norm1(x)).view(rows, 3, *heads)
            q, k, v = (part[:, :, None] for part in qkv.unbind(1))
            keys, values = self._cache[i]
            if at is None:
                keys.index_copy_(2, self._step, k)
                values.index_copy_(2, self._step, v)
                mixed = functional.scaled_dot_product_attention(q, keys, values, self._bias)
            else:
                keys[:, :, at : at + 1] = k
                values[:, :, at : at + 1] = v
                seen = slice(None, at + 1)
                mixed = functional.scaled_dot_product_attention(
                    q, keys[:, :, seen], values[:, :, seen]
                )
            x = x + layer.self_attn.out_proj(mixed.reshape(rows, dim))
            told = x[: self._batch]
            asked = layer.norm_cross(told)[:, None]
            found = layer.cross_attention(asked, self._memory, i)[:, 0]
            x = torch.cat([told + found, x[self._batch :]])
            x = x + layer.linear2(layer.activation(layer.linear1(layer.norm2(x))))
        x = self._network.out_norm(x)
        logits = torch.stack([head(x) for head in self._network.linears], dim=1).float()
        told_logits, null = logits.chunk(2)
        logits = null + (told_logits - null) * GUIDANCE
        drawn = draw_top_k(logits)
        begun = self._delays <= self._step
        self._codes.copy_(torch.where(begun, drawn, spec.mask_token))
        self._step.add_(1)

    @torch.inference_mode()
    def run(self, *, graphed: bool, n_steps: int | None = None) -> None:
        """All frames, or the first ``n_steps``, once."""
        self.restart()
        n_steps = n_steps or self.n_steps
        if not graphed:
            for at in range(n_steps):
                self._next(at)
            return
        if self._graph is None:
            self._next(None)
            torch.cuda.synchronize()
            self._graph = torch.cuda.CUDAGraph()
            self.restart()
            with torch.cuda.graph(self._graph):
                self._next(None)
            self.restart()
        for _ in range(n_steps):
            self._graph.replay()


def draw_top_k(logits: Tensor) -> Tensor:
    """Codes ``[B, K]`` from logits ``[B, K, V]``."""
    top_k = min(TOP_K, logits.shape[-1])
    values, places = logits.softmax(-1).topk(top_k, dim=-1)
    race = values / torch.empty_like(values).exponential_(1)
    return places.gather(-1, race.argmax(-1, keepdim=True))[..., 0]


class TransformersMusicgen:
    """``transformers``' MusicGen decoder of the same shape, random weights, with its own cache."""

    def __init__(
        self, spec: NetworkSpec, batch: int, n_frames: int, n_words: int, like: Tensor
    ) -> None:
        """Build it; raises ImportError where transformers is missing."""
        from transformers import MusicgenDecoderConfig, MusicgenForCausalLM

        config = MusicgenDecoderConfig(
            vocab_size=spec.codebook_size,
            hidden_size=spec.dim,
            num_hidden_layers=spec.n_layers,
            num_attention_heads=spec.n_heads,
            ffn_dim=spec.hidden_scale * spec.dim,
            num_codebooks=spec.n_codebooks,
            max_position_embeddings=n_frames + spec.n_codebooks,
            pad_token_id=spec.codebook_size,
            bos_token_id=spec.codebook_size,
            dropout=0.0,
        )
        with torch.device(like.device):
            self._model: Any = MusicgenForCausalLM(config).to(like.dtype).eval()
        self._batch, self._n_codebooks = batch, spec.n_codebooks
        self._first = torch.full((batch, spec.n_codebooks), spec.codebook_size, device=like.device)
        self._text = torch.randn(2 * batch, n_words, spec.dim, device=like.device).to(like.dtype)
        self.n_steps = n_frames + spec.n_codebooks - 1

    @torch.inference_mode()
    def run(self, *, graphed: bool = False) -> None:
        """All frames, once."""
        past, codes = None, self._first
        for _ in range(self.n_steps):
            out = self._model(
                input_ids=torch.cat([codes, codes]).view(-1, 1),
                encoder_hidden_states=self._text,
                past_key_values=past,
                use_cache=True,
            )
            past = out.past_key_values
            logits = out.logits[:, -1].float().view(2, self._batch, self._n_codebooks, -1)
            codes = draw_top_k(logits[1] + (logits[0] - logits[1]) * GUIDANCE)
