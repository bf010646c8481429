"""Who plays a part: a synthetic voice or kit, or a sampled one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from osc_server.training.corpus import acoustics, synths
from osc_server.training.corpus.drums import DrumKit
from osc_server.training.corpus.fluidsynth import FluidSynth
from osc_server.training.corpus.oscillators import Audio, declick
from osc_server.training.corpus.sampled import SampledDrums, SampledInstrument, is_sampled
from osc_server.training.corpus.spec import PartSpec

_Voice = Callable[[float, float, bool, PartSpec, np.random.Generator], Audio]
VOICES: dict[str, _Voice] = {
    "saw": synths.saw,
    "square": synths.square,
    "acid": synths.acid,
    "reese": synths.reese,
    "wobble": synths.wobble,
    "sub": synths.sub,
    "808": synths.eight_o_eight,
    "fm": synths.fm,
    "picked": acoustics.picked,
    "rhodes": acoustics.rhodes,
    "piano": acoustics.piano,
    "organ": acoustics.organ,
    "guitar": acoustics.guitar,
    "pluck": synths.pluck,
    "stab": synths.stab,
    "brass": synths.brass,
    "bell": acoustics.bell,
    "marimba": acoustics.marimba,
    "flute": acoustics.flute,
}
"""Synthetic instruments by the names that genres use."""


class Player(Protocol):
    """Plays the notes of one part."""

    def note(self, hz: float, gate: float, *, accent: bool = False) -> Audio:
        """A note of ``hz`` held for ``gate`` seconds, peak about 1."""


class Drummer(Protocol):
    """Plays the pieces of one kit."""

    def piece(self, name: str) -> Audio:
        """The sound of one piece at full velocity, peak about 1."""


class Instrument:
    """Renders notes of one part; every distinct note is rendered once and kept."""

    def __init__(self, part: PartSpec, rng: np.random.Generator) -> None:
        self._part = part
        self._rng = rng
        self._notes: dict[tuple[float, float, bool], Audio] = {}
        singing = part.kind == "melody" and part.sound in ("saw", "square")
        self._play = synths.lead if singing else VOICES[part.sound]

    def note(self, hz: float, gate: float, *, accent: bool = False) -> Audio:
        """A note of ``hz`` held for ``gate`` seconds, peak about 1."""
        name = (round(hz, 3), round(gate, 4), accent)
        if name not in self._notes:
            sound = self._play(hz, gate, accent, self._part, self._rng)
            self._notes[name] = declick(np.asarray(sound, dtype=np.float32))
        return self._notes[name]


def player(part: PartSpec, rng: np.random.Generator, soundfont: FluidSynth | None) -> Player:
    """Who plays a pitched part.

    Raises:
        ValueError: it is sampled, and there is no soundfont.
    """
    if is_sampled(part):
        return SampledInstrument(part, _given(soundfont))
    return Instrument(part, rng)


def drummer(part: PartSpec, rng: np.random.Generator, soundfont: FluidSynth | None) -> Drummer:
    """Who plays drums; raises as ``player`` does."""
    if is_sampled(part):
        return SampledDrums(part, rng, _given(soundfont))
    return DrumKit(part.sound, rng, part.bright, part.length, part.drive)


def _given(soundfont: FluidSynth | None) -> FluidSynth:
    if soundfont is None:
        raise ValueError("a sampled part needs a soundfont")
    return soundfont
