"""From plans to a job for the decoder: words become states, beats features, given codes tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from osc_server.contract.errors import BadRequest
from osc_server.magnet.beat import beat_features
from osc_server.magnet.checkpoints import Checkpoint
from osc_server.magnet.companion_choice import Companions
from osc_server.magnet.decoding import DecodeJob
from osc_server.magnet.guided import GuidedNetwork, Wording
from osc_server.magnet.protocols import Rescorer, TextStates
from osc_server.magnet.sampling import SeededDraws
from osc_server.rendering.mixing import text_rows
from osc_server.rendering.plan import Codes, KeepMask, Plan


class JobBuilder:
    """Builds jobs for one model on its device."""

    def __init__(
        self, model: Checkpoint, device: torch.device, companions: Companions | None
    ) -> None:
        """Args: one of ``companions`` rescores where a plan asks for it."""
        self._model = model
        self._device = device
        self._companions = companions

    @torch.inference_mode()
    def job(self, plans: Sequence[Plan]) -> DecodeJob:
        """Plans of equal decoding, length, wrap and rescoring as one job.

        Raises:
            BadRequest: given codes or weights that do not fit.
            ModelUnavailable: no companion of that name can rescore.
        """
        spec = self._model.network.spec
        shape = (spec.n_codebooks, plans[0].n_frames)
        given = np.zeros((len(plans), *shape), dtype=np.int64)
        keep = np.zeros((len(plans), *shape), dtype=np.bool_)
        for i, plan in enumerate(plans):
            _lay_given(plan, given[i], keep[i], spec.codebook_size)
        text, wording = self._words(plans)
        return DecodeJob(
            text=text,
            beat=self._beat(plans),
            given=torch.from_numpy(given),
            keep=torch.from_numpy(keep),
            decoding=plans[0].decoding,
            draws=SeededDraws([plan.seed for plan in plans], self._device),
            wrap_frames=plans[0].wrap_frames,
            wording=wording,
            rescorer=self._rescorer(plans),
            rescoring=plans[0].rescoring,
        )

    @torch.inference_mode()
    def guided(self, plan: Plan) -> GuidedNetwork:
        """The network bound to the words, the beat and the circle of one plan."""
        text, wording = self._words([plan])
        return GuidedNetwork(
            self._model.network,
            text,
            self._beat([plan]),
            plan.n_frames,
            plan.wrap_frames,
            wording,
        )

    def _rescorer(self, plans: Sequence[Plan]) -> Rescorer | None:
        if self._companions is None or plans[0].rescoring == 0:
            return None
        return self._companions.get(plans[0].companion, "rescoring").rescorer(plans)

    def _words(self, plans: Sequence[Plan]) -> tuple[TextStates, Wording]:
        against = None
        if any(plan.negative.strip() for plan in plans):
            against = self._model.conditioner([plan.negative for plan in plans])
        if not any(plan.mix for plan in plans):
            text = self._model.conditioner([plan.prompt for plan in plans])
            return text, Wording(against=against)
        rows = text_rows(plans)
        shares = torch.from_numpy(rows.shares).to(self._device)
        return self._model.conditioner(rows.texts), Wording(rows.items, shares, against)

    def _beat(self, plans: Sequence[Plan]) -> Tensor | None:
        """Beat features of the plans; None where the model knows no tempo or none is given."""
        if not self._model.takes_tempo or all(plan.beat_grid is None for plan in plans):
            return None
        rows = [
            beat_features(plan.beat_grid, plan.n_frames, frame_rate=self._model.frame_rate)
            for plan in plans
        ]
        return torch.from_numpy(np.stack(rows)).to(self._device)


def _lay_given(plan: Plan, given: Codes, keep: KeepMask, codebook_size: int) -> None:
    """Copy what a plan gives into ``[K, T]`` arrays, in place."""
    if plan.keep_mask is None:
        return
    shapes = {plan.keep_mask.shape, getattr(plan.keep_codes, "shape", None)}
    if plan.keep_codes is None or shapes != {keep.shape}:
        raise BadRequest(f"given codes and their mask have the shape {keep.shape}")
    kept = plan.keep_codes[plan.keep_mask]
    if kept.size and (kept.min() < 0 or kept.max() >= codebook_size):
        raise BadRequest(f"given codes lie outside 0..{codebook_size - 1}")
    keep[:] = plan.keep_mask
    given[keep] = kept
