"""One stage of decoding: a codebook is drawn, ranked, masked and drawn again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from osc_server.contract.errors import GenerationFailed
from osc_server.magnet.guided import GuidedNetwork
from osc_server.magnet.masks import masked_frames
from osc_server.magnet.sampling import take_codes
from osc_server.magnet.schedule import Step, respaced, stage_steps
from osc_server.magnet.spans import Spans, arrange
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.pacing import Pace

if TYPE_CHECKING:
    from osc_server.magnet.decoding import DecodeJob

OnDraw = Callable[[int, int, Tensor], None]
"""Called after each draw with (codebook, step of its stage, frames drawn ``[B, T]`` bool)."""
EndStep = Callable[[], int]
"""Called after each step; says how many more of the stage follow."""
HALF_PRECISIONS = (torch.float16, torch.bfloat16)


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


class StageFiller:
    """Fills the codebooks of one job, in order.

    Attributes:
        job: what is decoded.
        codes: ``[B, K, T]`` on the network's device, with mask tokens where nothing is drawn yet.
        confidence: ``[B, K, T]`` float32, the probability of each code when it was drawn.
        notes: what went wrong and was put right.
    """

    def __init__(self, network: MagnetTransformer, span: int, job: DecodeJob) -> None:
        """Bind a job; ``span`` is the frames in one."""
        device = job.text.states.device
        self.job = job
        self.codes = job.given.masked_fill(~job.keep, network.spec.mask_token).to(device)
        self.confidence = torch.ones(self.codes.shape, device=device)
        self.notes: tuple[str, ...] = ()
        self._network = network
        self._span = span
        self._guided = self._bind(network)
        self._is_open = [not bool(job.keep[:, k].all()) for k in range(job.keep.shape[1])]

    def is_open(self, stage: int) -> bool:
        """Whether any of the stage's codebook is not given."""
        return self._is_open[stage]

    def fill(self, stage: int, pace: Pace, end_step: EndStep, on_draw: OnDraw | None) -> None:
        """Draw what is not given of a codebook.

        Not-a-number makes the stage of the items that had it be drawn once more: with the network
        in float32 where it is not so already, with fresh draws in any case.

        Raises:
            GenerationFailed: it came again.
        """
        given = self.codes[:, stage].clone()
        everybody = [True] * len(given)
        run = _StageRun(self, stage, self._guided, everybody)
        sure, broken = run.make(pace.begin_stage(), end_step, on_draw)
        if bool(broken.any()):
            first = self.codes[:, stage].clone()
            self.codes[:, stage] = given
            network = self._steadier_network()
            guided = self._bind(network)
            if network is self._network:
                self._guided = guided  # what the old one kept of its layers may be spoilt
            run = _StageRun(self, stage, guided, broken.tolist())
            again, broken_again = run.make(pace.begin_again(), end_step, on_draw)
            if bool((broken & broken_again).any()):
                raise GenerationFailed(
                    "the model gave not-a-number twice: lower guidance, raise temperature, or load "
                    "the model again"
                )
            self.codes[:, stage] = torch.where(broken[:, None], self.codes[:, stage], first)
            sure = torch.where(broken[:, None], again, sure)
            how = "with fresh draws" if network is self._network else "in float32"
            self.notes += (f"Codebook {stage + 1} was drawn again {how}: it held not-a-number.",)
        self.confidence[:, stage] = sure

    def _bind(self, network: MagnetTransformer) -> GuidedNetwork:
        job = self.job
        n_frames = job.keep.shape[2]
        return GuidedNetwork(network, job.text, job.beat, n_frames, job.wrap_frames, job.wording)

    def _steadier_network(self) -> MagnetTransformer:
        """The network in float32, or the same where it is so already or its layers are replaced."""
        state = self._network.state_dict()
        if self._network.out_norm.weight.dtype not in HALF_PRECISIONS:
            return self._network
        with torch.device("meta"):
            network = MagnetTransformer(self._network.spec)
        if network.state_dict().keys() != state.keys():
            return self._network
        network.load_state_dict({name: w.float() for name, w in state.items()}, assign=True)
        return network.eval().requires_grad_(False)


