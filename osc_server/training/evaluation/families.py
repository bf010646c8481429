"""The families of sounds that the corpus holds, finer than kinds: what a musician would ask for.

A family is an instrument, a rhythm or an effect. What the corpus itself hardly keeps apart is one
family (its piano and its guitar are both strings that are struck once, its breaks and its boom bap
share kits and patterns): who judges must be able to tell. Sounds that belong to none are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from osc_server.training.corpus.spec import ClipSpec


@dataclass(frozen=True, slots=True)
class Family:
    """A family.

    Attributes:
        name: as the report says it.
        kind: of sound, where most of it belongs; its clips may be of others too.
        kinds: that it may be of.
        sounds: instruments or effects of the corpus; for drums, styles.
    """

    name: str
    kind: str
    kinds: tuple[str, ...]
    sounds: tuple[str, ...]


def _family(name: str, kinds: str, sounds: str) -> Family:
    listed = tuple(kinds.split())
    return Family(name, listed[0], listed, tuple(sounds.split(", ")))


FAMILIES = (
    _family("four on the floor", "drums", "house, techno, disco"),
    _family("breaks and hip hop", "drums", "breakbeat, jungle, drum and bass, boom bap, lo-fi"),
    _family("trap drums", "drums", "trap, dubstep"),
    _family("swing drums", "drums", "swing, jazz waltz, shuffle"),
    _family("latin drums", "drums", "latin, bossa nova, afrobeat"),
    _family("acid bass", "bass", "acid"),
    _family("sub bass", "bass", "sub, 808"),
    _family("growling bass", "bass", "reese, wobble"),
    _family("bass guitar", "bass", "picked"),
    _family("electric piano", "chords", "rhodes"),
    _family("piano or guitar", "chords melody arp", "piano, guitar"),
    _family("organ", "chords melody", "organ"),
    _family("synth stabs", "chords", "stab, brass"),
    _family("pad", "pad", "warm, strings, dark"),
    _family("choir", "pad", "vocal"),
    _family("glass pad", "pad", "glass"),
    _family("bell", "melody arp chords", "bell"),
    _family("marimba", "arp melody", "marimba"),
    _family("synth arp", "arp", "saw, square, pluck"),
    _family("flute", "melody", "flute"),
    _family("synth lead", "melody", "saw, square"),
    _family("rain", "sfx", "rain"),
    _family("wind", "sfx", "wind"),
    _family("riser", "sfx", "riser"),
    _family("impact", "sfx", "impact"),
    _family("birds", "sfx", "bird chirps"),
    _family("ocean", "sfx", "ocean waves"),
)
"""What is told apart."""


def family_of(spec: ClipSpec) -> str:
    """The family's name of a clip of one part; empty where it belongs to none."""
    part = spec.parts[0]
    if len(spec.parts) > 1:
        return ""
    sound = part.style if part.kind == "drums" else part.sound
    found = (f.name for f in FAMILIES if part.kind in f.kinds and sound in f.sounds)
    return next(found, "")


def kind_of(family: str) -> str:
    """The kind of sound of a family."""
    return next(f.kind for f in FAMILIES if f.name == family)
