"""The network with one job bound to it: its words, its beat, its circle, its guidance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from osc_server.magnet.protocols import TextStates
from osc_server.magnet.transformer import MagnetTransformer


@dataclass(frozen=True, slots=True)
class Wording:
    """What is done with the texts of a job, where it is more than one for each item.

    Attributes:
        items: for each of R texts the item that it is for; None = one for each, in order.
        shares: ``[R, T]`` float32, how much of each text sounds in each frame; those of one item
            sum to 1. Only read where there are ``items``.
        against: states of B texts to go away from, in place of the null condition; an empty one is
            the null condition. None = all are empty.
    """

    items: Sequence[int] | None = None
    shares: Tensor | None = None
    against: TextStates | None = None


PLAIN = Wording()


class GuidedNetwork:
    """Logits for the frames that are asked for; what does not change in a job is made once."""

    def __init__(
        self,
        network: MagnetTransformer,
        text: TextStates,
        beat: Tensor | None,
        n_frames: int,
        wrap_frames: int,
        wording: Wording = PLAIN,
    ) -> None:
        """Bind a job of B items.

        Args:
            network: in eval mode.
            text: states of B texts, or of R where ``wording`` says for which.
            beat: beat features ``[B, n_frames, F]``, or None.
            n_frames: length of the tile, T.
            wrap_frames: frames of its own tail and head that the tile sees around itself (circular
                decoding, arXiv 2504.04466), may exceed T; 0 = a line.
            wording: which texts are for which item, and what to go away from.
        """
        self._network = network
        self._wording = wording
        self._has_text = bool(text.mask.any()) or wording.against is not None
        self._memory = network.text_memory(text.states, text.mask)
        self._guided_memory = self._memory
        if wording.against is not None:
            both = stack_texts(text, wording.against)
            self._guided_memory = network.text_memory(both.states, both.mask)
        device = text.states.device
        self._items: Tensor | None = None
        if wording.items is not None:
            self._items = torch.tensor(wording.items, device=device)
        self._wrap_frames = wrap_frames
        self._around = torch.arange(-wrap_frames, n_frames + wrap_frames, device=device) % n_frames
        wrapped_beat = None if beat is None else beat[:, self._around]
        self._inputs = network.frame_inputs(len(self._around), wrapped_beat)

    def logits(self, codes: Tensor, stage: int, frames: Tensor, guidance: float) -> Tensor:
        """Guided logits of some frames.

        Args:
            codes: ``[B, K, T]``, the tile.
            stage: codebook to predict.
            frames: ``[B, N]``, the frames wanted.
            guidance: how far to go from the null condition past the text; at 1 no null rows run.

        Returns:
            ``[B, N, V]`` float32.
        """
        tile_frames = frames
        if self._wrap_frames:
            codes = codes[:, :, self._around]
            frames = frames + self._wrap_frames
        x = self._network.embed(codes, self._inputs)
        told, wanted = x, frames
        if self._items is not None:
            told, wanted = x[self._items], frames[self._items]
        n_told = len(told)
        guided = guidance != 1 and self._has_text
        if guided:
            # Rows of the second half without words: see TransformerLayer.
            told, wanted = torch.cat([told, x]), torch.cat([wanted, frames])
        memory = self._guided_memory if guided else self._memory
        hidden = self._network.hidden_at(told, stage, memory, wanted)
        logits = self._network.head(hidden, stage).float()
        toward = self._mixed(logits[:n_told], tile_frames)
        if not guided:
            return toward
        null = logits[n_told:]
        return null + (toward - null) * guidance

    def _mixed(self, logits: Tensor, frames: Tensor) -> Tensor:
        """Logits ``[R, N, V]`` of the texts to those of the items, ``[B, N, V]``."""
        items, shares = self._wording.items, self._wording.shares
        if items is None or shares is None:
            return logits
        mixed = logits.new_zeros(len(frames), *logits.shape[1:])
        for row, item in enumerate(items):
            mixed[item] += logits[row] * shares[row][frames[item], None]
        return mixed


def stack_texts(first: TextStates, second: TextStates) -> TextStates:
    """The rows of both, padded to the longer."""
    longest = max(first.states.shape[1], second.states.shape[1])
    states, masks = [], []
    for text in (first, second):
        missing = longest - text.states.shape[1]
        states.append(functional.pad(text.states, (0, 0, 0, missing)))
        masks.append(functional.pad(text.mask, (0, missing)))
    return TextStates(torch.cat(states), torch.cat(masks))
