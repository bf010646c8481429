"""Residual vector quantisation (SoundStream, arXiv 2107.03312): each codebook codes the rest."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def nearest(vectors: Tensor, codebook: Tensor) -> Tensor:
    """Index of the nearest entry: vectors ``[..., D]``, codebook ``[V, D]`` to ``[...]``."""
    # |v - c|^2 without |v|^2, which is the same for every entry.
    scores = vectors @ codebook.T - codebook.square().sum(-1) / 2
    return scores.argmax(-1)


class ResidualVectorQuantizer(nn.Module):
    """K codebooks of V entries; ``codebooks`` is a buffer ``[K, V, D]`` that training fills."""

    codebooks: Tensor

    def __init__(self, n_codebooks: int, codebook_size: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("codebooks", torch.zeros(n_codebooks, codebook_size, dim))

    def encode(self, latents: Tensor) -> Tensor:
        """Latents ``[B, T, D]`` to codes ``[B, K, T]``."""
        residual, codes = latents.float(), []
        for codebook in self.codebooks:
            index = nearest(residual, codebook)
            residual = residual - codebook[index]
            codes.append(index)
        return torch.stack(codes, dim=1)

    def decode(self, codes: Tensor) -> Tensor:
        """Codes ``[B, k, T]``, k ≤ K, to latents ``[B, T, D]``."""
        books = self.codebooks[: codes.shape[1]]
        return torch.stack([book[codes[:, k]] for k, book in enumerate(books)]).sum(0)
