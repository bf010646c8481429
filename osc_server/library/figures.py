"""What a model's files say of it, without loading it: rate, window, memory, and what it needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from osc_server.contract.errors import ModelUnavailable
from osc_server.library.catalogue import PARTS, short_name
from osc_server.magnet.headers import CODEC_FILE, NETWORK_FILE, Header, read_header

CODEC_RATES_HZ = {"encodec_32khz": 32000, "encodec_24khz": 24000, "encodec_16khz": 16000}
_WORKER_BYTES = 650_000_000
"""Of a worker process with nothing in it but its libraries, and of its working memory."""
_MAX_CONFIG_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Figures:
    """What a model folder says of itself.

    Attributes:
        rate_hz: its own sample rate; 0 = unknown.
        window_seconds: the longest it makes at once.
        takes_tempo: whether it was trained with beat features.
        licence: as its configuration says; empty where it does not.
        n_weights: numbers of its network.
        codec_weights: numbers of its codec; 0 where it lies elsewhere.
        text_encoder: name of the text encoder that it needs; empty for one of its own.
        codec: name of the codec that it needs; empty where it holds its own.
    """

    rate_hz: int
    window_seconds: float
    takes_tempo: bool
    licence: str
    n_weights: int
    codec_weights: int
    text_encoder: str = ""
    codec: str = ""


def read_figures(folder: Path) -> Figures:
    """Read what the two files of a model say.

    Raises:
        ModelUnavailable: one is missing, damaged, hostile, or not in the official format.
    """
    network = read_header(folder / NETWORK_FILE)
    if network.pretrained:
        raise ModelUnavailable(f"{folder / NETWORK_FILE} only points to {network.pretrained}")
    codec = read_header(folder / CODEC_FILE)
    cfg = network.cfg
    has_t5 = cfg.text("conditioners.description.model", "") == "t5"
    return Figures(
        rate_hz=_rate_of(network, codec),
        window_seconds=cfg.number("dataset.segment_duration", 0.1, 3600),
        takes_tempo="beat_proj.weight" in network.tensors,
        licence=cfg.text("licence", ""),
        n_weights=network.n_weights,
        codec_weights=codec.n_weights,
        text_encoder=cfg.text("conditioners.description.t5.name", "") if has_t5 else "",
        codec=codec.pretrained,
    )


def memory_bytes(n_weights: int, part_weights: int, device: str) -> int:
    """What a model takes when it is loaded, estimated.

    Args:
        n_weights: of its network, in half precision on a GPU and in single precision on CPU.
        part_weights: of codec and text encoder, in single precision.
        device: ``cpu``, ``cuda`` or ``mps``.
    """
    item_bytes = 4 if device == "cpu" else 2
    return _WORKER_BYTES + item_bytes * n_weights + 4 * part_weights


def part_weights(name: str, folder: Path | None) -> int:
    """Numbers of a text encoder or codec, as published or from its folder; 0 = unknown."""
    known = PARTS.get(short_name(name))
    if known is not None:
        return known.n_weights
    config = _read_config(folder) if folder is not None else {}
    if "d_model" not in config:
        return 0
    dim, depth = config["d_model"], config.get("num_layers", 0)
    attention = 4 * dim * config.get("num_heads", 0) * config.get("d_kv", 0)
    return config.get("vocab_size", 0) * dim + depth * (attention + 3 * dim * config.get("d_ff", 0))


def _rate_of(network: Header, codec: Header) -> int:
    if codec.pretrained:
        known = CODEC_RATES_HZ.get(short_name(codec.pretrained))
        return known or network.cfg.integer("sample_rate", 0, 384000, 0)
    return codec.cfg.integer("sample_rate", 0, 384000, 0)


def _read_config(folder: Path) -> dict[str, int]:
    """The whole numbers of a ``config.json``; none where it cannot be read."""
    path = folder / "config.json"
    try:
        if path.stat().st_size > _MAX_CONFIG_BYTES:
            return {}
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {name: value for name, value in content.items() if type(value) is int and value >= 0}
