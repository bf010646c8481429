"""The embedded model's codec: log spectra in, residual codes between, an inverse STFT out.

The encoder reads log magnitudes and the decoder predicts magnitude and phase of short frames, as in
Vocos (arXiv 2306.00814); the blocks are ConvNeXt's (arXiv 2201.03545). Both run at twice the frame
rate ("subframes" of 10 ms), so that a drum hit is placed more finely than the codes are spaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from osc_server.magnet.vector_quantizer import ResidualVectorQuantizer

MAX_LOG_MAGNITUDE = 5.0
"""Natural log at which predicted magnitudes are clamped: a wild code must not explode."""


@dataclass(frozen=True, slots=True)
class SpectralCodecSpec:
    """Sizes of a SpectralCodec; what is stored under ``spectral`` in a checkpoint's xp.cfg."""

    sample_rate_hz: int = 32000
    samples_per_frame: int = 640
    subframes: int = 2
    analysis_size: int = 2048  # samples per STFT window of the encoder
    synthesis_size: int = 1280  # samples per inverse STFT window of the decoder
    latent_dim: int = 64
    encoder_dim: int = 192
    encoder_hidden: int = 384
    encoder_layers: int = 3
    decoder_dim: int = 256
    decoder_hidden: int = 768
    decoder_layers: int = 8
    n_codebooks: int = 4
    codebook_size: int = 1024

    @property
    def hop(self) -> int:
        """Samples per subframe."""
        return self.samples_per_frame // self.subframes


class ConvNextBlock(nn.Module):
    """Depthwise convolution over 7 subframes, then a two-layer network; residual."""

    def __init__(self, dim: int, hidden: int, layer_scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim)
        self.expand = nn.Linear(dim, hidden)
        self.contract = nn.Linear(hidden, dim)
        self.scale = nn.Parameter(torch.full((dim,), layer_scale))

    def forward(self, x: Tensor) -> Tensor:
        """``[B, T, D]`` to ``[B, T, D]``."""
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        y = self.contract(functional.gelu(self.expand(self.norm(y))))
        scaled: Tensor = self.scale * y
        return x + scaled


