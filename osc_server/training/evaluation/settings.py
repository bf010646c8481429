"""How much is measured.

``quick`` is for a look during training, ``standard`` for the report that ships (about an hour and a
half of one core), ``full`` for whoever has four times that, or a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of an evaluation. Every draw comes from ``seed``.

    Attributes:
        name: quick, standard or full.
        prompts_per_kind: held-out prompts asked for, of each kind; 0 takes all.
        seeds_per_prompt: loops of each of them.
        kind_bpms: tempos at which they are asked for, in turn.
        tempo_loops: drum loops of the tempo test.
        tempos: how many tempos there are, from ``low_bpm`` to ``high_bpm``.
        low_bpm: slowest.
        high_bpm: fastest.
        mix_loops: loops of several parts with drums, of the tempo test too.
        ablation_loops: of the drums, those asked for again with the tempo in words or not at all.
        family_seeds: loops of each prompt of a family.
        key_loops: loops of tonal prompts, each asked for in a key.
        variant_prompts: prompts of each kind that every way of decoding plays.
        closing_loops: loops whose seams are judged, plain and circular.
        reference_per_kind: corpus clips of each kind to measure.
        reference_drums: more of drums, on which the tempo estimator is measured.
        yardstick_per_kind: other clips, from which note bands and bar patterns are taken.
        classifier_per_kind: corpus clips of each kind that the classifier learns from.
        classifier_per_family: corpus clips of each family that the other classifier learns from.
        classifier_steps: optimiser steps of each.
        reference_per_family: corpus clips of each family to measure.
        distance_per_kind: other corpus clips of each kind, to which distances are measured.
        codec_per_kind: clips of each kind for the codec's figures, of those measured.
        captioned_clips: clips of the training whose captions say which words it knew.
        seed: of all draws.
    """

    name: str
    prompts_per_kind: int
    seeds_per_prompt: int
    tempo_loops: int
    mix_loops: int
    ablation_loops: int
    family_seeds: int
    key_loops: int
    variant_prompts: int
    closing_loops: int
    reference_per_kind: int
    reference_drums: int
    yardstick_per_kind: int
    classifier_per_kind: int
    classifier_per_family: int
    classifier_steps: int
    reference_per_family: int
    distance_per_kind: int
    codec_per_kind: int
    captioned_clips: int
    kind_bpms: tuple[float, ...] = (90.0, 120.0, 140.0)
    tempos: int = 10
    low_bpm: float = 70.0
    high_bpm: float = 174.0
    seed: int = 7000

    def tempo_values(self) -> list[float]:
        """The tempos of the drum test: equal ratios, to the half BPM."""
        values = np.geomspace(self.low_bpm, self.high_bpm, self.tempos)
        return [float(np.round(2.0 * value) / 2.0) for value in values]


QUICK = Settings(
    name="quick",
    prompts_per_kind=6,
    seeds_per_prompt=1,
    tempo_loops=40,
    mix_loops=10,
    ablation_loops=0,
    family_seeds=1,
    key_loops=40,
    variant_prompts=4,
    closing_loops=28,
    reference_per_kind=24,
    reference_drums=24,
    yardstick_per_kind=80,
    classifier_per_kind=100,
    classifier_per_family=40,
    classifier_steps=300,
    reference_per_family=10,
    distance_per_kind=40,
    codec_per_kind=4,
    captioned_clips=2000,
)

STANDARD = Settings(
    name="standard",
    prompts_per_kind=0,
    seeds_per_prompt=2,
    tempo_loops=60,
    mix_loops=20,
    ablation_loops=20,
    family_seeds=1,
    key_loops=60,
    variant_prompts=6,
    closing_loops=21,
    reference_per_kind=40,
    reference_drums=80,
    yardstick_per_kind=80,
    classifier_per_kind=100,
    classifier_per_family=50,
    classifier_steps=1200,
    reference_per_family=10,
    distance_per_kind=60,
    codec_per_kind=12,
    captioned_clips=22_000,
)

FULL = Settings(
    name="full",
    prompts_per_kind=0,
    seeds_per_prompt=2,
    tempo_loops=160,
    mix_loops=80,
    ablation_loops=40,
    family_seeds=2,
    key_loops=160,
    variant_prompts=16,
    closing_loops=112,
    reference_per_kind=60,
    reference_drums=140,
    yardstick_per_kind=200,
    classifier_per_kind=150,
    classifier_per_family=80,
    classifier_steps=1200,
    reference_per_family=20,
    distance_per_kind=100,
    codec_per_kind=12,
    captioned_clips=22_000,
)

SIZES = {settings.name: settings for settings in (QUICK, STANDARD, FULL)}
