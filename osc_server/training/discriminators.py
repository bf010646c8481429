"""What tells decoded audio from real, needed in training only.

By period as in HiFi-GAN (arXiv 2010.05646), by complex spectrum as in EnCodec (arXiv 2210.13438).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

Judged = list[tuple[Tensor, list[Tensor]]]
"""Per discriminator: its scores and the features of its layers."""


class ByPeriod(nn.Module):
    """Looks at every p-th sample as a column."""

    def __init__(self, period: int, widths: Sequence[int] = (16, 64, 128, 256)) -> None:
        super().__init__()
        self.period = period
        ins = (1, *widths[:-1])
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(i, o, (5, 1), (3, 1), padding=(2, 0)))
            for i, o in zip(ins, widths, strict=True)
        )
        self.score = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        """``[B, n_samples]`` to scores and features."""
        audio = functional.pad(audio, (0, -audio.shape[-1] % self.period))
        x = audio.reshape(audio.shape[0], 1, -1, self.period)
        features = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.1)
            features.append(x)
        return self.score(x), features


class BySpectrum(nn.Module):
    """Looks at real and imaginary parts of one STFT."""

    window: Tensor

    def __init__(self, n_fft: int, width: int = 24) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        shapes = [(2, 1), (width, 1), (width, 2), (width, 4)]
        self.layers = nn.ModuleList(
            weight_norm(
                nn.Conv2d(i, width, (3, 9), stride=(1, 2 if d > 1 or i == 2 else 1),
                          dilation=(d, 1), padding=(d, 4))
            )
            for i, d in shapes
        )  # fmt: skip
        self.score = weight_norm(nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        """``[B, n_samples]`` to scores and features."""
        with torch.autocast(audio.device.type, enabled=False):
            spectrum = torch.stft(
                audio.float(), self.n_fft, self.n_fft // 4, window=self.window,
                normalized=True, return_complex=True,
            ).transpose(1, 2)  # fmt: skip
            # Square-root compression, so that quiet partials count beside loud drums.
            magnitude = spectrum.abs().clamp(min=1e-6)
            spectrum = spectrum / magnitude.sqrt()
        x = torch.stack([spectrum.real, spectrum.imag], dim=1)
        features = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.1)
            features.append(x)
        return self.score(x), features


class Discriminators(nn.Module):
    """All of them together."""

    def __init__(self) -> None:
        super().__init__()
        periods = [ByPeriod(p) for p in (2, 3, 5, 7, 11)]
        spectra = [BySpectrum(n) for n in (2048, 1024, 512)]
        self.all = nn.ModuleList([*periods, *spectra])

    def forward(self, audio: Tensor) -> Judged:
        """Scores and features of ``[B, n_samples]``."""
        return [one(audio) for one in self.all]


def discriminator_loss(real: Judged, fake: Judged) -> Tensor:
    """Hinge loss: real above 1, fake below -1."""
    terms = [
        functional.relu(1 - r).mean() + functional.relu(1 + f).mean()
        for (r, _), (f, _) in zip(real, fake, strict=True)
    ]
    return torch.stack(terms).mean()


def generator_losses(real: Judged, fake: Judged) -> tuple[Tensor, Tensor]:
    """(adversarial loss, feature matching relative to the real features' size)."""
    adversarial = torch.stack([functional.relu(1 - f).mean() for f, _ in fake]).mean()
    matching = torch.stack(
        [
            (a.detach() - b).abs().mean() / a.detach().abs().mean().clamp(min=1e-3)
            for (_, reals), (_, fakes) in zip(real, fake, strict=True)
            for a, b in zip(reals, fakes, strict=True)
        ]
    ).mean()
    return adversarial, matching
