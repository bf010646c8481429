"""Trains the codec: first everything together, then the decoder alone on frozen codes.

Frozen codes let the network train at the same time as the decoder goes on improving.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from osc_server.magnet.spectral_codec import MAX_LOG_MAGNITUDE, SpectralCodec
from osc_server.training import checkpoint
from osc_server.training.data import AudioBank, step_generator
from osc_server.training.discriminators import (
    Discriminators,
    discriminator_loss,
    generator_losses,
)
from osc_server.training.quantizer_training import QuantizerTraining
from osc_server.training.sizes import SAMPLE_RATE_HZ, SAMPLES_PER_FRAME, Size
from osc_server.training.spectra import SpectralDistance

SPECTRAL_WEIGHT = 12.0
TONAL_WEIGHT = 4.0
TONAL_FLOOR = 4e-4
"""Of a full-scale sine: what lies below is not worth a codebook's while (-68 dB)."""
MATCHING_WEIGHT = 4.0
COMMITMENT_WEIGHT = 0.25
LEARNING_RATE = 5e-4
JUDGED_SAMPLES = 16384
"""What the discriminators see of an item: half a second; they cost more than the codec."""

Report = Callable[[int, dict[str, float]], None]
"""Called now and then with the step and the losses."""


def learning_rate(step: int, steps: int, warmup: int = 200) -> float:
    """Fraction of the peak rate: linear warm-up, then half a cosine down to a twentieth."""
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return 0.05 + 0.95 * (1 + math.cos(math.pi * min(1.0, progress))) / 2


