"""The two seams of the model: what turns audio into codes, and what turns words into states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class Codec(Protocol):
    """Audio to codes and back; a waveform decoder (EnCodec) and a spectral one alike."""

    sample_rate_hz: int
    samples_per_frame: int
    n_codebooks: int
    codebook_size: int
    context_frames: int
    """Frames on each side that can influence a frame's audio: what circular decoding pads with."""

    def encode(self, audio: Tensor) -> Tensor:
        """``[B, n_samples]`` float32 in -1..1 to codes ``[B, K, T]``, T = ceil(n / frame)."""
        ...

    def decode(self, codes: Tensor) -> Tensor:
        """Codes ``[B, K, T]`` to audio ``[B, T * samples_per_frame]``."""
        ...


@dataclass(frozen=True, slots=True)
class TextStates:
    """Text to attend to: states ``[B, L, D]`` and mask ``[B, L]``, True = a word."""

    states: Tensor
    mask: Tensor


class TextConditioner(Protocol):
    """Words to states. An empty text has an all-False mask and is the null condition."""

    dim: int

    def __call__(self, texts: Sequence[str]) -> TextStates:
        """States for a batch of texts, padded to the longest; padding is masked."""
        ...
