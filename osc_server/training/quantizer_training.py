"""Learning the codebooks: k-means at the start, then moving averages; unused codes are reseeded."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from osc_server.magnet.vector_quantizer import ResidualVectorQuantizer, nearest

DECAY = 0.99
DEAD_BELOW = 0.1
"""A code used less than this many times per batch (moving average) is moved to a random latent."""


def k_means(vectors: Tensor, n_centres: int, rounds: int, generator: torch.Generator) -> Tensor:
    """Centres ``[n_centres, D]`` of vectors ``[N, D]``; an empty cluster moves to a random one."""
    n_vectors = vectors.shape[0]

    def draw(count: int) -> Tensor:
        index = torch.randint(n_vectors, (count,), generator=generator)
        return vectors[index.to(vectors.device)]

    centres = draw(n_centres)
    for _ in range(rounds):
        index = nearest(vectors, centres)
        counts = torch.bincount(index, minlength=n_centres).to(vectors.dtype)
        sums = torch.zeros_like(centres).index_add_(0, index, vectors)
        centres = torch.where(
            counts[:, None] > 0, sums / counts[:, None].clamp(min=1), draw(n_centres)
        )
    return centres


class QuantizerTraining:
    """Holds the moving averages of a quantiser's codebooks while it is trained."""

    def __init__(self, quantizer: ResidualVectorQuantizer) -> None:
        self.quantizer = quantizer
        books = quantizer.codebooks
        self.counts = torch.ones(books.shape[:2], device=books.device)
        self.sums = books.clone()

    def initialise(self, latents: Tensor, generator: torch.Generator) -> None:
        """Set every codebook by k-means on what the ones before leave of latents ``[N, D]``."""
        residual = latents.float()
        for k, book in enumerate(self.quantizer.codebooks):
            book.copy_(k_means(residual, book.shape[0], 12, generator))
            residual = residual - book[nearest(residual, book)]
            self.counts[k] = 1.0
            self.sums[k] = book

    def quantise(
        self, latents: Tensor, depth: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Quantise ``[B, T, D]`` with the gradient passed straight through, and learn from it.

        Args:
            latents: what the encoder made.
            depth: ``[B]`` codebooks to use per item, so that the first alone can be decoded.
            generator: draws the reseeded codes.

        Returns:
            Quantised latents and the commitment loss.
        """
        residual = latents.detach().float()
        total = torch.zeros_like(residual)
        commitment = latents.new_zeros((), dtype=torch.float32)
        for k, book in enumerate(self.quantizer.codebooks):
            index = nearest(residual, book)
            chosen = book[index]
            self._learn(k, residual.flatten(0, 1), index.flatten(), generator)
            used = (depth > k)[:, None, None]
            total = total + chosen * used
            residual = residual - chosen
            target = (latents.float() - residual).detach()
            commitment = commitment + functional.mse_loss(latents.float(), target)
        return latents + (total - latents).detach(), commitment / len(self.quantizer.codebooks)

    @torch.no_grad()
    def _learn(self, k: int, vectors: Tensor, index: Tensor, generator: torch.Generator) -> None:
        book = self.quantizer.codebooks[k]
        counts = torch.bincount(index, minlength=book.shape[0]).float()
        sums = torch.zeros_like(book).index_add_(0, index, vectors)
        self.counts[k].lerp_(counts, 1 - DECAY)
        self.sums[k].lerp_(sums, 1 - DECAY)
        fresh = vectors[
            torch.randint(vectors.shape[0], (book.shape[0],), generator=generator).to(book.device)
        ]
        dead = (self.counts[k] < DEAD_BELOW)[:, None]
        self.sums[k] = torch.where(dead, fresh, self.sums[k])
        self.counts[k] = torch.where(dead[:, 0], 1.0, self.counts[k])
        book.copy_(self.sums[k] / self.counts[k][:, None])

    def state(self) -> dict[str, Tensor]:
        """For a checkpoint."""
        return {"counts": self.counts, "sums": self.sums}

    def load(self, state: dict[str, Tensor]) -> None:
        """From a checkpoint."""
        self.counts.copy_(state["counts"])
        self.sums.copy_(state["sums"])
