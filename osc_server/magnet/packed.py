"""Faster linear layers on CPU: weights laid out once for oneDNN.

PyTorch sends a float32 product to MKL, which on AMD processors reaches less than half of what
oneDNN does with the same instructions (measured on Zen 5: 104 and 242 GFLOP/s a core; bfloat16,
480). The operator is the one that PyTorch's own compiler emits; where it is missing the layers stay
as they are.
"""

from __future__ import annotations

import platform
from typing import cast

import torch
from torch import Tensor, nn

from osc_server.magnet.transformer import MagnetTransformer, TransformerLayer


class PackedLinear(nn.Module):
    """A linear layer without bias, with or without an exact GELU after it; inference only."""

    def __init__(self, weight: Tensor, dtype: torch.dtype, *, gelu: bool = False) -> None:
        super().__init__()
        self.dtype = dtype
        self.after = "gelu" if gelu else "none"
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().to(dtype).contiguous())
        self.packed = packed  # opaque layout: neither a parameter nor saved

    def forward(self, x: Tensor) -> Tensor:
        """``[..., n_in]`` of any float type to ``[..., n_out]`` of the layer's own."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(
            x.to(self.dtype).contiguous(), self.packed, None, self.after, [], "none"
        )
        return out


def can_pack() -> bool:
    """Whether this build of PyTorch has the operators, on the processors they were measured on."""
    operators = ("_reorder_linear_weight", "_linear_pointwise")
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return is_x86 and all(hasattr(torch.ops.mkldnn, name) for name in operators)


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively, which makes it worth its rounding."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported is not None and supported())


def pack(network: MagnetTransformer, dtype: torch.dtype) -> None:
    """Replace the linear layers of ``network`` by packed ones, for good.

    The residual stream, the norms and the heads stay float32: guidance multiplies an error in the
    logits by ten.

    Args:
        network: on CPU, float32, weights loaded; can no longer be trained or saved.
        dtype: float32 (same numbers up to rounding) or bfloat16, of the layers' products.
    """
    for layer in cast("list[TransformerLayer]", list(network.layers)):
        for module in (layer.self_attn, layer.cross_attention, layer):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Linear):
                    packed = PackedLinear(child.weight, dtype, gelu=name == "linear1")
                    module.register_module(name, packed)
        layer.register_module("activation", nn.Identity())  # linear1 has it in it now
    for i, head in enumerate(network.linears):
        network.linears[i] = PackedLinear(cast(Tensor, head.weight), torch.float32)
