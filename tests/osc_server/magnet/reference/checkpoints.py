"""Checkpoints in the official format, of any size, whose weights follow from a seed alone."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from osc_server.magnet.official_format import read_spec, split_weights
from osc_server.magnet.state_files import NETWORK_FILE
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.magnet.xp_config import XpConfig
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER

TEXT_DIM = 32  # of the golden text encoder
FRAME_RATE = 50


@dataclass(frozen=True)
class Sizes:
    """What a checkpoint is drawn from.

    Attributes:
        sharpness: factor of the heads' weights: at 1 all codes are about equally likely, at 20 many
            probabilities are exactly 1, so that scores are equal.
    """

    dim: int = 48
    n_heads: int = 4
    n_layers: int = 2
    card: int = 40
    n_codebooks: int = 4
    span: int = 3
    context: int = 5
    hidden_scale: int = 4
    sharpness: float = 2.0
    seed: int = 1


def make_content(sizes: Sizes) -> dict[str, Any]:
    """What ``state_dict.bin`` holds: the golden xp.cfg with other sizes, and random weights."""
    golden = torch.load(GOLDEN_FOLDER / "checkpoint" / NETWORK_FILE, weights_only=True)
    cfg = copy.deepcopy(yaml.safe_load(golden["xp.cfg"]))
    cfg["transformer_lm"] |= {
        "dim": sizes.dim,
        "num_heads": sizes.n_heads,
        "num_layers": sizes.n_layers,
        "hidden_scale": sizes.hidden_scale,
        "n_q": sizes.n_codebooks,
        "card": sizes.card,
        "subcodes_context": sizes.context,
    }
    cfg["masking"]["span_len"] = sizes.span
    cfg["dataset"]["segment_duration"] = 10
    return {"best_state": _weights(sizes), "xp.cfg": yaml.safe_dump(cfg)}


def build_network(content: dict[str, Any]) -> MagnetTransformer:
    """Our network with the weights of a checkpoint."""
    weights, _ = split_weights(content["best_state"])
    spec = read_spec(XpConfig.parse(content["xp.cfg"], "reference case"), weights)
    network = MagnetTransformer(spec).eval().requires_grad_(False)
    no_tempo = {"beat_proj.weight": torch.zeros(spec.dim, spec.n_beat_features)}
    network.load_state_dict(weights | no_tempo)
    return network


def write_checkpoint(folder: Path, content: dict[str, Any]) -> Path:
    """Write the network's file alone, the codec is not needed."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(content, folder / NETWORK_FILE)
    return folder


def _weights(sizes: Sizes) -> dict[str, Tensor]:
    # NumPy's, since torch draws other numbers on other processors.
    generator = np.random.default_rng(sizes.seed)

    def normal(*shape: int, scale: float = 1.0) -> Tensor:
        values = generator.standard_normal(shape) * (scale * shape[-1] ** -0.5)
        return torch.from_numpy(values.astype(np.float32))

    dim, hidden = sizes.dim, sizes.hidden_scale * sizes.dim
    description = "condition_provider.conditioners.description.output_proj"
    weights = {
        f"{description}.weight": normal(dim, TEXT_DIM),
        f"{description}.bias": 0.1 * normal(1, dim)[0],
    }
    for k in range(sizes.n_codebooks):
        weights[f"emb.{k}.weight"] = normal(sizes.card + 1, dim, scale=dim**0.5 / 2)
        weights[f"linears.{k}.weight"] = normal(sizes.card, dim, scale=sizes.sharpness)
    for i in range(sizes.n_layers):
        layer = f"transformer.layers.{i}"
        for attention in ("self_attn", "cross_attention"):
            weights[f"{layer}.{attention}.in_proj_weight"] = normal(3 * dim, dim, scale=1.5)
            weights[f"{layer}.{attention}.out_proj.weight"] = normal(dim, dim)
        weights[f"{layer}.linear1.weight"] = normal(hidden, dim)
        weights[f"{layer}.linear2.weight"] = normal(dim, hidden)
        for norm in ("norm1", "norm_cross", "norm2"):
            weights |= _norm(f"{layer}.{norm}", normal(2, dim))
    return weights | _norm("out_norm", normal(2, dim))


def _norm(name: str, values: Tensor) -> dict[str, Tensor]:
    return {f"{name}.weight": 1 + 0.3 * values[0], f"{name}.bias": 0.3 * values[1]}
