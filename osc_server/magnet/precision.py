"""How a network computes where it is: the precision of its products, and the fastest way there."""

from __future__ import annotations

from typing import Literal

import torch

from osc_server.magnet.allocation import keep_freed_memory
from osc_server.magnet.graphed import GraphedLayers
from osc_server.magnet.packed import Packing, can_pack, has_fast_bfloat16, has_fast_int8, pack
from osc_server.magnet.reused import ReusingLayers
from osc_server.magnet.transformer import MagnetTransformer

Precision = Literal["auto", "float32", "bfloat16", "float16", "int8"]
"""Of the network's products. ``auto`` is float16 on a GPU, as published, and bfloat16 on a CPU that
has it, float32 on one that has not."""

_ON_GPU = {"auto": torch.float16, "float32": torch.float32, "bfloat16": torch.bfloat16}


def stored_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """What weights are loaded as: float32 on CPU, where ``hasten`` rounds the products alone."""
    if device.type == "cpu":
        return torch.float32
    return _ON_GPU.get(precision, torch.float16)


def hasten(network: MagnetTransformer, precision: Precision, device: torch.device) -> Precision:
    """Make a loaded network as fast as it gets on its device, for inference alone.

    Args:
        network: in eval mode, its weights in ``stored_dtype``.
        precision: what is asked for. A processor that would have to emulate it takes the next
            better one; a GPU takes int8 for float16.
        device: where the network is.

    Returns:
        What it computes in now.
    """
    if device.type == "cuda":
        network.faster = GraphedLayers(network)
    if device.type != "cpu":
        return "float16" if precision in ("auto", "int8") else precision
    keep_freed_memory()
    chosen = _on_cpu(precision)
    if can_pack():
        pack(network, chosen)
    network.faster = ReusingLayers(network)
    return chosen


def _on_cpu(precision: Precision) -> Packing:
    if precision == "int8" and has_fast_int8():
        return "int8"
    if precision in ("auto", "bfloat16", "int8") and has_fast_bfloat16():
        return "bfloat16"
    return "float32"
