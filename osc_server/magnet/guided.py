"""The network with one job bound to it: its text, its beat, its circle, its guidance."""

from __future__ import annotations

import torch
from torch import Tensor

from osc_server.magnet.protocols import TextStates
from osc_server.magnet.transformer import MagnetTransformer


class GuidedNetwork:
    """Logits for the frames that are asked for; what does not change in a job is made once."""

    def __init__(
        self,
        network: MagnetTransformer,
        text: TextStates,
        beat: Tensor | None,
        n_frames: int,
        wrap_frames: int,
    ) -> None:
        """Bind a job.

        Args:
            network: in eval mode.
            text: states of B texts.
            beat: beat features ``[B, n_frames, F]``, or None.
            n_frames: length of the tile, T.
            wrap_frames: frames of its own tail and head that the tile sees around itself (circular
                decoding, arXiv 2504.04466), may exceed T; 0 = a line.
        """
        self._network = network
        self._has_text = bool(text.mask.any())
        self._memory = network.text_memory(text.states, text.mask)
        self._wrap_frames = wrap_frames
        device = text.states.device
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
        if self._wrap_frames:
            codes = codes[:, :, self._around]
            frames = frames + self._wrap_frames
        x = self._network.embed(codes, self._inputs)
        guided = guidance != 1 and self._has_text
        if guided:
            x = torch.cat([x, x])  # the second half has no text: see TransformerLayer
            frames = torch.cat([frames, frames])
        hidden = self._network.hidden(x, stage, self._memory)
        wanted = hidden.gather(1, frames[..., None].expand(-1, -1, hidden.shape[-1]))
        logits = self._network.head(wanted, stage).float()
        if guided:
            told, null = logits.chunk(2)
            logits = null + (told - null) * guidance
        return logits
