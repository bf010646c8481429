"""The embedded model's codec: log spectra in, residual codes between, inverse STFTs out.

The encoder reads log magnitudes. The decoder predicts magnitude and phase of short frames, as in
Vocos (arXiv 2306.00814), for the bright part of the sound, where attacks are; for the low part,
where notes are held, it predicts the magnitudes of longer frames, and their phases follow from them
(``partial_phases``). The blocks are ConvNeXt's (arXiv 2201.03545). All of it runs at twice the
frame rate ("subframes" of 10 ms), so that a drum hit is placed more finely than codes are spaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from osc_server.magnet.partial_phases import advance, advance_around, centred_frames
from osc_server.magnet.vector_quantizer import ResidualVectorQuantizer

MAX_LOG_MAGNITUDE = 6.2
"""Natural log at which predicted magnitudes are clamped: a wild code must not explode."""
CONTEXT_FRAMES = 16
"""Of its own tail and head that a loop is decoded between: as far as the decoder's layers see."""


@dataclass(frozen=True, slots=True)
class SpectralCodecSpec:
    """Sizes of a SpectralCodec; what is stored under ``spectral`` in a checkpoint's xp.cfg."""

    sample_rate_hz: int = 32000
    samples_per_frame: int = 640
    subframes: int = 2
    analysis_size: int = 2048  # samples per STFT window of the encoder
    low_analysis_size: int = 4096  # the same once more, longer, for pitch
    low_analysis_bins: int = 96  # of which it reads the lowest
    synthesis_size: int = 1280  # samples per inverse STFT window of the bright part
    tonal_size: int = 2048  # and of the low part
    tonal_bins: int = 80  # of which the low part has the lowest
    crossover_bins: int = 16  # over the last of these it gives way to the bright part
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
        n_bins = spec.analysis_size // 2 + 1 + spec.low_analysis_bins
        self.embed = nn.Linear(n_bins, spec.encoder_dim)
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
    """Latents to log magnitude and phase of short frames, and log magnitude of longer ones."""

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
        self.tonal_head = nn.Linear(spec.decoder_dim, spec.tonal_bins)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``[B, T, latent_dim]`` to three spectra ``[B, T * subframes, bins]``.

        Log magnitude and phase of the bright part, and log magnitude of the low part.
        """
        x = self.embed(latents).reshape(latents.shape[0], -1, self.dim)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        log_magnitude, phase = self.head(x).chunk(2, dim=-1)
        return log_magnitude, phase, self.tonal_head(x)


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What the decoder made, in parts.

    Attributes:
        low: audio ``[B, n_samples]`` below the crossover.
        bright: audio ``[B, n_samples]`` above it; the sum of both is the sound.
        tonal_log_magnitude: natural logs ``[B, T * subframes, tonal_bins]`` that make ``low``.
    """

    low: Tensor
    bright: Tensor
    tonal_log_magnitude: Tensor


