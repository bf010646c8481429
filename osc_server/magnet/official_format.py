"""The official format's own words: names of weights, and what its xp.cfg calls things."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import torch
from torch import Tensor

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.beat import CAUSAL_COLUMN, N_BEAT_FEATURES
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.xp_config import XpConfig
from osc_server.rendering.plan import Decoding

CONDITIONER_PREFIX = "condition_provider.conditioners.description."
_TEXT_PROJECTION = CONDITIONER_PREFIX + "output_proj."
_CROSS_IN = re.compile(r"(layers\.\d+\.cross_attention)\.in_proj_weight")


def split_weights(
    tensors: Mapping[str, Tensor],
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Official names to those of ``MagnetTransformer``, and the conditioner's own weights apart."""
    network: dict[str, Tensor] = {}
    conditioner: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.startswith(CONDITIONER_PREFIX) and not name.startswith(_TEXT_PROJECTION):
            conditioner[name.removeprefix(CONDITIONER_PREFIX)] = tensor
            continue
        ours = name.replace(_TEXT_PROJECTION, "text_proj.").removeprefix("transformer.")
        if (match := _CROSS_IN.fullmatch(ours)) and tensor.dim() == 2:
            dim = tensor.shape[0] // 3
            network[f"{match[1]}.q_proj.weight"] = tensor[:dim]
            network[f"{match[1]}.kv_proj.weight"] = tensor[dim:]
        else:
            network[ours.replace(".in_proj_weight", ".in_proj.weight")] = tensor
    return network, conditioner


def official_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of ``split_weights`` for a network's state dict."""
    official: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        theirs = f"transformer.{name}" if name.startswith("layers.") else name
        theirs = theirs.replace("text_proj.", _TEXT_PROJECTION)
        if theirs.endswith("cross_attention.q_proj.weight"):
            both = [tensor, weights[name.replace("q_proj", "kv_proj")]]
            theirs, tensor = theirs.replace(".q_proj.", ".in_proj."), torch.cat(both)
        if not theirs.endswith("cross_attention.kv_proj.weight"):
            official[theirs.replace(".in_proj.weight", ".in_proj_weight")] = tensor
    return official


def read_spec(cfg: XpConfig, weights: Mapping[str, Tensor]) -> NetworkSpec:
    """The sizes that xp.cfg states, and the text width that only the weights tell.

    Raises:
        ModelUnavailable: the network is not of the one form, or a size is out of range.
    """
    for path, wanted in (
        ("transformer_lm.norm_first", True),
        ("transformer_lm.activation", "gelu"),
        ("transformer_lm.positional_embedding", "sin"),
        ("transformer_lm.causal", False),
        ("codebooks_pattern.modeling", "parallel"),
        ("interleave_stereo_codebooks.use", False),
    ):
        cfg.expect(path, wanted)
    projection = weights.get("text_proj.weight")
    if projection is None or projection.dim() != 2:
        raise ModelUnavailable(
            f"{cfg.source}: it has no text projection: not a text-to-music model"
        )
    # Fewer columns than today's are those of an earlier version, and are filled up with zeros.
    cfg.integer("transformer_lm.n_beat_features", CAUSAL_COLUMN, N_BEAT_FEATURES, N_BEAT_FEATURES)
    try:
        return NetworkSpec(
            dim=cfg.integer("transformer_lm.dim", 2, 16384),
            n_heads=cfg.integer("transformer_lm.num_heads", 1, 256),
            n_layers=cfg.integer("transformer_lm.num_layers", 1, 256),
            codebook_size=cfg.integer("transformer_lm.card", 2, 65536),
            n_codebooks=cfg.integer("transformer_lm.n_q", 1, 32),
            text_dim=projection.shape[1],
            subcodes_context=cfg.integer("transformer_lm.subcodes_context", -1, 10000),
            hidden_scale=cfg.integer("transformer_lm.hidden_scale", 1, 64),
        )
    except ValueError as error:
        raise ModelUnavailable(f"{cfg.source}: {error}") from error


