"""Spectral distances that the codec is trained on."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LOG_FLOOR = 1e-5


def mel_filterbank(n_mels: int, n_fft: int, rate_hz: int) -> Tensor:
    """Triangular filters ``[bins, n_mels]`` on the HTK mel scale, from 0 to half the rate."""

    def to_mel(hz: float) -> float:
        return 2595 * math.log10(1 + hz / 700)

    mels = torch.linspace(0, to_mel(rate_hz / 2), n_mels + 2, dtype=torch.float64)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bins = torch.linspace(0, rate_hz / 2, n_fft // 2 + 1, dtype=torch.float64)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0).float()


class Scale(nn.Module):
    """One resolution: log distances on the linear and on the mel spectrum."""

    window: Tensor
    filterbank: Tensor

    def __init__(self, n_fft: int, n_mels: int, rate_hz: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.register_buffer("filterbank", mel_filterbank(n_mels, n_fft, rate_hz), persistent=False)

    def magnitude(self, audio: Tensor) -> Tensor:
        """``[B, n_samples]`` to ``[B, frames, bins]``, a full-scale sine being about 1."""
        spectrum = torch.stft(
            audio, self.n_fft, self.n_fft // 4, window=self.window, return_complex=True
        )
        return spectrum.abs().transpose(1, 2) * (2 / self.window.sum())

    def forward(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mean absolute log distance: (linear spectrum, mel spectrum)."""
        a, b = self.magnitude(output), self.magnitude(target)
        linear = ((a + LOG_FLOOR * 10).log() - (b + LOG_FLOOR * 10).log()).abs().mean()
        a_mel, b_mel = a @ self.filterbank, b @ self.filterbank
        mel = ((a_mel + LOG_FLOOR).log() - (b_mel + LOG_FLOOR).log()).abs().mean()
        return linear, mel


class SpectralDistance(nn.Module):
    """Log-spectral distance over several window lengths.

    Short windows place drum hits; the longest force the phases of neighbouring frames to agree,
    since a tone whose phase jumps every hop spreads over the bins of a long window.
    """

    def __init__(self, rate_hz: int) -> None:
        super().__init__()
        sizes = {4096: 192, 2048: 160, 1024: 128, 512: 64, 256: 32, 128: 16}
        self.scales = nn.ModuleList(Scale(n_fft, n, rate_hz) for n_fft, n in sizes.items())
        self.linear_weights = [0.5 if n_fft >= 1024 else 0.0 for n_fft in sizes]

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Audio ``[B, n_samples]`` against audio, to a scalar."""
        total = output.new_zeros(())
        for scale, weight in zip(self.scales, self.linear_weights, strict=True):
            linear, mel = scale(output, target)
            total = total + mel + weight * linear
        return total / len(self.scales)
