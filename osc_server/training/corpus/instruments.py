"""Pitched instruments: a part's voice, each distinct note of which is rendered once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from osc_server.training.corpus import acoustics, synths
from osc_server.training.corpus.oscillators import Audio, declick
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
"""Instruments by the names that genres use."""


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
