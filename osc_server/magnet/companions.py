"""The autoregressive companions of MAGNeT: what writes beginnings and judges what is drawn.

Either shares its weights (the embedded model, trained in both modes) or is a MusicGen of the same
codes (official checkpoints; see ``musicgen``). Here is what they have in common, and the former.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from osc_server.magnet.attention import TextMemory
from osc_server.magnet.autoregressive import (
    KeyValueCache,
    Passage,
    Reader,
    Sampling,
    guidance_weights,
    judge_next,
    words_differ,
    write,
)
from osc_server.magnet.beat import beat_features
from osc_server.magnet.protocols import TextConditioner
from osc_server.magnet.sampling import SeededDraws
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.mixing import weigh
from osc_server.rendering.plan import BeatGrid, Codes, OnStep, Plan

SHARED = "shared"
"""What xp.cfg calls, under ``companion``, a network that was trained in both modes."""
_OTHER_DRAWS = 0x5DEECE66D  # so that a hint and what follows it do not draw the same numbers


SMALL_WEIGHTS = 50_000_000
"""Below, a step on CPU is so short that threads would mostly wait for each other."""


class CausalNetwork(Protocol):
    """An autoregressive network of the same codes.

    Attributes:
        device: where it computes.
        is_small: whether single steps are best done by one thread.
    """

    device: torch.device
    is_small: bool

    def begin(
        self, texts: Sequence[str], has_null: bool, grid: BeatGrid | None, span: tuple[int, int]
    ) -> Reader:
        """A reader at the beginning of a sequence.

        Args:
            texts: the words of its rows; an empty one is the null condition.
            has_null: whether one row more has none.
            grid: where the beats lie, or None.
            span: frame of the first step, may be negative, and the most steps that will be read.
        """
        ...


class AutoregressiveCompanion:
    """A ``Companion`` made of any causal network."""

    def __init__(self, name: str, network: CausalNetwork, sampling: Sampling) -> None:
        """Make one; ``sampling`` is how it writes."""
        self.name = name
        self._network = network
        self._sampling = sampling

    def hint(self, plan: Plan, n_frames: int, on_step: OnStep) -> Codes:
        """See ``Companion.hint``; what the plan gives of these frames is kept.

        Raises:
            GenerationFailed: the network gave not-a-number.
        """
        device = self._network.device
        sampling = replace(self._sampling, greedy=plan.decoding.greedy)
        texts, shares = self._words(plan, n_frames)
        has_null = sampling.guidance != 1 and words_differ(texts, plan.negative)
        rows, has_empty_null = texts, has_null
        if has_null and plan.negative.strip():
            rows, has_empty_null = [*texts, plan.negative], False
        given, keep = _given(plan, n_frames)
        n_steps = n_frames + len(keep) - 1
        reader = self._network.begin(rows, has_empty_null, plan.beat_grid, (0, n_steps))
        weights = guidance_weights(shares, sampling.guidance, has_null)
        passage = Passage(given.to(device), keep, weights)
        draws = SeededDraws([(plan.seed + _OTHER_DRAWS) % 2**63], device)
        with _one_thread() if self._network.is_small else nullcontext():
            codes = write(reader, passage, sampling, draws, on_step)
        return codes.cpu().numpy().astype(np.int64)

    def rescorer(self, plans: Sequence[Plan]) -> _Rescorer:
        """See ``Companion.rescorer``."""
        return _Rescorer(self._network, [(plan, *self._words(plan)) for plan in plans])

    def _words(self, plan: Plan, n_frames: int | None = None) -> tuple[list[str], Tensor]:
        """The prompts of a plan and their shares ``[R, n]``."""
        weighed = weigh(plan)
        shares = np.stack([row[:n_frames] for _, row in weighed])
        return [text for text, _ in weighed], torch.from_numpy(shares).to(self._network.device)


class _Rescorer:
    """Implements ``protocols.Rescorer``: each plan is judged by itself."""

    def __init__(
        self, network: CausalNetwork, items: Sequence[tuple[Plan, list[str], Tensor]]
    ) -> None:
        self._network = network
        self._items = items

    def probabilities(self, codes: Tensor, stage: int) -> Tensor:
        """See ``Rescorer.probabilities``; a circle is read on from its own tail."""
        return torch.stack(
            [
                self._judge(item, stage, *bound)
                for item, bound in zip(codes, self._items, strict=True)
            ]
        )

    def _judge(
        self, codes: Tensor, stage: int, plan: Plan, texts: list[str], shares: Tensor
    ) -> Tensor:
        n_frames, wrap = codes.shape[1], plan.wrap_frames
        around = torch.arange(-wrap, n_frames, device=codes.device) % n_frames
        span = (-wrap, wrap + n_frames + stage)
        reader = self._network.begin(texts, False, plan.beat_grid, span)
        return judge_next(reader, codes[:, around], stage, shares[:, around])[wrap:]


class SharedNetwork:
    """MAGNeT's own network with causal attention: implements ``CausalNetwork``."""

    def __init__(
        self,
        network: MagnetTransformer,
        conditioner: TextConditioner,
        frame_rate: int,
        device: torch.device,
    ) -> None:
        """Wrap a network that was trained in both modes."""
        spec = network.spec
        self.device = device
        self.is_small = 12 * spec.n_layers * spec.dim**2 < SMALL_WEIGHTS and device.type == "cpu"
        self._network = network
        self._conditioner = conditioner
        self._frame_rate = frame_rate

    @torch.inference_mode()
    def begin(
        self, texts: Sequence[str], has_null: bool, grid: BeatGrid | None, span: tuple[int, int]
    ) -> _SharedReader:
        """See ``CausalNetwork.begin``."""
        first_frame, n_steps = span
        beat = None
        if grid is not None:
            rows = beat_features(grid, n_steps, first_frame, frame_rate=self._frame_rate)
            beat = torch.from_numpy(rows)[None].to(self.device)
        text = self._conditioner(texts)
        network = self._network
        features = network.causal_beat(torch.empty(1, 0, n_steps, device=self.device), beat)
        return _SharedReader(
            network,
            network.text_memory(text.states, text.mask),
            len(texts) + has_null,
            network.frame_inputs(n_steps, features),
        )


