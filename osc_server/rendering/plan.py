"""The plan (all that an engine needs, in frames) and the Engine protocol that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]  # [K, T]
KeepMask = NDArray[np.bool_]  # [K, T], True = given
Audio = NDArray[np.float32]  # [n_samples, n_channels]
OnStep = Callable[[int, int], None]
"""Called after each step with (steps done, steps in all); raises Cancelled to stop the job."""
OnStage = Callable[[int, Sequence[Codes]], None]
"""Called when a codebook is complete: how many are, and each plan's codes ``[k, n_frames]``."""
OnPreview = Callable[[Path, int], None]
"""Told once the first codebooks can be heard: a WAV, and of how many codebooks it is."""
SecondsLeft = Callable[[], float]
"""Seconds until the codes must be there; asked before each step."""
VaryStrategy = Literal["weakest", "strongest", "periodic", "random", "texture"]


@dataclass(frozen=True, slots=True)
class Decoding:
    """How codes are drawn, complete; ranges as in ``contract.requests.DecodingOptions``.

    ``guided_codebooks`` is the model's own: so many codebooks, from the first, follow guidance, and
    the others the words alone, which takes half the time; 0 = all follow it.
    """

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
    guided_codebooks: int = 0

    def is_guided(self, codebook: int) -> bool:
        """Whether guidance holds for a codebook, counted from 0."""
        return self.guided_codebooks == 0 or codebook < self.guided_codebooks

    def of(self, codebook: int) -> Decoding:
        """How the codes of one codebook are drawn."""
        if self.is_guided(codebook):
            return self
        return replace(self, guidance_max=1.0, guidance_min=1.0)


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
class MixedPrompt:
    """One of several prompts whose logits are mixed.

    Attributes:
        text: the words.
        weight: share of it, > 0; the weights that sound in a frame are scaled to a sum of 1.
        first_frame: where it begins.
        end_frame: where it ends, exclusive; None = at the end.
    """

    text: str
    weight: float = 1.0
    first_frame: int = 0
    end_frame: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """Which part of given codes is drawn anew, chosen by the engine.

    Attributes:
        amount: share of the spans, 0..1; 0 keeps all, 1 keeps none.
        strategy: ``weakest`` and ``strongest`` by a fresh confidence pass of the network over the
            given codes, ``periodic`` at even distances, ``random`` by the seed; ``texture`` keeps
            the first codebook and redraws that share of the others.
    """

    amount: float
    strategy: VaryStrategy = "weakest"


@dataclass(frozen=True, slots=True)
class Plan:
    """One item to render.

    Attributes:
        prompt: the words; where ``mix`` is given it is not read.
        negative: words to go away from: they take the place of the null condition in guidance.
        mix: several prompts instead of one.
        n_frames: length in frames, 1..window.
        wrap_frames: for a loop, frames of its own tail and head laid around the tile at each step
            (circular decoding, arXiv 2504.04466); 0 decodes it as a line.
        keep_codes: [K, n_frames] given codes, or None; read only where keep_mask is True.
        keep_mask: [K, n_frames], True = given, or None for nothing given.
        revision: of what is given, what is drawn anew after all; None = nothing.
        rescoring: weight 0..1 of the autoregressive companion's probabilities when spans are
            ranked (arXiv 2401.04577, section 3.3); 0 = the network ranks alone.
        companion: which autoregressive model writes its hint and rescores it; empty = the
            model's own.
    """

    prompt: str
    n_frames: int
    seed: int
    decoding: Decoding
    beat_grid: BeatGrid | None = None
    wrap_frames: int = 0
    keep_codes: Codes | None = None
    keep_mask: KeepMask | None = None
    revision: Revision | None = None
    rescoring: float = 0.0
    negative: str = ""
    mix: tuple[MixedPrompt, ...] = ()
    companion: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What an engine made of a plan.

    Attributes:
        codes: ``[K, n_frames]``.
        confidence: ``[K, n_frames]`` float32, the network's probability of each code when it was
            drawn; 1 where it was given.
        notes: what was done otherwise than planned (steps cut for a deadline, a batch made
            smaller), one sentence each.
    """

    codes: Codes
    confidence: NDArray[np.float32]
    notes: tuple[str, ...] = ()


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
    companion: str = ""  # the autoregressive model for hints and rescoring; empty = none


class Engine(Protocol):
    """A loaded model. One thread at a time; the worker process owns it."""

    @property
    def info(self) -> EngineInfo:
        """What this model is."""
        ...

    def generate(
        self,
        plans: Sequence[Plan],
        on_step: OnStep,
        *,
        on_stage: OnStage | None = None,
        seconds_left: SecondsLeft | None = None,
    ) -> list[Decoded]:
        """Codes for each plan, as one batch; equal to each plan run alone.

        The plans of one call share ``decoding``, ``n_frames``, ``wrap_frames``, ``rescoring`` and
        ``companion``; raises ValueError where they do not. Raises GenerationFailed on not-a-number.

        Args:
            plans: what to make.
            on_step: told of each step.
            on_stage: told of each complete codebook, for previews.
            seconds_left: where given, steps are left out so that it stays positive, planned anew
                before each step from the steps measured so far.
        """
        ...

    def hint(self, plan: Plan, n_frames: int, on_step: OnStep) -> Codes:
        """The first ``n_frames`` of the plan, written by the autoregressive companion, ``[K, n]``.

        Raises ModelUnavailable where the model has none, or none of the name that the plan says.
        """
        ...

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of a prompt that the model has never learned; empty where it cannot tell."""
        ...

    def surprise(
        self, codes: Codes, plan: Plan, needed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """How unexpected each frame is among the others: nats a code, mean over codebooks, ``[T]``.

        Spans are masked in turn and judged by the network from all that surrounds them (on the
        circle where the plan wraps); its exponential is the perplexity of arXiv 2504.04466.

        Args:
            codes: ``[K, T]``.
            plan: their words, beat and circle.
            needed: ``[T]``, the frames that matter; of the others an even sample may be judged and
                the rest be not-a-number. None = all.
        """
        ...

    def decode(self, codes: Codes, *, circular: bool) -> Audio:
        """Audio ``[T * samples per frame, 1]`` at the model's rate; circular closes the loop.

        The first codebooks alone, ``[k, T]``, give a coarse preview.
        """
        ...

    def encode(self, audio: Audio) -> Codes:
        """Codes ``[K, T]`` of mono audio ``[n_samples, 1]`` at the model's rate."""
        ...