class SpectralCodec(nn.Module):
    """Implements ``protocols.Codec`` with one network of about 4 million parameters."""

    analysis_window: Tensor
    low_analysis_window: Tensor
    synthesis_window: Tensor
    tonal_window: Tensor
    low_share: Tensor
    bright_share: Tensor

    def __init__(self, spec: SpectralCodecSpec) -> None:
        super().__init__()
        self.spec = spec
        self.sample_rate_hz = spec.sample_rate_hz
        self.samples_per_frame = spec.samples_per_frame
        self.n_codebooks = spec.n_codebooks
        self.codebook_size = spec.codebook_size
        self.encoder = Encoder(spec)
        self.quantizer = ResidualVectorQuantizer(
            spec.n_codebooks, spec.codebook_size, spec.latent_dim
        )
        self.decoder = Decoder(spec)
        for name in ("analysis", "low_analysis", "synthesis", "tonal"):
            window = torch.hann_window(getattr(spec, f"{name}_size"), device="cpu")
            self.register_buffer(f"{name}_window", window, persistent=False)
        low_hz = torch.arange(spec.tonal_bins) * (spec.sample_rate_hz / spec.tonal_size)
        bright_hz = torch.arange(spec.synthesis_size // 2 + 1) * (
            spec.sample_rate_hz / spec.synthesis_size
        )
        self.register_buffer("low_share", 1 - self.above_crossover(low_hz), persistent=False)
        self.register_buffer("bright_share", self.above_crossover(bright_hz), persistent=False)

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

    def above_crossover(self, hz: Tensor) -> Tensor:
        """Share of each frequency that is the bright part's, 0..1."""
        spec = self.spec
        bins = hz * (spec.tonal_size / spec.sample_rate_hz)
        share: Tensor = (bins - (spec.tonal_bins - spec.crossover_bins)) / spec.crossover_bins
        return share.clamp(0, 1)

    def log_magnitudes(self, audio: Tensor) -> Tensor:
        """``[B, n_samples]`` to ``[B, T * subframes, bins]``, roughly in -1.5..2."""
        wide = self.magnitudes(audio, self.analysis_window)
        fine = self.magnitudes(audio, self.low_analysis_window)[..., : self.spec.low_analysis_bins]
        return (torch.cat([wide, fine], dim=-1) + 1e-3).log() / 2 + 2

    def magnitudes(self, audio: Tensor, window: Tensor) -> Tensor:
        """``[B, n_samples]`` to ``[B, T * subframes, bins]``, a full-scale sine being 1."""
        n_subframes = -(-audio.shape[-1] // self.samples_per_frame) * self.spec.subframes
        # Window j is centred on the middle of subframe j.
        before = (len(window) - self.spec.hop) // 2
        after = before + n_subframes * self.spec.hop - audio.shape[-1]
        spectrum = torch.stft(
            functional.pad(audio, (before, after)),
            len(window),
            self.spec.hop,
            window=window,
            center=False,
            return_complex=True,
        )
        return (spectrum.abs() * (2 / window.sum())).transpose(1, 2)

    def latents(self, audio: Tensor) -> Tensor:
        """Latents before quantisation, ``[B, T, latent_dim]``."""
        latents: Tensor = self.encoder(self.log_magnitudes(audio))
        return latents

    @torch.inference_mode()
    def encode(self, audio: Tensor) -> Tensor:
        """See ``protocols.Codec``."""
        return self.quantizer.encode(self.latents(audio))

    @torch.inference_mode()
    def decode(self, codes: Tensor, *, circular: bool = False) -> Tensor:
        """See ``protocols.Codec``; the first codebooks alone, ``[B, k, T]``, give a preview."""
        latents = self.quantizer.decode(codes)
        if not circular:
            parts = self.synthesise(latents)
            return parts.low + parts.bright
        n_frames, subframes = codes.shape[-1], self.spec.subframes
        around = torch.arange(-CONTEXT_FRAMES, n_frames + CONTEXT_FRAMES, device=codes.device)
        log_magnitude, phase, tonal = self.decoder(latents[:, around % n_frames])
        tile = slice(CONTEXT_FRAMES * subframes, (CONTEXT_FRAMES + n_frames) * subframes)
        phases = advance_around(tonal[:, tile].float(), self.spec.hop, self.spec.tonal_size)
        wrapped = torch.arange(-tile.start, tile.stop, device=codes.device) % (
            tile.stop - tile.start
        )
        audio = self._low(tonal, phases[:, wrapped]) + self._bright(log_magnitude, phase)
        return audio[:, tile.start * self.spec.hop : tile.stop * self.spec.hop]

    def synthesise(self, latents: Tensor) -> Synthesis:
        """Latents ``[B, T, latent_dim]`` to audio of ``T * samples_per_frame`` samples."""
        log_magnitude, phase, tonal = self.decoder(latents)
        phases = advance(tonal.float(), self.spec.hop, self.spec.tonal_size)
        return Synthesis(
            low=self._low(tonal, phases),
            bright=self._bright(log_magnitude, phase),
            tonal_log_magnitude=tonal,
        )

    def _bright(self, log_magnitude: Tensor, phase: Tensor) -> Tensor:
        magnitude = log_magnitude.float().clamp(max=MAX_LOG_MAGNITUDE).exp() * self.bright_share
        frames = torch.fft.irfft(torch.polar(magnitude, phase.float()), self.spec.synthesis_size)
        return self._overlap_add(frames, self.synthesis_window)

    def _low(self, log_magnitude: Tensor, phases: Tensor) -> Tensor:
        magnitude = log_magnitude.float().clamp(max=MAX_LOG_MAGNITUDE).exp() * self.low_share
        frames = centred_frames(magnitude, phases, self.spec.tonal_size)
        return self._overlap_add(frames, self.tonal_window)

    def _overlap_add(self, frames: Tensor, window: Tensor) -> Tensor:
        n_frames, size, hop = frames.shape[1], len(window), self.spec.hop
        length = (n_frames - 1) * hop + size
        squared = window.square().expand(1, n_frames, size)

        def fold(x: Tensor) -> Tensor:
            return functional.fold(
                x.transpose(1, 2), output_size=(1, length), kernel_size=(1, size), stride=(1, hop)
            )[:, 0, 0]

        margin = (size - hop) // 2
        kept = slice(margin, length - margin)
        return fold(frames * window)[:, kept] / fold(squared)[:, kept]
