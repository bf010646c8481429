"""Decoding: from words and given codes to all codes, stage by stage, in parallel over frames.

Each stage fills one codebook (arXiv 2401.04577, section 3). It begins with all that is not given
masked; each step draws codes for what is masked, then masks again the spans of which the network
was least sure, fewer each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from osc_server.contract.errors import BadRequest
from osc_server.magnet.guided import PLAIN, Wording
from osc_server.magnet.protocols import Rescorer, TextStates
from osc_server.magnet.sampling import Draws
from osc_server.magnet.stages import OnDraw, StageFiller
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.pacing import Pace, StageWork, StepTimes
from osc_server.rendering.plan import Decoding, OnStep, SecondsLeft

STEPS_IN_FLIGHT = 2  # launched on a GPU before the first of them has ended


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """B items to decode together.

    Attributes:
        text: states of the prompts, on the network's device: a row for each item, or as
            ``wording`` says.
        beat: beat features ``[B, T, F]`` on the same device, or None for no tempo.
        given: ``[B, K, T]`` long on the CPU, read where ``keep`` is True.
        keep: ``[B, K, T]`` bool on the CPU, True = given.
        decoding: how codes are drawn; one number of steps for each codebook.
        draws: the randomness of the items.
        wrap_frames: of circular decoding, 0 = a line.
        wording: which rows of ``text`` sound where, and what guidance goes away from.
        rescorer: the autoregressive companion, bound to the same items.
        rescoring: weight 0..1 of its probabilities when spans are ranked (section 3.3).
    """

    text: TextStates
    beat: Tensor | None
    given: Tensor
    keep: Tensor
    decoding: Decoding
    draws: Draws
    wrap_frames: int = 0
    wording: Wording = PLAIN
    rescorer: Rescorer | None = None
    rescoring: float = 0.0


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """What a job gave, on the CPU.

    Attributes:
        codes: ``[B, K, T]`` long.
        confidence: ``[B, K, T]`` float32, the network's probability of each code when it was drawn,
            1 where it was given.
        notes: what was done otherwise than planned, one sentence each.
    """

    codes: Tensor
    confidence: Tensor
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told what happens while codes are drawn, and who sets the deadline.

    Attributes:
        on_step: told after each step of (steps done, steps in all); what it raises ends the job.
        on_stage: told after each stage of (codebooks complete, codes ``[B, k, T]`` of each job).
        on_draw: told of each draw of (codebook, step, frames drawn ``[B, T]`` bool).
        seconds_left: until the codes must be there; steps are left out so that it stays positive.
    """

    on_step: OnStep
    on_stage: Callable[[int, list[Tensor]], None] | None = None
    on_draw: OnDraw | None = None
    seconds_left: SecondsLeft | None = None


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
        self._step_times = StepTimes()

    def decode(self, job: DecodeJob, on_step: OnStep) -> DecodedBatch:
        """One job; see ``decode_all``."""
        return self.decode_all([job], Listeners(on_step))[0]

    @torch.inference_mode()
    def decode_all(self, jobs: Sequence[DecodeJob], listeners: Listeners) -> list[DecodedBatch]:
        """All codes of some jobs; given ones are unchanged.

        The jobs go through each stage one after another, so that their first codebooks can be heard
        early and a deadline takes the same from each.

        Raises:
            BadRequest: not one number of steps for each codebook.
            GenerationFailed: the network gave not-a-number, twice.
        """
        n_codebooks = self._network.spec.n_codebooks
        for job in jobs:
            steps = job.decoding.steps
            if len(steps) != n_codebooks or min(steps) < 1:
                raise BadRequest(f"steps: give {n_codebooks} numbers from 1, one for each codebook")
        fillers = [StageFiller(self._network, self._span, job) for job in jobs]
        stages = [[f for f in fillers if f.is_open(stage)] for stage in range(n_codebooks)]
        work = [_work(f, stage) for stage, fillers in enumerate(stages) for f in fillers]
        pace = Pace(work, self._step_times, listeners.seconds_left)
        progress = _Progress(listeners, pace, self._network.out_norm.weight.device)
        for stage, open_fillers in enumerate(stages):
            for filler in open_fillers:
                filler.fill(stage, pace, progress.step, listeners.on_draw)
            if open_fillers and listeners.on_stage is not None:
                listeners.on_stage(stage + 1, [f.codes[:, : stage + 1].cpu() for f in fillers])
        notes = pace.notes()
        return [DecodedBatch(f.codes.cpu(), f.confidence.cpu(), f.notes + notes) for f in fillers]


def _work(filler: StageFiller, stage: int) -> StageWork:
    job = filler.job
    n_rows = len(job.text.mask) + len(job.keep) * job.decoding.is_guided(stage)
    n_frames = job.keep.shape[2] + 2 * job.wrap_frames
    return StageWork(stage, job.decoding.steps[stage], n_rows * n_frames)


class _Progress:
    """Tells the caller of each step, and keeps the host at most a few steps ahead of a GPU.

    Without the latter, progress would be told of work only queued and a cancel would come too late.
    Where there is a deadline the host waits for each step, to know how long it took.
    """

    def __init__(self, listeners: Listeners, pace: Pace, device: torch.device) -> None:
        self._on_step = listeners.on_step
        self._pace = pace
        self._device = device
        self._in_flight = STEPS_IN_FLIGHT if listeners.seconds_left is None else 0
        self._launched: deque[torch.cuda.Event] = deque()
        self._told = 0

    def step(self) -> int:
        """A step was launched; how many more of its stage follow."""
        if self._device.type == "cuda":
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
            self._launched.append(event)
            if len(self._launched) > self._in_flight:
                self._launched.popleft().synchronize()
        elif self._device.type == "mps":
            torch.mps.synchronize()
        n_left = self._pace.end_step()
        self._told = max(self._told, self._pace.n_made)  # a stage that is made again stands still
        self._on_step(self._told, max(self._told, self._pace.n_steps))
        return n_left