def spec_to_cfg(spec: NetworkSpec) -> dict[str, Any]:
    """Section ``transformer_lm`` in the words of the official format."""
    return {
        "dim": spec.dim,
        "num_heads": spec.n_heads,
        "num_layers": spec.n_layers,
        "hidden_scale": spec.hidden_scale,
        "n_q": spec.n_codebooks,
        "card": spec.codebook_size,
        "subcodes_context": spec.subcodes_context,
        "n_beat_features": spec.n_beat_features,
        "norm_first": True,
        "activation": "gelu",
        "positional_embedding": "sin",
        "causal": False,
    }


def read_decoding(cfg: XpConfig, n_codebooks: int) -> Decoding:
    """How a model's codes are best drawn, as its own configuration says.

    Our own checkpoints have a section ``decoding``. The official ones have ``generate.lm``: what
    their authors evaluated them with. The reference's interface ignores it and draws from all of
    them alike, which is not how the sound models (temperature 3.5, top-p 0.8, guidance 20) and the
    30-second models (60 steps for the first codebook) were meant. A checkpoint with neither gets
    the reference's values.
    """
    section = cfg.get("decoding") or _as_evaluated(cfg, n_codebooks)
    known = {field.name for field in fields(Decoding)}
    if not isinstance(section, Mapping) or not section.keys() <= known:
        raise ModelUnavailable(f"{cfg.source}: xp.cfg: decoding has names other than {known}")
    values: dict[str, Any] = dict(section)
    checked = XpConfig({"decoding": values}, cfg.source)
    for name, low, high in (
        ("temperature", 0.01, 10),
        ("top_p", 0, 1),
        ("guidance_max", 0, 30),
        ("guidance_min", 0, 30),
    ):
        if name in values:
            values[name] = checked.number(f"decoding.{name}", low, high)
    if "top_k" in values:
        values["top_k"] = checked.integer("decoding.top_k", 0, 65536)
    if "guided_codebooks" in values:
        n_guided = checked.integer("decoding.guided_codebooks", 0, n_codebooks)
        values["guided_codebooks"] = n_guided
    steps = values.get("steps", [20, *[10] * (n_codebooks - 1)])
    whole = isinstance(steps, list) and all(type(n) is int and 1 <= n <= 500 for n in steps)
    if not whole or len(steps) != n_codebooks:
        raise ModelUnavailable(f"{cfg.source}: xp.cfg: decoding.steps needs {n_codebooks} numbers")
    defaults = Decoding(**(values | {"steps": tuple(steps)}))
    if defaults.span not in ("nonoverlap", "stride1") or defaults.scoring not in ("max", "prod"):
        raise ModelUnavailable(f"{cfg.source}: xp.cfg: decoding.span or scoring is not known")
    return defaults


def _as_evaluated(cfg: XpConfig, n_codebooks: int) -> dict[str, Any]:
    """Section ``generate.lm`` in our words; empty where it is not one of MAGNeT."""
    steps = cfg.get("generate.lm.decoding_steps")
    if not isinstance(steps, list) or len(steps) < n_codebooks:
        return {}
    found: dict[str, Any] = {"steps": steps[:n_codebooks]}
    for ours, theirs in (
        ("temperature", "temp"),
        ("top_p", "top_p"),
        ("top_k", "top_k"),
        ("guidance_max", "max_cfg_coef"),
        ("guidance_min", "min_cfg_coef"),
        ("span", "span_arrangement"),
        ("scoring", "span_scoring"),
        ("anneal_temperature", "anneal_temp"),
    ):
        value = cfg.get(f"generate.lm.{theirs}")
        if value is not None:
            found[ours] = value
    found["greedy"] = cfg.get("generate.lm.use_sampling", True) is False
    return found


def decoding_to_cfg(decoding: Decoding) -> dict[str, Any]:
    """Section ``decoding``, which only our own checkpoints have."""
    return asdict(decoding) | {"steps": list(decoding.steps)}