class CodecTraining:
    """A codec, its discriminators and their optimisers, resumable at any saved step."""

    def __init__(self, size: Size, bank: AudioBank, path: Path, phase: str) -> None:
        self.size, self.bank, self.path, self.phase = size, bank, path, phase
        torch.manual_seed(size.seed)
        device = bank.device
        self.codec = SpectralCodec(size.codec).to(device)
        self.discriminators = Discriminators().to(device)
        self.distance = SpectralDistance(SAMPLE_RATE_HZ).to(device)
        self.quantizer = QuantizerTraining(self.codec.quantizer)
        self.joint = phase == "joint"
        self.steps = size.codec_steps if self.joint else size.decoder_steps
        trained: nn.Module = self.codec if self.joint else self.codec.decoder
        self.optimiser = _adam(trained)
        self.judge_optimiser = _adam(self.discriminators)
        self.step = 0

    def restore(self, start_from: Path | None = None) -> None:
        """Go on from the last checkpoint, or begin from another phase's."""
        device = self.bank.device
        saved = checkpoint.load(self.path, device)
        if saved is None and start_from is not None:
            saved = checkpoint.load(start_from, device)
            if saved is None:
                raise ValueError(f"{start_from} is missing: train the codec first")
            saved = {key: saved[key] for key in ("codec", "discriminators", "quantizer", "judge")}
        if saved is None:
            return
        self.codec.load_state_dict(saved["codec"])
        self.discriminators.load_state_dict(saved["discriminators"])
        self.quantizer.load(saved["quantizer"])
        self.judge_optimiser.load_state_dict(saved["judge"])
        if "optimiser" in saved:
            self.optimiser.load_state_dict(saved["optimiser"])
            self.step = saved["step"]

    def save(self) -> None:
        """Write everything that ``restore`` needs."""
        content = {
            "codec": self.codec.state_dict(),
            "discriminators": self.discriminators.state_dict(),
            "quantizer": self.quantizer.state(),
            "judge": self.judge_optimiser.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        checkpoint.save(self.path, content)

    def run(self, report: Report) -> SpectralCodec:
        """Train to the end of the phase."""
        if self.step == 0 and self.joint:
            self._initialise_codebooks()
        while self.step < self.steps:
            losses = self._train_step()
            self.step += 1
            if self.step % 20 == 0 or self.step == self.steps:
                report(self.step, {name: float(value) for name, value in losses.items()})
            if self.step % self.size.save_every == 0 or self.step == self.steps:
                self.save()
        return self.codec.eval()

    @torch.no_grad()
    def _initialise_codebooks(self) -> None:
        """Principal components as the first encoder, then k-means on what it makes."""
        generator = step_generator(self.size.seed, -1)
        n_samples = self.size.codec_crop_frames * SAMPLES_PER_FRAME
        audio = self.bank.crops(min(512, 8 * self.size.codec_batch), n_samples, generator)
        spectra = self.codec.log_magnitudes(audio).flatten(0, 1)
        mean = spectra.mean(0)
        embed = self.codec.encoder.embed
        _, _, axes = torch.pca_lowrank(spectra - mean, q=embed.out_features, center=False, niter=4)
        embed.weight.copy_(axes.T)
        embed.bias.copy_(-(axes.T @ mean))
        latents = torch.cat([self.codec.latents(part) for part in torch.split(audio, 16)])
        self.quantizer.initialise(latents.flatten(0, 1), generator)

    def _train_step(self) -> dict[str, Tensor]:
        generator = step_generator(self.size.seed, self.step)
        n_samples = self.size.codec_crop_frames * SAMPLES_PER_FRAME
        audio = self.bank.crops(self.size.codec_batch, n_samples, generator)
        rate = LEARNING_RATE * learning_rate(self.step, self.steps)
        for optimiser in (self.optimiser, self.judge_optimiser):
            optimiser.param_groups[0]["lr"] = rate
        latents, commitment = self._latents(audio, generator)
        with torch.autocast(audio.device.type, torch.bfloat16):
            parts = self.codec.synthesise(latents)
        spectral = self.distance(parts.low + parts.bright, audio)
        tonal = self._tonal_distance(parts.tonal_log_magnitude.float(), audio)
        loss = SPECTRAL_WEIGHT * spectral + TONAL_WEIGHT * tonal + COMMITMENT_WEIGHT * commitment
        losses = {
            "spectral": spectral.detach(),
            "tonal": tonal.detach(),
            "commitment": commitment.detach(),
        }
        if not self.joint or self.step >= self.size.adversarial_from:
            adversarial, matching, judged = self._judge(self._bright_part(audio), parts.bright)
            loss = loss + adversarial + MATCHING_WEIGHT * matching
            losses |= {"matching": matching.detach(), "discriminator": judged}
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.codec.parameters(), 10.0)
        self.optimiser.step()
        return losses

    def _latents(self, audio: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Quantised latents ``[B, T, D]``; now and then from the first codebooks only."""
        n_books = self.size.codec.n_codebooks
        depth = torch.full((audio.shape[0],), n_books)
        shallow = torch.rand(audio.shape[0], generator=generator) < 0.15
        drawn = torch.randint(1, n_books + 1, (audio.shape[0],), generator=generator)
        depth = torch.where(shallow, drawn, depth).to(audio.device)
        if self.joint:
            # Only the encoder in bfloat16: nearest codes need float32.
            with torch.autocast(audio.device.type, torch.bfloat16):
                latents = self.codec.latents(audio)
            return self.quantizer.quantise(latents.float(), depth, generator)
        with torch.no_grad():
            codes = self.codec.encode(audio)
            books = [self.codec.quantizer.codebooks[k][codes[:, k]] for k in range(n_books)]
            used = [(depth > k)[:, None, None] for k in range(n_books)]
            total = torch.stack([b * u for b, u in zip(books, used, strict=True)]).sum(0)
        return total, total.new_zeros(())

    def _tonal_distance(self, output: Tensor, audio: Tensor) -> Tensor:
        """Mean absolute log distance of the low part's magnitudes, which its phases hang on."""
        window = self.codec.tonal_window
        target = self.codec.magnitudes(audio, window)[..., : output.shape[-1]]
        made = output.clamp(max=MAX_LOG_MAGNITUDE).exp() * (2 / window.sum())
        error: Tensor = ((made + TONAL_FLOOR).log() - (target + TONAL_FLOOR).log()).abs().mean()
        return error

    def _bright_part(self, audio: Tensor) -> Tensor:
        """What of the audio is above the crossover: the part whose phases are learned."""
        hz = torch.fft.rfftfreq(audio.shape[-1], 1 / SAMPLE_RATE_HZ, device=audio.device)
        spectrum = torch.fft.rfft(audio) * self.codec.above_crossover(hz)
        bright: Tensor = torch.fft.irfft(spectrum, audio.shape[-1])
        return bright

    def _judge(self, audio: Tensor, output: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step of the discriminators; then the generator's losses against them."""
        start = (self.step * 7919) % max(1, audio.shape[1] - JUDGED_SAMPLES)
        part = slice(start, start + JUDGED_SAMPLES)
        audio, output = audio[::2, part], output[::2, part]
        with torch.autocast(audio.device.type, torch.bfloat16):
            judged = discriminator_loss(
                self.discriminators(audio), self.discriminators(output.detach())
            )
        self.judge_optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(judged)
        nn.utils.clip_grad_norm_(self.discriminators.parameters(), 10.0)
        self.judge_optimiser.step()
        self.discriminators.requires_grad_(False)
        with torch.autocast(audio.device.type, torch.bfloat16):
            with torch.no_grad():
                real = self.discriminators(audio)
            adversarial, matching = generator_losses(real, self.discriminators(output))
        self.discriminators.requires_grad_(True)
        return adversarial, matching, judged.detach()


def _adam(module: nn.Module) -> torch.optim.AdamW:
    # Betas as in Vocos and HiFi-GAN: little momentum, for the two sides chase each other.
    return torch.optim.AdamW(module.parameters(), lr=LEARNING_RATE, betas=(0.8, 0.95))
