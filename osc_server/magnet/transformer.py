"""The MAGNeT network (arXiv 2401.04577): one form for every checkpoint.

A pre-norm transformer without biases: the summed embeddings of all codebooks, sinusoidal positions
and beat features go in; one linear head per codebook comes out. Stage 0 attends to all frames,
later stages only to the frames nearby. Checkpoints without a tempo input have ``beat_proj`` zero.
"""

from __future__ import annotations

from typing import Protocol, cast

import torch
from torch import Tensor, nn

from osc_server.magnet.attention import (
    CrossAttention,
    NoPast,
    Past,
    SelfAttention,
    TextMemory,
    band_mask,
)
from osc_server.magnet.spec import NetworkSpec

MAX_PERIOD = 10000.0  # of the slowest sinusoidal position, in frames / 2 pi


class LayersRunner(Protocol):
    """Another way to compute what ``MagnetTransformer.hidden`` gives, for inference."""

    def __call__(
        self, x: Tensor, stage: int, memory: TextMemory, frames: Tensor | None = None
    ) -> Tensor:
        """See ``MagnetTransformer.hidden_at``; None asks for all frames in order."""
        ...


class TransformerLayer(nn.Module):
    """Self-attention, attention to the text, feed-forward; each with its norm before it."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.self_attn = SelfAttention(spec.dim, spec.n_heads)
        self.cross_attention = CrossAttention(spec.dim, spec.n_heads)
        self.linear1 = nn.Linear(spec.dim, spec.hidden_scale * spec.dim, bias=False)
        self.activation = nn.GELU()
        self.linear2 = nn.Linear(spec.hidden_scale * spec.dim, spec.dim, bias=False)
        self.norm1 = nn.LayerNorm(spec.dim)
        self.norm_cross = nn.LayerNorm(spec.dim)
        self.norm2 = nn.LayerNorm(spec.dim)

    def forward(
        self,
        x: Tensor,
        band: Tensor | None,
        memory: TextMemory,
        layer: int,
        past: Past | None = None,
    ) -> Tensor:
        """``[B, T, dim]`` to the same; ``memory`` is for all layers, this one is ``layer``.

        Rows of ``x`` beyond those of ``memory`` have no text: the null rows of guidance. With
        ``past``, no frame attends to a later one.
        """
        x = x + self.self_attn(self.norm1(x), band, past, layer)
        told = x[: memory.n_rows]
        told = told + self.cross_attention(self.norm_cross(told), memory, layer)
        x = told if len(told) == len(x) else torch.cat([told, x[len(told) :]])
        out: Tensor = x + self.linear2(self.activation(self.linear1(self.norm2(x))))
        return out


class MagnetTransformer(nn.Module):
    """The network. ``forward`` is for training; decoding calls its parts.

    Weights of a new network are drawn from a normal distribution of deviation 1/sqrt(fan in), cut
    at three deviations, layers scaled down with depth.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        n_inputs = spec.codebook_size + 1  # the codes and the mask token
        self.emb = nn.ModuleList(nn.Embedding(n_inputs, spec.dim) for _ in range(spec.n_codebooks))
        self.text_proj = nn.Linear(spec.text_dim, spec.dim)
        self.beat_proj = nn.Linear(spec.n_beat_features, spec.dim, bias=False)
        self.layers = nn.ModuleList(TransformerLayer(spec) for _ in range(spec.n_layers))
        self.out_norm = nn.LayerNorm(spec.dim)
        self.linears = nn.ModuleList(
            nn.Linear(spec.dim, spec.codebook_size, bias=False) for _ in range(spec.n_codebooks)
        )
        self.faster: LayersRunner | None = None
        if not self.out_norm.weight.is_meta:
            self._init_weights()

    def forward(
        self,
        codes: Tensor,
        stage: int,
        text: Tensor,
        text_mask: Tensor,
        beat: Tensor | None = None,
    ) -> Tensor:
        """Logits of one codebook for all frames.

        Args:
            codes: ``[B, K, T]`` long, with ``spec.mask_token`` where nothing is decided.
            stage: the codebook to predict, 0..K-1.
            text: states ``[B, L, text_dim]``, L may be 0.
            text_mask: bool ``[B, L]``, True = a word; an all-False row is the null condition.
            beat: features ``[B, T, F]``, or None for no tempo.

        Returns:
            ``[B, T, V]``.
        """
        x = self.embed(codes, self.frame_inputs(codes.shape[-1], beat))
        return self.head(self.hidden(x, stage, self.text_memory(text, text_mask)), stage)

    def causal_logits(
        self, inputs: Tensor, text: Tensor, text_mask: Tensor, beat: Tensor | None = None
    ) -> Tensor:
        """Logits of all codebooks where no step sees a later one: the autoregressive companion.

        Args:
            inputs: ``[B, K, S]`` from ``delay_pattern.delayed_inputs``.
            text: states ``[B, L, text_dim]``, L may be 0.
            text_mask: bool ``[B, L]``.
            beat: features of frames 0..S-1, ``[B, S, F]``, or None for no tempo. Their last
                column, which tells this mode from the masked one, is set to 1 here.

        Returns:
            ``[B, K, S, V]``; those of codebook k at step s are for frame s - k.
        """
        x = self.embed(inputs, self.frame_inputs(inputs.shape[-1], self.causal_beat(inputs, beat)))
        hidden = self.causal_hidden(x, self.text_memory(text, text_mask), NoPast())
        return torch.stack([self.head(hidden, k) for k in range(self.spec.n_codebooks)], dim=1)

    def causal_beat(self, inputs: Tensor, beat: Tensor | None) -> Tensor:
        """Beat features ``[B, S, F]`` of the causal mode: as given, or zeros; the last column 1."""
        shape = (inputs.shape[0], inputs.shape[-1], self.spec.n_beat_features)
        weight = self.beat_proj.weight
        features = weight.new_zeros(shape) if beat is None else beat.to(weight.dtype).clone()
        features[..., -1] = 1
        return features

    def causal_hidden(self, x: Tensor, memory: TextMemory, past: Past) -> Tensor:
        """As ``hidden``, where no step attends to a later one; ``past`` holds those before."""
        for i, layer in enumerate(self._layers()):
            x = layer(x, None, memory, i, past)
        normed: Tensor = self.out_norm(x)
        return normed

    def text_memory(self, text: Tensor, text_mask: Tensor) -> TextMemory:
        """Keys and values of the text for all layers; arguments as in ``forward``."""
        if text.shape[1] == 0:
            text = text.new_zeros(text.shape[0], 1, text.shape[2])
            text_mask = text_mask.new_zeros(text.shape[0], 1)
        projected = self.text_proj(text.to(self.text_proj.weight.dtype)) * text_mask[..., None]
        pairs = [layer.cross_attention.memory(projected) for layer in self._layers()]
        has_text = text_mask.any(dim=1)
        mask = (text_mask | ~has_text[:, None])[:, None, None, :]
        return TextMemory(
            keys=[keys for keys, _ in pairs],
            values=[values for _, values in pairs],
            mask=mask,
            has_text=has_text[:, None, None].to(projected.dtype),
        )

    def frame_inputs(self, n_frames: int, beat: Tensor | None) -> Tensor:
        """What the network is told of each frame beside its codes, ``[1 or B, T, dim]``."""
        weight = self.beat_proj.weight
        positions = sinusoidal_positions(n_frames, self.spec.dim, weight.device).to(weight.dtype)
        return positions if beat is None else positions + self.beat_proj(beat.to(weight.dtype))

    def embed(self, codes: Tensor, frame_inputs: Tensor) -> Tensor:
        """Codes ``[B, K, T]`` to the residual stream ``[B, T, dim]``."""
        return sum((emb(codes[:, k]) for k, emb in enumerate(self.emb)), frame_inputs)

    def hidden(self, x: Tensor, stage: int, memory: TextMemory) -> Tensor:
        """All layers: ``[B, T, dim]`` to the same, normed; ready for ``head``.

        Runs ``faster`` where there is one: another way to compute the same, for inference.
        """
        if self.faster is not None:
            return self.faster(x, stage, memory)
        reach = self.spec.subcodes_context
        is_banded = stage > 0 and reach >= 0
        band = band_mask(x.shape[1], reach, x.device) if is_banded else None
        for i, layer in enumerate(self._layers()):
            x = layer(x, band, memory, i)
        normed: Tensor = self.out_norm(x)
        return normed

    def hidden_at(self, x: Tensor, stage: int, memory: TextMemory, frames: Tensor) -> Tensor:
        """What ``hidden`` gives for some frames ``[B, N]``: ``[B, N, dim]``."""
        if self.faster is not None:
            return self.faster(x, stage, memory, frames)
        hidden = self.hidden(x, stage, memory)
        return hidden.gather(1, frames[..., None].expand(-1, -1, hidden.shape[-1]))

    def head(self, hidden: Tensor, stage: int) -> Tensor:
        """Logits ``[..., V]`` of the codebook of ``stage`` from ``[..., dim]``."""
        logits: Tensor = self.linears[stage](hidden)
        return logits

    def _layers(self) -> list[TransformerLayer]:
        return cast("list[TransformerLayer]", list(self.layers))

    def _init_weights(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                fan_in = module.weight.shape[1]
                _init_normal(module.weight, fan_in**-0.5)
                if isinstance(module, nn.Linear) and module.bias is not None:
                    nn.init.zeros_(module.bias)
        for depth, layer in enumerate(self._layers(), start=1):
            for output in (layer.self_attn.out_proj, layer.cross_attention.out_proj, layer.linear2):
                _init_normal(output.weight, (2 * depth * output.weight.shape[1]) ** -0.5)


def sinusoidal_positions(n_frames: int, dim: int, device: torch.device) -> Tensor:
    """Positions ``[1, T, dim]`` float32: cosines, then sines, of geometrically spaced periods."""
    half = dim // 2
    exponents = torch.arange(half, device=device, dtype=torch.float32) / max(half - 1, 1)
    frames = torch.arange(n_frames, device=device, dtype=torch.float32)[:, None]
    phase = frames / MAX_PERIOD**exponents
    return torch.cat([phase.cos(), phase.sin()], dim=-1)[None]


def _init_normal(weight: Tensor, deviation: float) -> None:
    nn.init.trunc_normal_(weight, std=deviation, a=-3 * deviation, b=3 * deviation)
