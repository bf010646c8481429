"""Which loops the model is asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from osc_server.training.corpus.held_out import HeldOutPrompt
from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.generation import Ask
from osc_server.training.evaluation.settings import Settings

_TEMPO_SEEDS = 100_000  # the drums of the tempo test draw from other seeds than the kinds


def kind_asks(prompts: Sequence[HeldOutPrompt], settings: Settings) -> list[Ask]:
    """Prompts of every kind, at their own tempo or at the settings' tempos in turn."""
    asks: list[Ask] = []
    for kind in KINDS:
        of_kind = [prompt for prompt in prompts if prompt.kind == kind]
        for index, prompt in enumerate(of_kind[: settings.prompts_per_kind or None]):
            for take in range(settings.seeds_per_prompt):
                usual = settings.kind_bpms[(index + take) % len(settings.kind_bpms)]
                bpm = usual if prompt.bpm is None else prompt.bpm
                asks.append(Ask(prompt.text, kind, bpm, settings.seed + len(asks)))
    return asks


def drum_asks(prompts: Sequence[HeldOutPrompt], settings: Settings) -> list[Ask]:
    """Drum prompts at the range of tempos: every pair once before any comes again.

    Tempos are those of the settings, whatever the words suggest ("slow", "fast"): the musician's
    BPM is what counts.
    """
    drums = [prompt.text for prompt in prompts if prompt.kind == "drums"]
    tempos = settings.tempo_values()
    turn = math.lcm(len(drums), len(tempos))
    return [
        Ask(
            drums[i % len(drums)],
            "drums",
            tempos[(i + i // turn) % len(tempos)],
            settings.seed + _TEMPO_SEEDS + i,
        )
        for i in range(settings.tempo_loops)
    ]
