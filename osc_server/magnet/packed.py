"""Faster linear layers on CPU: weights laid out once for oneDNN, in float32, bfloat16 or int8.

PyTorch sends a float32 product to MKL, which on AMD processors reaches less than half of what
oneDNN does with the same instructions (measured on Zen 5, a core: 104 and 236 GFLOP/s; bfloat16,
470; int8, 940). The operators are those that PyTorch's own compiler emits; where they are missing
the layers stay as they are.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from osc_server.magnet.transformer import MagnetTransformer, TransformerLayer

Packing = Literal["float32", "bfloat16", "int8"]
LARGEST = 127  # of a code in int8; -128 is left out, so that zero is in the middle
MIDDLE = 128  # where that middle lies in the unsigned codes that the product takes


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


class Int8Linear(nn.Module):
    """A linear layer whose product is of 8-bit integers; inference only.

    Weights have a scale for each output, fixed; inputs one for each row, found on the way. So the
    result for a row depends on that row alone. After the product all is bfloat16, or float32 where
    the processor would have to emulate that.
    """

    def __init__(self, weight: Tensor, *, gelu: bool = False) -> None:
        super().__init__()
        weight = weight.detach().float()
        self.gelu = gelu
        self.scales = (weight.abs().amax(dim=1) / LARGEST).clamp_min(torch.finfo().tiny)
        self.zeros = torch.zeros(len(weight), dtype=torch.long)
        codes = (weight / self.scales[:, None]).round().to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(codes, None)
        self.dtype = torch.bfloat16 if has_fast_bfloat16() else torch.float32

    def forward(self, x: Tensor) -> Tensor:
        """``[..., n_in]`` of any float type to ``[..., n_out]`` of the layer's own."""
        rows = x.reshape(-1, x.shape[-1])
        most = rows.abs().amax(dim=1, keepdim=True).float().clamp_min(torch.finfo().tiny)
        # Rounded before it is used, so that multiplying by it in that type loses nothing.
        scale = (most / LARGEST).to(self.dtype)
        codes = (rows.float() * scale.float().reciprocal()).round_().to(torch.int8)
        codes = codes.view(torch.uint8).bitwise_xor_(MIDDLE)
        out: Tensor = torch.ops.onednn.qlinear_pointwise(
            *(codes, 1.0, MIDDLE, self.packed, self.scales, self.zeros, None),
            *(1.0, 0, self.dtype, "none", [], ""),
        )
        out = out.mul_(scale)
        if self.gelu:
            out = functional.gelu(out)
        return out.view(*x.shape[:-1], -1)


def can_pack() -> bool:
    """Whether this build of PyTorch has the operators, on the processors they were measured on."""
    operators = ("_reorder_linear_weight", "_linear_pointwise")
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return is_x86 and all(hasattr(torch.ops.mkldnn, name) for name in operators)


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively, which makes it worth its rounding."""
    return can_pack() and _supports("_is_avx512_bf16_supported")


def has_fast_int8() -> bool:
    """Whether this processor sums products of 8-bit integers natively, and without overflow."""
    if not (can_pack() and _supports("_is_vnni_supported")):
        return False
    weight = torch.eye(16) * torch.arange(1, 17)
    try:
        found = Int8Linear(weight)(torch.ones(1, 16))
    except (AttributeError, RuntimeError, TypeError):  # another build, another signature
        return False
    return bool(torch.allclose(found.float()[0], weight.sum(dim=1), rtol=0.02))


def pack(network: MagnetTransformer, packing: Packing) -> None:
    """Replace the linear layers of ``network`` by packed ones, for good.

    The residual stream, the norms and the heads stay float32: guidance multiplies an error in the
    logits by ten.

    Args:
        network: on CPU, float32, weights loaded; can no longer be trained or saved.
        packing: float32 (same numbers up to rounding), bfloat16 or int8, of the layers' products.
    """
    make: Callable[[Tensor, bool], nn.Module]
    if packing == "int8":
        make = lambda weight, gelu: Int8Linear(weight, gelu=gelu)  # noqa: E731
    else:
        dtype = torch.bfloat16 if packing == "bfloat16" else torch.float32
        make = lambda weight, gelu: PackedLinear(weight, dtype, gelu=gelu)  # noqa: E731
    for layer in cast("list[TransformerLayer]", list(network.layers)):
        for module in (layer.self_attn, layer.cross_attention, layer):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Linear):
                    module.register_module(name, make(child.weight, name == "linear1"))
        layer.register_module("activation", nn.Identity())  # linear1 has it in it now
    for i, head in enumerate(network.linears):
        network.linears[i] = PackedLinear(cast(Tensor, head.weight), torch.float32)


def _supports(name: str) -> bool:
    asked = getattr(torch.cpu, name, None)
    return bool(asked is not None and asked())
