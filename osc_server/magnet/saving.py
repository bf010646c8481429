"""Saving a trained model as a folder in the official format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from osc_server.magnet.conditioning import HashedTextConditioner
from osc_server.magnet.official_format import (
    CONDITIONER_PREFIX,
    decoding_to_cfg,
    official_names,
    spec_to_cfg,
)
from osc_server.magnet.spectral_codec import SpectralCodec
from osc_server.magnet.state_files import CODEC_FILE, NETWORK_FILE, write_state_file
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import Decoding


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model's files say beside its weights.

    Attributes:
        window_seconds: the longest that it was trained to generate.
        decoding: how its codes are best drawn.
        licence: of the weights.
        span: frames in a span in training.
        companion: whether the network was trained to be its own autoregressive companion too.
    """

    window_seconds: float
    decoding: Decoding
    licence: str
    span: int = 3
    companion: bool = False


def save_folder(
    folder: Path,
    network: MagnetTransformer,
    conditioner: HashedTextConditioner,
    codec: SpectralCodec,
    facts: ModelFacts,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Save a model with its own conditioner and codec, so that ``load_checkpoint`` reads it.

    Args:
        folder: made where it is missing; files in it are replaced, each whole or not at all.
        network: the transformer.
        conditioner: its text conditioner.
        codec: its codec.
        facts: what else the files say.
        dtype: that weights are stored in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cfg = {
        "licence": facts.licence,
        "sample_rate": codec.sample_rate_hz,
        "channels": 1,
        "dataset": {"segment_duration": facts.window_seconds},
        "masking": {"span_len": facts.span},
        "conditioners": {
            "description": {
                "model": "hashed",
                "hashed": {"dim": conditioner.dim, "n_buckets": conditioner.n_buckets},
            }
        },
        "transformer_lm": spec_to_cfg(network.spec),
        "decoding": decoding_to_cfg(facts.decoding),
    }
    if facts.companion:
        cfg["companion"] = "shared"
    tensors = official_names(network.state_dict())
    tensors |= {CONDITIONER_PREFIX + k: v for k, v in conditioner.state_dict().items()}
    for name, section, state in (
        (NETWORK_FILE, cfg, tensors),
        (CODEC_FILE, codec.config(), codec.state_dict()),
    ):
        stored = {key: tensor.to(dtype) for key, tensor in state.items()}
        write_state_file(folder / name, section, stored)
