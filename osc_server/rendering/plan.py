"""The plan (all that an engine needs, in frames) and the Engine protocol that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]  # [K, T]
KeepMask = NDArray[np.bool_]  # [K, T], True = given
Audio = NDArray[np.float32]  # [n_samples, n_channels]
OnStep = Callable[[int, int], None]
"""Called after each step with (steps done, steps in all); raises Cancelled to stop the job."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How codes are drawn, complete; ranges as in ``contract.requests.DecodingOptions``."""

    temperature: float = 3.0
    top_p: float = 0.9
    top_k: int = 0
    guidance_max: float = 10.0
    guidance_min: float = 1.0
    steps: tuple[int, ...] = (20, 10, 10, 10)
    span: Literal["nonoverlap", "stride1"] = "nonoverlap"
    scoring: Literal["max", "prod"] = "max"
    greedy: bool = False
    anneal_temperature: bool = True


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """Where the beats lie on the frames, for models that take tempo as an input.

    Attributes:
        beats_per_frame: quarter notes per codec frame; on a loop exactly beats / n_frames, so that
            the grid closes on the circle although the loop was rounded to whole frames.
        beats_per_bar: quarter notes per bar.
        first_beat: beat at frame 0; negative where frames precede the downbeat.
        cycle_bars: bars after which the material repeats, or 0 if unknown; tells the model whether
            two-bar and four-bar phrases close.
    """

    beats_per_frame: float
    beats_per_bar: float = 4.0
    first_beat: float = 0.0
    cycle_bars: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One item to render.

    Attributes:
        n_frames: length in frames, 1..window.
        wrap_frames: for a loop, frames of its own tail and head laid around the tile at each step
            (circular decoding, arXiv 2504.04466); 0 decodes it as a line.
        keep_codes: [K, n_frames] given codes, or None; read only where keep_mask is True.
        keep_mask: [K, n_frames], True = given, or None for nothing given.
    """

    prompt: str
    n_frames: int
    seed: int
    decoding: Decoding
    beat_grid: BeatGrid | None = None
    wrap_frames: int = 0
    keep_codes: Codes | None = None
    keep_mask: KeepMask | None = None


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What a loaded model is and what it can do."""

    name: str
    weights_hash: str  # sha256 of the model's files
    licence: str
    device: str
    sample_rate_hz: int
    frame_rate: int  # frames per second
    n_codebooks: int
    codebook_size: int
    window_frames: int  # the longest it generates at once
    takes_tempo: bool  # tempo is an input, not only a word
    defaults: Decoding


class Engine(Protocol):
    """A loaded model. One thread at a time; the worker process owns it."""

    @property
    def info(self) -> EngineInfo:
        """What this model is."""
        ...

    def generate(self, plans: Sequence[Plan], on_step: OnStep) -> list[Codes]:
        """Codes ``[K, n_frames]`` for each plan, as one batch; equal to each plan run alone.

        The plans of one call share ``decoding``, ``n_frames`` and ``wrap_frames``; raises
        ValueError where they do not. Raises GenerationFailed on not-a-number.
        """
        ...

    def decode(self, codes: Codes, *, circular: bool) -> Audio:
        """Audio ``[T * samples per frame, 1]`` at the model's rate; circular closes the loop."""
        ...

    def encode(self, audio: Audio) -> Codes:
        """Codes ``[K, T]`` of mono audio ``[n_samples, 1]`` at the model's rate."""
        ...
