"""The size of a MAGNeT network: all that fixes the shapes of its weights."""

from __future__ import annotations

from dataclasses import dataclass

from osc_server.magnet.beat import N_BEAT_FEATURES


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Shapes of one network (arXiv 2401.04577, section 3).

    Attributes:
        dim: width of the residual stream, d.
        n_heads: attention heads; divides ``dim``.
        n_layers: transformer blocks.
        codebook_size: codes in one codebook, V; the mask token is code V.
        n_codebooks: codebooks of the codec, K; each is decoded in one stage.
        text_dim: width of the text encoder's states, D.
        subcodes_context: frames that attention reaches on each side after the first codebook; -1 =
            all of them.
        n_beat_features: columns of the beat features, F.
        hidden_scale: width of the feed-forward layer as a multiple of ``dim``.
    """

    dim: int
    n_heads: int
    n_layers: int
    codebook_size: int = 2048
    n_codebooks: int = 4
    text_dim: int = 768
    subcodes_context: int = 5
    n_beat_features: int = N_BEAT_FEATURES
    hidden_scale: int = 4

    def __post_init__(self) -> None:
        sizes = (self.dim, self.n_heads, self.n_layers, self.codebook_size, self.n_codebooks)
        if min(*sizes, self.text_dim, self.hidden_scale, self.subcodes_context + 2) < 1:
            raise ValueError("every size of a network is at least 1")
        if self.dim % self.n_heads or self.dim % 2:
            raise ValueError(f"dim {self.dim} must be even and a multiple of {self.n_heads} heads")

    @property
    def mask_token(self) -> int:
        """The code that stands for "not decided yet": one past the last real code."""
        return self.codebook_size

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.dim // self.n_heads
