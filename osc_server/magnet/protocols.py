"""The seams of the model: its codec, its text encoder, and its autoregressive companion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from osc_server.rendering.plan import Codes, OnStep, Plan


class Codec(Protocol):
    """Audio to codes and back; a waveform decoder (EnCodec) and a spectral one alike."""

    sample_rate_hz: int
    samples_per_frame: int
    n_codebooks: int
    codebook_size: int

    def encode(self, audio: Tensor) -> Tensor:
        """``[B, n_samples]`` float32 in -1..1 to codes ``[B, K, T]``, T = ceil(n / frame)."""
        ...

    def decode(self, codes: Tensor, *, circular: bool = False) -> Tensor:
        """Codes ``[B, K, T]`` to audio ``[B, T * samples_per_frame]``; circular closes a loop."""
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


class Rescorer(Protocol):
    """An autoregressive model bound to the words and the beat of some plans."""

    def probabilities(self, codes: Tensor, stage: int) -> Tensor:
        """How likely each code of a codebook is, given all codes of earlier frames.

        Args:
            codes: ``[B, K, T]`` long on the engine's device, a row for each plan; codebooks up to
                ``stage`` are filled, those after it hold the mask token. On a plan that wraps the
                frames are a circle.
            stage: the codebook that is judged.

        Returns:
            ``[B, T]`` float32, 0..1, on the same device.
        """
        ...


class Companion(Protocol):
    """An autoregressive model of the same codes: it writes beginnings and judges what is drawn."""

    name: str

    def hint(self, plan: Plan, n_frames: int, on_step: OnStep) -> Codes:
        """The first ``n_frames`` of the plan, ``[K, n_frames]``; see ``Engine.hint``."""
        ...

    def rescorer(self, plans: Sequence[Plan]) -> Rescorer:
        """Bind the words (weighted ones where there are several) and the beat of a batch."""
        ...
