"""Small models with random weights, for tests: as files in the official format, and as networks."""

from __future__ import annotations

from pathlib import Path

import torch

from osc_server.magnet.conditioning import HashedTextConditioner
from osc_server.magnet.saving import ModelFacts, save_folder
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.spectral_codec import SpectralCodec, SpectralCodecSpec
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import Decoding

TINY = NetworkSpec(dim=32, n_heads=2, n_layers=2, codebook_size=16, text_dim=8)
TINY_CODEC = SpectralCodecSpec(
    analysis_size=1280,
    latent_dim=4,
    encoder_dim=8,
    encoder_hidden=8,
    encoder_layers=1,
    decoder_dim=8,
    decoder_hidden=8,
    decoder_layers=1,
    codebook_size=TINY.codebook_size,
)
TINY_DECODING = Decoding(temperature=2.0, guidance_max=3.0, steps=(4, 2, 2, 2))
TINY_WINDOW_FRAMES = 100


def tiny_network(spec: NetworkSpec = TINY, seed: int = 1) -> MagnetTransformer:
    """A network whose weights are drawn from ``seed``, in eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MagnetTransformer(spec).eval().requires_grad_(False)


def write_tiny_model(folder: Path, seed: int = 1) -> Path:
    """Write a model that takes tempo, of the same kind as the embedded one, in milliseconds."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        save_folder(
            folder,
            MagnetTransformer(TINY),
            HashedTextConditioner(dim=TINY.text_dim, n_buckets=64),
            SpectralCodec(TINY_CODEC),
            ModelFacts(
                window_seconds=TINY_WINDOW_FRAMES / 50, decoding=TINY_DECODING, licence="MIT"
            ),
            dtype=torch.float32,
        )
    return folder
