"""Writing and judging codes one step after another, with any network that is bound to some texts.

The codes lie in the delay pattern (see ``delay_pattern``): each step reads the codes that the step
before it wrote, one of each codebook, and writes the next. What has been read is kept by the
network (keys and values), so that a step costs the same at any place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from osc_server.contract.errors import GenerationFailed
from osc_server.magnet.delay_pattern import delayed_inputs
from osc_server.magnet.sampling import Draws, take_codes
from osc_server.rendering.plan import Decoding, OnStep


class Reader(Protocol):
    """An autoregressive network bound to R texts, at some place of a sequence."""

    mask_token: int

    def read(self, inputs: Tensor) -> Tensor:
        """Read the codes of the next S steps, ``[K, S]``: hidden states ``[R, S, dim]``."""
        ...

    def head(self, hidden: Tensor, codebook: int) -> Tensor:
        """Logits ``[..., V]`` of one codebook from hidden states ``[..., dim]``."""
        ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """How codes are drawn one after another; the defaults are those of MusicGen (arXiv 2306.05284).

    Attributes:
        temperature: divisor of the logits, > 0.
        top_k: likeliest codes that are drawn from; 0 = all.
        top_p: share of the likeliest that is drawn from; 0 = all.
        guidance: how far to go from no words (or the negative prompt) past the prompt.
        greedy: take the likeliest instead of drawing.
    """

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    guidance: float = 3.0
    greedy: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """What is written.

    Attributes:
        given: ``[K, n]`` long, read where ``keep`` is True.
        keep: ``[K, n]`` bool, True = given, on the CPU.
        weights: ``[R, n]`` float32, how much the logits of each text count in each frame: shares of
            the prompts times guidance, and what is left to 1 for the text to go away from.
    """

    given: Tensor
    keep: Tensor
    weights: Tensor


@torch.inference_mode()
def write(
    reader: Reader, passage: Passage, sampling: Sampling, draws: Draws, on_step: OnStep
) -> Tensor:
    """All codes of a passage, ``[K, n]`` long; given ones are unchanged, wherever they lie.

    Args:
        reader: at its beginning.
        passage: what is given, and how the texts are mixed.
        sampling: how codes are drawn.
        draws: the randomness, for one item.
        on_step: told after each step; what it raises ends the writing.

    Raises:
        GenerationFailed: the network gave not-a-number.
    """
    n_codebooks, n_frames = passage.keep.shape
    n_known = int(passage.keep.all(dim=0).long().cumprod(dim=0).sum())
    if n_known == n_frames:
        return passage.given.clone()
    device = passage.given.device
    keep = passage.keep.to(device)
    codes = passage.given.masked_fill(~keep, reader.mask_token)
    # What the steps read; a place is filled when its code is known.
    laid = delayed_inputs(codes[None], reader.mask_token).inputs[0]
    # The first steps write nothing new: all that they read is read at once.
    n_steps = laid.shape[1] - n_known
    decoding = Decoding(top_k=sampling.top_k, top_p=sampling.top_p, greedy=sampling.greedy)
    broken = torch.zeros((), dtype=torch.bool, device=device)
    for i in range(n_steps):
        step = n_known + i
        hidden = reader.read(laid[:, : step + 1] if i == 0 else laid[:, step : step + 1])[:, -1]
        rows = [k for k in range(n_codebooks) if 0 <= step - k < n_frames]
        frames = torch.tensor([[step - k for k in rows]], device=device)
        logits = torch.stack(
            [_mixed(reader.head(hidden, k), passage.weights[:, step - k]) for k in rows]
        )
        drawn, sure = take_codes(
            logits[None],
            sampling.temperature,
            decoding,
            lambda p, at=frames: draws.times(p, at, [p.shape[1]]),  # type: ignore[misc]
        )
        broken |= sure.isnan().any()
        for k, code in zip(rows, drawn[0], strict=True):
            frame = step - k
            codes[k, frame] = torch.where(keep[k, frame], codes[k, frame], code)
            if step + 1 < laid.shape[1]:
                laid[k, step + 1] = codes[k, frame]
        on_step(i + 1, n_steps)
    if bool(broken):
        raise GenerationFailed(
            "the autoregressive model gave not-a-number: leave the hint out, or load it again"
        )
    return codes


@torch.inference_mode()
def judge_next(reader: Reader, codes: Tensor, stage: int, shares: Tensor) -> Tensor:
    """How likely each code of a codebook is after all before it, read in one pass.

    Args:
        reader: at its beginning.
        codes: ``[K, T]`` long, of which those of the codebooks up to ``stage`` are known.
        stage: the codebook that is judged.
        shares: ``[R, T]``, how much the logits of each text count in each frame.

    Returns:
        ``[T]`` float32, 0..1.
    """
    n_frames = codes.shape[1]
    inputs = delayed_inputs(codes[None], reader.mask_token, n_known=stage + 1).inputs[0]
    hidden = reader.read(inputs[:, : n_frames + stage])[:, stage:]
    logits = (reader.head(hidden, stage).float() * shares[:, :, None]).sum(dim=0)
    wanted = codes[stage].clamp_max(logits.shape[-1] - 1)[:, None]
    return logits.softmax(dim=-1).gather(-1, wanted)[:, 0]


def _mixed(logits: Tensor, weights: Tensor) -> Tensor:
    """Logits ``[R, V]`` weighted by ``[R]``."""
    return (logits.float() * weights[:, None]).sum(dim=0)


class KeyValueCache:
    """Keys and values of the steps read so far: implements ``attention.Past``."""

    def __init__(self, n_layers: int, n_steps: int) -> None:
        """Make an empty one for at most ``n_steps`` steps."""
        self._n_steps = n_steps
        self._n_read = [0] * n_layers
        self._buffers: list[tuple[Tensor, Tensor] | None] = [None] * n_layers

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """See ``attention.Past``."""
        begin, end = self._n_read[layer], self._n_read[layer] + keys.shape[1]
        if begin == 0 and end == self._n_steps:  # all at once: nothing has to be kept
            return keys, values
        buffers = self._buffers[layer]
        if buffers is None:
            shape = (keys.shape[0], self._n_steps, *keys.shape[2:])
            buffers = self._buffers[layer] = (keys.new_empty(shape), values.new_empty(shape))
        for buffer, new in zip(buffers, (keys, values), strict=True):
            buffer[:, begin:end] = new
        self._n_read[layer] = end
        return buffers[0][:, :end], buffers[1][:, :end]


def guidance_weights(shares: Tensor, guidance: float, has_null: bool) -> Tensor:
    """Weights of the rows in the mixed logits.

    Args:
        shares: ``[R, n]``, of the prompts; they sum to 1.
        guidance: see ``Sampling``; read where there is a null row.
        has_null: whether a row to go away from comes after those of the prompts.

    Returns:
        ``[R, n]``, or ``[R + 1, n]`` with it.
    """
    if not has_null:
        return shares
    null = torch.full_like(shares[:1], 1 - guidance)
    return torch.cat([shares * guidance, null])


def words_differ(texts: Sequence[str], negative: str) -> bool:
    """Whether there is anything for guidance to tell apart."""
    return any(text.strip() for text in texts) or bool(negative.strip())
