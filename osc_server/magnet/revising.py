"""Confidence passes over codes that are there: for ``surprise``, and to revise what is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from osc_server.contract.errors import BadRequest
from osc_server.magnet.checkpoints import Checkpoint
from osc_server.magnet.job_building import JobBuilder
from osc_server.magnet.judging import THOROUGH, Care, judge
from osc_server.rendering.plan import Codes, OnStep, Plan
from osc_server.rendering.revision import JUDGED, LogProbabilities, revised_mask


class Judge:
    """Judges codes with one model."""

    def __init__(self, model: Checkpoint, jobs: JobBuilder, device: torch.device) -> None:
        """Args: ``jobs`` binds the model to plans."""
        self._network = model.network
        self._span = model.span
        self._jobs = jobs
        self._device = device

    @torch.inference_mode()
    def judged(
        self,
        plan: Plan,
        codes: Codes,
        on_pass: Callable[[], None],
        care: Care = THOROUGH,
    ) -> LogProbabilities:
        """Log probabilities ``[K, T]`` of codes under the plan's words, beat and circle.

        Args:
            plan: as long as the codes.
            codes: ``[K, T]``, the mask token where nothing is known.
            on_pass: called after each forward pass; what it raises ends the work.
            care: how thoroughly.
        """
        there = torch.from_numpy(np.ascontiguousarray(codes, dtype=np.int64))[None]
        found = judge(
            self._jobs.guided(plan),
            there.to(self._device),
            self._network.spec.mask_token,
            self._span,
            on_pass,
            care,
        )
        return np.asarray(found[0].cpu().numpy(), dtype=np.float32)

    def revised(self, plans: Sequence[Plan], on_step: OnStep) -> list[Plan]:
        """The plans with their revisions carried out: less is given, at the right places.

        Args:
            plans: those without a revision come back as they are.
            on_step: told of no progress, but given the chance to cancel.

        Raises:
            BadRequest: nothing is given, or the amount lies outside 0..1.
        """
        judged: dict[object, LogProbabilities] = {}  # takes of one clip share a confidence pass
        revised = []
        for plan in plans:
            if plan.revision is None:
                revised.append(plan)
                continue
            if plan.keep_mask is None or plan.keep_codes is None:
                raise BadRequest("nothing is given that could be varied: name a clip")
            what = replace(plan, seed=0, keep_codes=None, keep_mask=None, revision=None)
            key = (id(plan.keep_codes), id(plan.keep_mask), what)
            if plan.revision.strategy in JUDGED and key not in judged:
                mask_token = self._network.spec.mask_token
                codes = np.where(plan.keep_mask, plan.keep_codes, mask_token)
                no_step = partial(on_step, 0, sum(plan.decoding.steps))
                judged[key] = self.judged(plan, codes, no_step)
            mask = revised_mask(
                plan.keep_mask, plan.revision, self._span, plan.seed, judged.get(key)
            )
            revised.append(replace(plan, keep_mask=mask, revision=None))
        return revised
