"""Which loops the model is asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from osc_server.training.corpus.held_out import HeldOutPrompt
from osc_server.training.corpus.held_out_families import HeldOutFamilyPrompt
from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.families import kind_of
from osc_server.training.evaluation.generation import Ask
from osc_server.training.evaluation.key import KEYS
from osc_server.training.evaluation.settings import Settings

TONAL = ("bass", "chords", "pad", "arp", "melody")
"""Kinds that have a key."""
MIX = "mix"
"""Several parts at once: no kind that the classifier tells apart, but with drums it has a tempo."""

# Each test draws from other seeds than the kinds.
_TEMPO_SEEDS, _FAMILY_SEEDS, _KEY_SEEDS, _MIX_SEEDS = 100_000, 200_000, 300_000, 400_000
_FREE_SEEDS = 500_000
_WITH_DRUMS = re.compile(r"drums|beat|band|techno kick")


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


def mix_asks(prompts: Sequence[HeldOutPrompt], settings: Settings) -> list[Ask]:
    """Mixes that have drums, at the range of tempos: the others need not have a beat."""
    mixes = [p.text for p in prompts if p.kind == MIX and _WITH_DRUMS.search(p.text)]
    tempos = settings.tempo_values()
    return [
        Ask(
            mixes[i % len(mixes)],
            MIX,
            tempos[i % len(tempos)],
            settings.seed + _MIX_SEEDS + i,
        )
        for i in range(settings.mix_loops)
    ]


def family_asks(
    prompts: Sequence[HeldOutFamilyPrompt], settings: Settings, *, free: bool = False
) -> list[Ask]:
    """Every prompt of every family, at its own tempo or at the settings' tempos in turn.

    Those in free words are drawn from other seeds.
    """
    first_seed = settings.seed + (_FREE_SEEDS if free else _FAMILY_SEEDS)
    asks: list[Ask] = []
    for index, prompt in enumerate(prompts):
        for take in range(settings.family_seeds):
            usual = settings.kind_bpms[(index + take) % len(settings.kind_bpms)]
            bpm = usual if prompt.bpm is None else prompt.bpm
            seed = first_seed + len(asks)
            kind = kind_of(prompt.family)
            asks.append(Ask(prompt.text, kind, bpm, seed, family=prompt.family))
    return asks


def key_asks(prompts: Sequence[HeldOutPrompt], settings: Settings) -> list[Ask]:
    """Tonal prompts, each with a key; words that name a mode get a key of it."""
    tonal = [p for p in prompts if p.kind in TONAL]
    # Kinds in turn, so that fewer loops are still of all of them.
    ordered = sorted(enumerate(tonal), key=lambda pair: (pair[0] % 16, pair[0]))
    asks: list[Ask] = []
    for i in range(settings.key_loops):
        prompt = ordered[i % len(ordered)][1]
        key = KEYS[(7 * i) % len(KEYS)]
        if "minor" in prompt.text and key.endswith("major"):
            key = key.replace("major", "minor")
        bpm = settings.kind_bpms[i % len(settings.kind_bpms)]
        seed = settings.seed + _KEY_SEEDS + i
        asks.append(Ask(prompt.text, prompt.kind, bpm, seed, key=key))
    return asks


def variant_asks(asks: Sequence[Ask], settings: Settings) -> list[Ask]:
    """The first asks of each kind, one of each prompt: what every way of decoding plays."""
    chosen: list[Ask] = []
    for kind in KINDS:
        first: dict[str, Ask] = {}
        for ask in asks:
            if ask.kind == kind:
                first.setdefault(ask.prompt, ask)
        chosen += list(first.values())[: settings.variant_prompts]
    return chosen


def keyless_asks(asks: Sequence[Ask]) -> list[Ask]:
    """The first half of them with the same seeds and no key."""
    return [replace(ask, key="") for ask in asks[: len(asks) // 2]]


def closing_asks(asks: Sequence[Ask], settings: Settings) -> list[Ask]:
    """Evenly from all of them, so that every kind is there."""
    n = min(settings.closing_loops, len(asks))
    return [asks[i * len(asks) // n] for i in range(n)]