class _StageRun:
    """One attempt at a stage."""

    def __init__(
        self, filler: StageFiller, stage: int, guided: GuidedNetwork, wanted: Sequence[bool]
    ) -> None:
        """Args: ``wanted``, the items that matter; the others are drawn without randomness."""
        job = filler.job
        self._job = job
        self._codes = filler.codes
        self._stage = stage
        self._guided = guided
        self._wanted = wanted
        self._mask_token = filler._network.spec.mask_token
        unknown = ~job.keep[:, stage]
        self._decoding = decoding = job.decoding.of(stage)
        self._spans: Spans = arrange(
            decoding.span, unknown, filler._span, decoding.scoring, filler.codes.device
        )
        self._unknown = unknown.to(filler.codes.device)

    def make(
        self, n_steps: int, end_step: EndStep, on_draw: OnDraw | None
    ) -> tuple[Tensor, Tensor]:
        """Draw in so many steps, or as many as ``end_step`` then says.

        Returns:
            How sure the network was of each code, ``[B, T]``, and which items met not-a-number.
        """
        spans, decoding = self._spans, self._decoding
        drawn = spans.at_first
        sure = torch.ones(drawn.shape, device=drawn.device)
        broken = torch.zeros(len(drawn), dtype=torch.bool, device=drawn.device)
        steps = stage_steps(decoding, n_steps)
        counts = self._counts(steps)
        i, n_made = 0, 0
        while True:
            step, n_masked = steps[i], counts[0][i]
            n_drawn = [
                spans.most_frames(item, n) if is_wanted else 0
                for item, (n, is_wanted) in enumerate(zip(n_masked, self._wanted, strict=True))
            ]
            confidence = self._draw(_Pass(self._stage, step, drawn, self._unknown, n_drawn))
            written = drawn & self._unknown
            sure = torch.where(written, confidence, sure)
            broken |= confidence.isnan().any(dim=1)
            if on_draw is not None:
                on_draw(self._stage, n_made, written)
            n_made += 1
            n_left = end_step()
            if n_left == 0:
                return sure, broken
            i += 1
            if n_left != len(steps) - i:
                n_planned = decoding.steps[self._stage]
                steps, i = respaced(decoding, n_planned, step, n_left), 0
                counts = self._counts(steps)
            drawn = spans.choose(spans.score(self._ranking(confidence), drawn), counts[1][i])

    def _counts(self, steps: Sequence[Step]) -> tuple[list[list[int]], Tensor]:
        """How much of each item each step masks: here, and ``[n_steps, B]`` on the device."""
        counts = [[step.n_masked(n) for n in self._spans.n_unknown] for step in steps]
        return counts, torch.tensor(counts, device=self._codes.device)

    def _ranking(self, confidence: Tensor) -> Tensor:
        """What spans are ranked by: the network's confidence, and the companion's with it."""
        rescorer, weight = self._job.rescorer, self._job.rescoring
        if rescorer is None or weight == 0:
            return confidence
        external = rescorer.probabilities(self._codes, self._stage).nan_to_num(0.0)
        return weight * external + (1 - weight) * confidence

    def _draw(self, at: _Pass) -> Tensor:
        """Draw new codes, in place; returns the probabilities ``[B, T]`` of what was drawn."""
        row = self._codes[:, at.stage]
        row.masked_fill_(at.drawn & at.unknown, self._mask_token)
        frames, is_drawn = masked_frames(at.drawn, max(at.n_drawn))
        logits = self._guided.logits(self._codes, at.stage, frames, at.step.guidance)
        drawn, sure = take_codes(
            logits,
            at.step.temperature,
            self._decoding,
            lambda probabilities: self._job.draws.times(probabilities, frames, at.n_drawn),
        )
        is_written = is_drawn & at.unknown.gather(1, frames)
        row.scatter_(1, frames, torch.where(is_written, drawn, row.gather(1, frames)))
        return sure.new_ones(at.drawn.shape).scatter_(1, frames, sure)