class _SharedReader:
    """Implements ``autoregressive.Reader``."""

    def __init__(
        self, network: MagnetTransformer, memory: TextMemory, n_rows: int, inputs: Tensor
    ) -> None:
        self.mask_token = network.spec.mask_token
        self._network = network
        self._memory = memory
        self._n_rows = n_rows
        self._inputs = inputs  # [1, S, dim]
        self._past = KeyValueCache(network.spec.n_layers, inputs.shape[1])
        self._at = 0

    def read(self, inputs: Tensor) -> Tensor:
        """See ``Reader.read``."""
        end = self._at + inputs.shape[1]
        x = self._network.embed(inputs[None], self._inputs[:, self._at : end])
        self._at = end
        # Rows beyond those of the memory have no words: see TransformerLayer.
        rows = x.expand(self._n_rows, -1, -1)
        return self._network.causal_hidden(rows, self._memory, self._past)

    def head(self, hidden: Tensor, codebook: int) -> Tensor:
        """See ``Reader.head``."""
        return self._network.head(hidden, codebook)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute on one thread, and then on as many as before."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _given(plan: Plan, n_frames: int) -> tuple[Tensor, Tensor]:
    """What a plan gives of its first frames, and where, ``[K, n]`` each."""
    shape = (len(plan.decoding.steps), n_frames)  # one number of steps for each codebook
    if plan.keep_codes is None or plan.keep_mask is None:
        return torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.bool)
    given = np.ascontiguousarray(plan.keep_codes[:, :n_frames], dtype=np.int64)
    keep = np.ascontiguousarray(plan.keep_mask[:, :n_frames])
    return torch.from_numpy(given), torch.from_numpy(keep)
