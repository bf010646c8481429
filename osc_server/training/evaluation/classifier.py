"""Which kind of sound a clip is: a small network on log mel spectra.

It learns from corpus clips, clean and through the codec alike, so that neither the codec's colour
nor its absence decides; level and length are varied so that they do not decide either. What lies
before its last layer is an embedding of sounds, see ``frechet``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from osc_server.training.evaluation.spectra import Floats, log_mel

KINDS = ("drums", "bass", "chords", "pad", "arp", "melody", "sfx")
FRAMES_PER_SECOND = 40
_N_FFT = 2048
_N_MELS = 64
_CROP_SECONDS = (4.0, 8.0)
EMBEDDING_SIZE = 48
_BATCH = 32
_LEARNING_RATE = 2e-3
_FORMAT = 2  # of the cached file; raise it when features or network change


def features(audio: Floats, rate_hz: int) -> Floats:
    """Log mel spectrum ``[n_frames, 64]`` at 40 frames a second, of audio at unit RMS."""
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if len(audio) else 0.0
    level = audio / np.float32(max(rms, 1e-5))
    mel = log_mel(level, rate_hz, _N_FFT, rate_hz // FRAMES_PER_SECOND, _N_MELS, floor=1e-3)
    return np.asarray(mel + 1.5, dtype=np.float32)


class SoundNetwork(nn.Module):
    """Four convolutions, mean and maximum over time, a narrow embedding, one linear layer."""

    def __init__(self, n_labels: int, widths: Sequence[int] = (24, 48, 64, 96)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((1, *widths[:-1]), widths, strict=True):
            size = 5 if before == 1 else 3
            layers += [
                nn.Conv2d(before, after, size, stride=2, padding=size // 2),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        self.body = nn.Sequential(*layers)
        # Four bands of pitch stay apart: a bass line and a melody differ in register.
        self.narrow = nn.Sequential(nn.Dropout(0.3), nn.Linear(widths[-1] * 8, EMBEDDING_SIZE))
        self.head = nn.Sequential(nn.ReLU(), nn.Dropout(0.1), nn.Linear(EMBEDDING_SIZE, n_labels))

    def embed(self, mel: Tensor) -> Tensor:
        """Log mel ``[B, T, 64]`` to embeddings ``[B, 48]``."""
        x = self.body(mel[:, None])  # [B, C, T / 16, 4]
        pooled = torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1).flatten(1)
        embedding: Tensor = self.narrow(pooled)
        return embedding

    def forward(self, mel: Tensor) -> Tensor:
        """Log mel ``[B, T, 64]`` to logits ``[B, n_labels]``."""
        logits: Tensor = self.head(self.embed(mel))
        return logits


@dataclass(frozen=True, slots=True)
class LabelledMel:
    """The features of one clip, and which of the classifier's labels it has."""

    mel: Floats
    label: int


class Classifier:
    """A trained network with a door of plain arrays.

    Attributes:
        labels: what it tells apart.
    """

    def __init__(self, network: SoundNetwork, labels: Sequence[str], device: torch.device) -> None:
        self.labels = tuple(labels)
        self._network = network.to(device).eval()
        self._device = device

    @torch.inference_mode()
    def probabilities(self, audio: Floats, rate_hz: int) -> NDArray[np.float32]:
        """Probability of each label, ``[n_labels]``."""
        mel = torch.from_numpy(features(audio, rate_hz))[None].to(self._device)
        return np.asarray(self._network(mel).softmax(-1)[0].cpu().numpy())

    def label(self, audio: Floats, rate_hz: int) -> str:
        """The likeliest label."""
        return self.labels[int(self.probabilities(audio, rate_hz).argmax())]

    @torch.inference_mode()
    def embeddings(self, windows: Floats) -> Floats:
        """Embeddings ``[n, 48]`` of stretches of features ``[n, T, 64]``."""
        found = self._network.embed(torch.from_numpy(windows).to(self._device))
        return np.asarray(found.float().cpu().numpy())

    def save(self, path: Path, key: str) -> None:
        """Write the network whole or not at all; ``key`` says what it was trained on."""
        content = {
            "format": _FORMAT,
            "key": key,
            "labels": list(self.labels),
            "state": self._network.state_dict(),
        }
        partial = path.with_suffix(".partial")
        torch.save(content, partial)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path, key: str, device: torch.device) -> Classifier | None:
        """The classifier in ``path``, or None where there is none or it learned something else."""
        if not path.exists():
            return None
        saved = torch.load(path, map_location=device, weights_only=True)
        if saved.get("format") != _FORMAT or saved.get("key") != key:
            return None
        network = SoundNetwork(len(saved["labels"]))
        network.load_state_dict(saved["state"])
        return cls(network, saved["labels"], device)


def train_classifier(
    clips: Sequence[LabelledMel],
    labels: Sequence[str],
    *,
    steps: int,
    seed: int,
    device: torch.device,
    on_step: Callable[[int, int], None] = lambda done, steps: None,
) -> Classifier:
    """Train on random stretches of 4 to 8 seconds; the same seed gives the same network on a CPU.

    Args:
        clips: features of at least one clip; clean and coded copies are separate entries.
        labels: what the indices in ``clips`` mean.
        steps: optimiser steps of 32 stretches each.
        seed: of the weights and of every draw.
        device: where to train.
        on_step: called with (steps done, steps in all).
    """
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SoundNetwork(len(labels)).to(device).train()
        optimiser = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=_LEARNING_RATE, total_steps=max(2, steps), pct_start=0.15
        )
        for step in range(steps):
            mel, wanted = _draw(clips, rng)
            logits = network(mel.to(device))
            loss = functional.cross_entropy(logits, wanted.to(device), label_smoothing=0.05)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            on_step(step + 1, steps)
    return Classifier(network, labels, device)


def _draw(clips: Sequence[LabelledMel], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch of stretches of one length, tilted in colour a little, with their labels."""
    longest = min(len(clip.mel) for clip in clips)
    low, high = (round(seconds * FRAMES_PER_SECOND) for seconds in _CROP_SECONDS)
    n_frames = min(longest, int(rng.integers(low, high + 1)))
    chosen = [clips[i] for i in rng.integers(len(clips), size=_BATCH)]
    starts = [int(rng.integers(len(clip.mel) - n_frames + 1)) for clip in chosen]
    mel = np.stack(
        [clip.mel[start : start + n_frames] for clip, start in zip(chosen, starts, strict=True)]
    )
    tilt = rng.uniform(-0.2, 0.2, size=(_BATCH, 1, 1)) * np.linspace(-1.0, 1.0, _N_MELS)
    shift = rng.uniform(-0.1, 0.1, size=(_BATCH, 1, 1))
    coloured = (mel + tilt + shift).astype(np.float32)
    return torch.from_numpy(coloured), torch.tensor([clip.label for clip in chosen])
