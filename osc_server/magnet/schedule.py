"""The course of a stage: how much stays masked, how hot the draw is, how strong the guidance.

All of it is known before the first step, so the device never has to be asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from osc_server.rendering.plan import Decoding

MIN_TEMPERATURE = 0.01


@dataclass(frozen=True, slots=True)
class Step:
    """One forward pass of a stage.

    Attributes:
        masked_fraction: share of what is to be generated that is masked in this pass, 1 to 0.
        guidance: weight of the text against the null condition; 1 leaves the text alone.
        temperature: divisor of the logits.
        time: place in the stage, 0 at its first step, 1 at its last.
    """

    masked_fraction: float
    guidance: float
    temperature: float
    time: float

    def n_masked(self, n_unknown: int) -> int:
        """How many of ``n_unknown`` spans (or frames) are masked: at least one, if there is one."""
        # In float32, as the model was trained: at a third of the way 0.5 * n may fall below n / 2.
        share = int(torch.tensor(self.masked_fraction, dtype=torch.float32) * n_unknown)
        return min(max(share, 1), n_unknown)


def stage_steps(decoding: Decoding, n_steps: int) -> list[Step]:
    """The steps of one stage.

    The masked fraction follows the cosine schedule of MaskGIT (arXiv 2202.04200); guidance is
    annealed with it from ``guidance_max`` to ``guidance_min`` (arXiv 2401.04577, section 3.4); the
    temperature falls in a straight line towards 0.
    """
    times = torch.linspace(0, 1, n_steps, dtype=torch.float32)
    fractions: list[float] = torch.cos(times * math.pi * 0.5).clamp_min(0).tolist()
    return [
        Step(
            masked_fraction=fraction,
            guidance=_guidance(decoding, fraction),
            temperature=max(_temperature(decoding, i, n_steps), MIN_TEMPERATURE),
            time=time,
        )
        for i, (fraction, time) in enumerate(zip(fractions, times.tolist(), strict=True))
    ]


def respaced(decoding: Decoding, n_planned: int, after: Step, n_steps: int) -> list[Step]:
    """The rest of a stage in another number of steps than planned, on the same curves.

    Args:
        decoding: as for ``stage_steps``.
        n_planned: steps that the stage was planned to have.
        after: the step that was made last.
        n_steps: how many follow; with as many as were planned it is the plan itself.
    """
    steps = []
    for i in range(1, n_steps + 1):
        time = after.time + (1 - after.time) * i / n_steps
        fraction = max(math.cos(time * math.pi * 0.5), 0.0)
        temperature = _temperature(decoding, time * (n_planned - 1), n_planned)
        steps.append(
            Step(
                masked_fraction=fraction,
                guidance=_guidance(decoding, fraction),
                temperature=max(temperature, MIN_TEMPERATURE),
                time=time,
            )
        )
    return steps


def _guidance(decoding: Decoding, fraction: float) -> float:
    return fraction * decoding.guidance_max + (1 - fraction) * decoding.guidance_min


def _temperature(decoding: Decoding, i: float, n_steps: int) -> float:
    if not decoding.anneal_temperature:
        return decoding.temperature
    return decoding.temperature * ((n_steps - 1 - i) / n_steps)
