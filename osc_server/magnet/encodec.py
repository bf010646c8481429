"""The codec of the official checkpoints: EnCodec (arXiv 2210.13438), run by transformers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.pretrained import load_pretrained
from osc_server.magnet.undrawn import UndrawnWeights
from osc_server.magnet.xp_config import XpConfig

CONTEXT_FRAMES = 50
"""Of its own tail and head that a loop is decoded between: the convolutions see some 6 frames, the
LSTM sees all that came before and forgets it slowly."""


class EncodecCodec:
    """Implements ``protocols.Codec`` with a mono EnCodec."""

    def __init__(self, model: Any, n_codebooks: int) -> None:  # noqa: ANN401  (transformers is untyped)
        """Wrap an ``EncodecModel`` in eval mode, of which the first codebooks are used."""
        config = model.config
        self._model = model
        self._bandwidth = config.target_bandwidths[-1]
        self.sample_rate_hz: int = config.sampling_rate
        self.samples_per_frame: int = math.prod(config.upsampling_ratios)
        self.n_codebooks = n_codebooks
        self.codebook_size: int = config.codebook_size

    @classmethod
    def from_state(
        cls, cfg: XpConfig, state: Mapping[str, Tensor], n_codebooks: int
    ) -> EncodecCodec:
        """Build from the official format.

        Args:
            cfg: the codec's xp.cfg.
            state: its ``best_state``.
            n_codebooks: how many of its codebooks the network writes.

        Raises:
            ModelUnavailable: not an EnCodec as MAGNeT uses it, or tensors missing or misshapen.
        """
        from transformers import EncodecConfig, EncodecModel  # slow to import

        options = _options(cfg)
        if n_codebooks > options["n_q"]:
            raise ModelUnavailable(f"{cfg.source}: the codec has only {options['n_q']} codebooks")
        n_q = options.pop("n_q")
        frame_rate = math.ceil(options["sampling_rate"] / math.prod(options["upsampling_ratios"]))
        bits = math.log2(options["codebook_size"])
        # transformers counts codebooks by bandwidth and rounds down: stay clear of the edge.
        kbps = [(n + 0.01) * frame_rate * bits / 1000 for n in (n_codebooks, n_q)]
        with UndrawnWeights():
            model = EncodecModel(EncodecConfig(**options, target_bandwidths=[kbps[1]]))
        model.config.target_bandwidths = [kbps[0]]
        try:
            model.load_state_dict({_rename(name): tensor for name, tensor in state.items()})
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]  # torch lists hundreds of names
            raise ModelUnavailable(f"{cfg.source}: not the codec it claims: {reason}") from error
        return cls(_fold(model), n_codebooks)

    @classmethod
    def load(cls, folder: Path, n_codebooks: int) -> EncodecCodec:
        """Load a folder in transformers' own format (``config.json`` and weights)."""
        from transformers import EncodecModel  # slow to import

        model = load_pretrained(EncodecModel, folder, "codec")
        per_codebook = model.config.frame_rate * math.log2(model.config.codebook_size) / 1000
        model.config.target_bandwidths = [(n_codebooks + 0.01) * per_codebook]
        return cls(_fold(model), n_codebooks)

    def to(self, device: torch.device) -> EncodecCodec:
        """Move to a device; returns itself."""
        self._model.to(device)
        return self

    @torch.inference_mode()
    def encode(self, audio: Tensor) -> Tensor:
        """See ``protocols.Codec``."""
        encoded = self._model.encode(audio[:, None].to(self._model.device), None, self._bandwidth)
        codes: Tensor = encoded.audio_codes[0]
        return codes

    @torch.inference_mode()
    def decode(self, codes: Tensor, *, circular: bool = False) -> Tensor:
        """See ``protocols.Codec``."""
        n_frames = codes.shape[-1]
        context = CONTEXT_FRAMES if circular else 0
        around = torch.arange(-context, n_frames + context, device=codes.device) % n_frames
        decoded = self._model.decode(codes[None, ..., around].to(self._model.device), [None])
        audio: Tensor = decoded.audio_values[:, 0]
        return audio[:, context * self.samples_per_frame :][:, : n_frames * self.samples_per_frame]


def _options(cfg: XpConfig) -> dict[str, Any]:
    """What ``EncodecConfig`` calls the settings of xp.cfg, and ``n_q``."""
    for path, wanted in (
        ("channels", 1),
        ("encodec.autoencoder", "seanet"),
        ("encodec.quantizer", "rvq"),
        ("encodec.renormalize", False),
        ("seanet.activation", "ELU"),
        ("seanet.norm", "weight_norm"),
        ("seanet.disable_norm_outer_blocks", 0),
    ):
        cfg.expect(path, wanted)
    ratios = cfg.get("seanet.ratios")
    if not isinstance(ratios, list) or not 1 <= len(ratios) <= 8:
        raise ModelUnavailable(f"{cfg.source}: xp.cfg: seanet.ratios is not a list of numbers")
    if not all(isinstance(ratio, int) and 1 <= ratio <= 64 for ratio in ratios):
        raise ModelUnavailable(f"{cfg.source}: xp.cfg: seanet.ratios are whole numbers 1..64")
    pad_mode = cfg.text("seanet.pad_mode")
    if pad_mode not in ("constant", "reflect", "replicate"):
        raise ModelUnavailable(f"{cfg.source}: xp.cfg: seanet.pad_mode is {pad_mode!r:.80}")
    return {
        "sampling_rate": cfg.integer("sample_rate", 8000, 96000),
        "audio_channels": 1,
        "normalize": False,
        "hidden_size": cfg.integer("seanet.dimension", 1, 4096),
        "num_filters": cfg.integer("seanet.n_filters", 1, 1024),
        "num_residual_layers": cfg.integer("seanet.n_residual_layers", 1, 16),
        "upsampling_ratios": ratios,
        "norm_type": "weight_norm",
        "kernel_size": cfg.integer("seanet.kernel_size", 1, 63),
        "last_kernel_size": cfg.integer("seanet.last_kernel_size", 1, 63),
        "residual_kernel_size": cfg.integer("seanet.residual_kernel_size", 1, 63),
        "dilation_growth_rate": cfg.integer("seanet.dilation_base", 1, 16),
        "use_causal_conv": bool(cfg.get("seanet.causal", False)),
        "pad_mode": pad_mode,
        "compress": cfg.integer("seanet.compress", 1, 16),
        "num_lstm_layers": cfg.integer("seanet.lstm", 1, 8),
        "trim_right_ratio": cfg.number("seanet.decoder.trim_right_ratio", 0, 1, 1.0),
        "codebook_size": cfg.integer("rvq.bins", 2, 65536),
        "use_conv_shortcut": not cfg.get("seanet.true_skip", False),
        "n_q": cfg.integer("rvq.n_q", 1, 64),
    }


def _rename(name: str) -> str:
    """A name in the official format to that of transformers."""
    for old, new in (
        ("encoder.model.", "encoder.layers."),
        ("decoder.model.", "decoder.layers."),
        (".conv.conv.", ".conv."),
        (".convtr.convtr.", ".conv."),
        ("quantizer.vq.layers.", "quantizer.layers."),
        ("._codebook.", ".codebook."),
    ):
        name = name.replace(old, new)
    return name


def _fold(model: Any) -> Any:  # noqa: ANN401
    """Compute normed weights once instead of in every pass; the numbers stay the same."""
    for module in model.modules():
        if isinstance(module, nn.Module) and parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
    return model.eval().requires_grad_(False)