class Encoder(nn.Module):
    """Log magnitudes to latents."""

    def __init__(self, spec: SpectralCodecSpec) -> None:
        super().__init__()
        self.embed = nn.Linear(spec.analysis_size // 2 + 1, spec.encoder_dim)
        self.blocks = nn.ModuleList(
            ConvNextBlock(spec.encoder_dim, spec.encoder_hidden, 1 / spec.encoder_layers)
            for _ in range(spec.encoder_layers)
        )
        self.norm = nn.LayerNorm(spec.encoder_dim)
        self.project = nn.Linear(spec.encoder_dim * spec.subframes, spec.latent_dim)

    def forward(self, log_magnitudes: Tensor) -> Tensor:
        """``[B, T * subframes, bins]`` to latents ``[B, T, latent_dim]``."""
        x = self.embed(log_magnitudes)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        latents: Tensor = self.project(x.reshape(x.shape[0], -1, self.project.in_features))
        return latents


class Decoder(nn.Module):
    """Latents to the log magnitude and the phase of short frames."""

    def __init__(self, spec: SpectralCodecSpec) -> None:
        super().__init__()
        self.dim = spec.decoder_dim
        self.embed = nn.Linear(spec.latent_dim, spec.decoder_dim * spec.subframes)
        self.blocks = nn.ModuleList(
            ConvNextBlock(spec.decoder_dim, spec.decoder_hidden, 1 / spec.decoder_layers)
            for _ in range(spec.decoder_layers)
        )
        self.norm = nn.LayerNorm(spec.decoder_dim)
        self.head = nn.Linear(spec.decoder_dim, spec.synthesis_size + 2)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """``[B, T, latent_dim]`` to log magnitude and phase, each ``[B, T * subframes, bins]``."""
        x = self.embed(latents).reshape(latents.shape[0], -1, self.dim)
        for block in self.blocks:
            x = block(x)
        log_magnitude, phase = self.head(self.norm(x)).chunk(2, dim=-1)
        return log_magnitude, phase


class SpectralCodec(nn.Module):
    """Implements ``protocols.Codec`` with one network of about 4 million parameters."""

    analysis_window: Tensor
    synthesis_window: Tensor

    def __init__(self, spec: SpectralCodecSpec) -> None:
        super().__init__()
        self.spec = spec
        self.sample_rate_hz = spec.sample_rate_hz
        self.samples_per_frame = spec.samples_per_frame
        self.n_codebooks = spec.n_codebooks
        self.codebook_size = spec.codebook_size
        reach = 3 * max(spec.encoder_layers, spec.decoder_layers) + spec.analysis_size // spec.hop
        self.context_frames = -(-reach // spec.subframes)
        self.encoder = Encoder(spec)
        self.quantizer = ResidualVectorQuantizer(
            spec.n_codebooks, spec.codebook_size, spec.latent_dim
        )
        self.decoder = Decoder(spec)
        for name, size in (("analysis", spec.analysis_size), ("synthesis", spec.synthesis_size)):
            window = torch.hann_window(size, device="cpu")
            self.register_buffer(f"{name}_window", window, persistent=False)

    @classmethod
    def from_state(cls, cfg: Mapping[str, Any], state: Mapping[str, Tensor]) -> SpectralCodec:
        """Build from a checkpoint's xp.cfg section ``spectral`` and its state dict.

        Raises:
            TypeError: the section names a size that does not exist.
            RuntimeError: a tensor is missing or has the wrong shape.
        """
        codec = cls(SpectralCodecSpec(**cfg["spectral"]))
        codec.load_state_dict({name: tensor.float() for name, tensor in state.items()})
        codec.eval()
        return codec

    def config(self) -> dict[str, Any]:
        """The xp.cfg that ``from_state`` reads."""
        return {
            "compression_model": "spectral",
            "sample_rate": self.sample_rate_hz,
            "channels": 1,
            "spectral": asdict(self.spec),
        }

    def log_magnitudes(self, audio: Tensor) -> Tensor:
        """``[B, n_samples]`` to ``[B, T * subframes, bins]``, roughly in -1.5..2."""
        n_subframes = -(-audio.shape[-1] // self.samples_per_frame) * self.spec.subframes
        # Window j is centred on the middle of subframe j.
        before = (self.spec.analysis_size - self.spec.hop) // 2
        after = before + n_subframes * self.spec.hop - audio.shape[-1]
        spectrum = torch.stft(
            functional.pad(audio, (before, after)),
            self.spec.analysis_size,
            self.spec.hop,
            window=self.analysis_window,
            center=False,
            return_complex=True,
        )
        magnitude = spectrum.abs() * (2 / self.analysis_window.sum())
        return ((magnitude + 1e-3).log() / 2 + 2).transpose(1, 2)

    def latents(self, audio: Tensor) -> Tensor:
        """Latents before quantisation, ``[B, T, latent_dim]``."""
        latents: Tensor = self.encoder(self.log_magnitudes(audio))
        return latents

    @torch.inference_mode()
    def encode(self, audio: Tensor) -> Tensor:
        """See ``protocols.Codec``."""
        return self.quantizer.encode(self.latents(audio))

    @torch.inference_mode()
    def decode(self, codes: Tensor) -> Tensor:
        """See ``protocols.Codec``; the first codebooks alone, ``[B, k, T]``, give a preview."""
        return self.synthesise(self.quantizer.decode(codes))

    def synthesise(self, latents: Tensor) -> Tensor:
        """Latents ``[B, T, latent_dim]`` to audio ``[B, T * samples_per_frame]``."""
        log_magnitude, phase = self.decoder(latents)
        magnitude = log_magnitude.float().clamp(max=MAX_LOG_MAGNITUDE).exp()
        frames = torch.fft.irfft(torch.polar(magnitude, phase.float()), self.spec.synthesis_size)
        return self._overlap_add(frames * self.synthesis_window)

    def _overlap_add(self, frames: Tensor) -> Tensor:
        n_frames, size, hop = frames.shape[1], self.spec.synthesis_size, self.spec.hop
        length = (n_frames - 1) * hop + size
        squared = self.synthesis_window.square().expand(1, n_frames, size)

        def fold(x: Tensor) -> Tensor:
            return functional.fold(
                x.transpose(1, 2), output_size=(1, length), kernel_size=(1, size), stride=(1, hop)
            )[:, 0, 0]

        margin = (size - hop) // 2
        kept = slice(margin, length - margin)
        return fold(frames)[:, kept] / fold(squared)[:, kept]
