"""Decoding: from words and given codes to all codes, stage by stage, in parallel over frames.

Each stage fills one codebook (arXiv 2401.04577, section 3). It begins with all that is not given
masked; each step draws codes for what is masked, then masks again the spans of which the network
was least sure, fewer each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from osc_server.contract.errors import BadRequest, GenerationFailed
from osc_server.magnet.guided import GuidedNetwork
from osc_server.magnet.masks import masked_frames
from osc_server.magnet.protocols import TextStates
from osc_server.magnet.sampling import Draws, take_codes
from osc_server.magnet.schedule import Step, stage_steps
from osc_server.magnet.spans import arrange
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import Decoding, OnStep

STEPS_IN_FLIGHT = 2  # launched on a GPU before the first of them has ended


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """B items to decode together.

    Attributes:
        text: states of the prompts, on the network's device.
        beat: beat features ``[B, T, F]`` on the same device, or None for no tempo.
        given: ``[B, K, T]`` long on the CPU, read where ``keep`` is True.
        keep: ``[B, K, T]`` bool on the CPU, True = given.
        decoding: how codes are drawn; one number of steps for each codebook.
        draws: the randomness of the items.
        wrap_frames: of circular decoding, 0 = a line.
    """

    text: TextStates
    beat: Tensor | None
    given: Tensor
    keep: Tensor
    decoding: Decoding
    draws: Draws
    wrap_frames: int = 0


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """What a job gave, on the CPU.

    Attributes:
        codes: ``[B, K, T]`` long.
        confidence: ``[B, K, T]`` float32, the probability of each code when it was drawn, 1 where
            it was given.
    """

    codes: Tensor
    confidence: Tensor


@dataclass(frozen=True, slots=True)
class _Pass:
    """One forward pass of a stage.

    Attributes:
        stage: codebook that is drawn.
        step: of the stage's schedule.
        drawn: ``[B, T]`` bool, the frames that are drawn: whole spans.
        unknown: ``[B, T]`` bool, of those the ones that are written. A given frame in a span of
            which only a part is given is drawn to be scored, as the reference does, and stays.
        n_drawn: for each item, an upper bound of the frames drawn.
    """

    stage: int
    step: Step
    drawn: Tensor
    unknown: Tensor
    n_drawn: Sequence[int]


class Decoder:
    """Decodes with one network. Not for two threads at once."""

    def __init__(self, network: MagnetTransformer, span: int) -> None:
        """Make a decoder.

        Args:
            network: in eval mode.
            span: frames in a span, as the network was trained with.
        """
        self._network = network
        self._span = span

    @torch.inference_mode()
    def decode(self, job: DecodeJob, on_step: OnStep) -> DecodedBatch:
        """All codes of a job; given ones are unchanged.

        Args:
            job: what to decode.
            on_step: told after each step; what it raises ends the job.

        Raises:
            BadRequest: not one number of steps for each codebook.
            GenerationFailed: the network gave not-a-number.
        """
        n_codebooks, n_frames = job.keep.shape[1:]
        if len(job.decoding.steps) != n_codebooks or min(job.decoding.steps) < 1:
            raise BadRequest(f"steps: give {n_codebooks} numbers from 1, one for each codebook")
        device = job.text.states.device
        codes = job.given.masked_fill(~job.keep, self._network.spec.mask_token).to(device)
        confidence = torch.ones(codes.shape, device=device)
        guided = GuidedNetwork(self._network, job.text, job.beat, n_frames, job.wrap_frames)
        open_stages = [k for k in range(n_codebooks) if not bool(job.keep[:, k].all())]
        n_steps = sum(job.decoding.steps[k] for k in open_stages)
        progress = _Progress(on_step, n_steps, device)
        for stage in open_stages:
            confidence[:, stage] = self._decode_stage(job, guided, codes, stage, progress)
        return DecodedBatch(codes.cpu(), confidence.cpu())

    def _decode_stage(
        self, job: DecodeJob, guided: GuidedNetwork, codes: Tensor, stage: int, progress: _Progress
    ) -> Tensor:
        """Fill codebook ``stage`` of ``codes``, in place; returns how sure it was, ``[B, T]``."""
        decoding = job.decoding
        unknown = ~job.keep[:, stage]
        spans = arrange(decoding.span, unknown, self._span, decoding.scoring, codes.device)
        steps = stage_steps(decoding, decoding.steps[stage])
        n_masked = [[step.n_masked(n) for n in spans.n_unknown] for step in steps]
        n_masked_there = torch.tensor(n_masked, device=codes.device)
        unknown = unknown.to(codes.device)
        drawn = spans.at_first
        sure = torch.ones(drawn.shape, device=codes.device)
        broken = torch.zeros((), dtype=torch.bool, device=codes.device)
        for i, step in enumerate(steps):
            n_drawn = [spans.most_frames(item, n) for item, n in enumerate(n_masked[i])]
            at = _Pass(stage, step, drawn, unknown, n_drawn)
            confidence = self._draw(job, guided, codes, at)
            sure = torch.where(drawn & unknown, confidence, sure)
            broken |= confidence.isnan().any()
            if i + 1 < len(steps):
                drawn = spans.choose(spans.score(confidence, drawn), n_masked_there[i + 1])
            progress.step()
        if bool(broken):
            raise GenerationFailed(
                "the model gave not-a-number: lower guidance, or load the model again"
            )
        return sure

    def _draw(self, job: DecodeJob, guided: GuidedNetwork, codes: Tensor, at: _Pass) -> Tensor:
        """Draw new codes, in place; returns the probabilities ``[B, T]`` of what was drawn."""
        row = codes[:, at.stage]
        row.masked_fill_(at.drawn & at.unknown, self._network.spec.mask_token)
        frames, is_drawn = masked_frames(at.drawn, max(at.n_drawn))
        logits = guided.logits(codes, at.stage, frames, at.step.guidance)
        drawn, sure = take_codes(
            logits,
            at.step.temperature,
            job.decoding,
            lambda probabilities: job.draws.times(probabilities, frames, at.n_drawn),
        )
        is_written = is_drawn & at.unknown.gather(1, frames)
        row.scatter_(1, frames, torch.where(is_written, drawn, row.gather(1, frames)))
        return sure.new_ones(at.drawn.shape).scatter_(1, frames, sure)


class _Progress:
    """Tells the caller of each step, and keeps the host at most a few steps ahead of a GPU.

    Without the latter, progress would be told of work only queued and a cancel would come too late.
    """

    def __init__(self, on_step: OnStep, n_steps: int, device: torch.device) -> None:
        self._on_step = on_step
        self._n_steps = n_steps
        self._done = 0
        self._on_gpu = device.type == "cuda"
        self._launched: deque[torch.cuda.Event] = deque()

    def step(self) -> None:
        if self._on_gpu:
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
            self._launched.append(event)
            if len(self._launched) > STEPS_IN_FLIGHT:
                self._launched.popleft().synchronize()
        self._done += 1
        self._on_step(self._done, self._n_steps)
