"""Revision 2 of the corpus: bars of three, swing that all parts share, full mixes, sampled players.

Drawn by its own rules from the same seeds, so that revision 1, from which the weights that ship
were made, stays what it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from osc_server.training.corpus import patterns
from osc_server.training.corpus.captions import caption
from osc_server.training.corpus.genres import Genre
from osc_server.training.corpus.oscillators import RATE
from osc_server.training.corpus.sampled_genres import maybe_sampled
from osc_server.training.corpus.spec import (
    KINDS,
    MIXES,
    ClipSpec,
    PartSpec,
    draw_cycle_bars,
    draw_part,
    one_of,
)
from osc_server.training.corpus.wide_tables import (
    FOURS,
    FULL_MIXES,
    FULL_WORDS,
    METER_WORDS,
    NEVER_SWUNG,
    PUMPING_WORDS,
    STRAIGHT_WORDS,
    SWUNG_ENDS,
    SWUNG_WORDS,
    THREES,
    TRIPLET_BASS,
)

REVISION = 2
SHARES = (0.12, 0.12, 0.12, 0.10, 0.12, 0.12, 0.08, 0.22)
IN_THREE = 0.25
FULL = 0.5  # of the mixes
HEARD_SWING = 0.12  # of a sixteenth: less is a loose straight
_MOST_SWING = 0.33
PUMPED = ("house", "deep house", "techno", "trance", "disco", "synthwave", "acid house")
"""Genres whose mixes duck under the kick by much."""


def draw_wide_spec(seed: int) -> ClipSpec:
    """The clip of ``seed`` in revision 2; the same in any process."""
    rng = np.random.Generator(np.random.PCG64([seed, REVISION]))
    kind = str(rng.choice(KINDS, p=SHARES))
    meter, name, genre = _draw_genre(rng)
    beats_per_bar = 4.0 if meter == "4/4" else 3.0
    low, high = (60.0, 180.0) if rng.random() < 0.3 else genre.bpm
    wanted = float(rng.uniform(low, high))
    if rng.random() < 0.5:
        wanted = float(round(wanted))
    bars = draw_cycle_bars(wanted, beats_per_bar, kind, rng)
    beats = bars * beats_per_bar
    cycle_samples = round(beats * 60.0 * RATE / wanted)
    parts = tuple(_draw_part(each, name, genre, rng) for each in _draw_kinds(kind, rng))
    return ClipSpec(
        seed=seed, kind=kind, genre=name, bpm=beats * 60.0 * RATE / cycle_samples, meter=meter,
        beats_per_bar=beats_per_bar, cycle_bars=bars, cycle_samples=cycle_samples,
        tonic=int(rng.integers(12)),
        mode=genre.mode if rng.random() < 0.6 else one_of(rng, "major minor"),
        parts=parts, swing=_draw_swing(meter, genre, parts, rng), revision=REVISION,
    )  # fmt: skip


def _draw_genre(rng: np.random.Generator) -> tuple[str, str, Genre]:
    """Meter, name and genre."""
    if rng.random() < IN_THREE:
        name = list(THREES)[int(rng.integers(len(THREES)))]
        meter, genre = THREES[name]
        return meter, name, genre
    name = list(FOURS)[int(rng.integers(len(FOURS)))]
    return "4/4", name, FOURS[name]


def _draw_kinds(kind: str, rng: np.random.Generator) -> tuple[str, ...]:
    if kind != "mix":
        return (kind,)
    table = FULL_MIXES if rng.random() < FULL else MIXES
    return table[int(rng.integers(len(table)))]


def _draw_part(kind: str, name: str, genre: Genre, rng: np.random.Generator) -> PartSpec:
    part = draw_part(kind, genre, rng)
    if kind == "bass" and name in TRIPLET_BASS:
        part = replace(part, style=one_of(rng, TRIPLET_BASS[name]))
    return maybe_sampled(part, name, rng)


def _draw_swing(
    meter: str, genre: Genre, parts: tuple[PartSpec, ...], rng: np.random.Generator
) -> float:
    """How late every second sixteenth of all parts is, as a share of a sixteenth."""
    styles = [part.style for part in parts if part.kind == "drums"] or [one_of(rng, genre.drums)]
    if meter != "4/4" or styles[0] in NEVER_SWUNG:
        return 0.0
    draw = rng.random()
    if draw < 0.3:
        return float(rng.uniform(HEARD_SWING, _MOST_SWING))
    return 0.0 if draw < 0.5 else patterns.DRUM_STYLES[styles[0]].swing


def is_swung(spec: ClipSpec) -> bool:
    """Whether a listener would say that it swings, where sixteenths sound at all."""
    swing = spec.swing or 0.0
    return swing >= HEARD_SWING and any(_has_sixteenths(part) for part in spec.parts)


def _has_sixteenths(part: PartSpec) -> bool:
    """Parts that surely play on second sixteenths: only of them a caption may say swing."""
    busy = ("breakbeat", "jungle", "funk", "electro", "afrobeat", "lo-fi", "garage", "bossa nova")
    rolling = ("sixteenths", "acid", "funky", "syncopated")
    return (
        (part.kind == "drums" and part.style in busy)
        or (part.kind == "bass" and part.style in rolling)
        or (part.kind == "arp" and part.style.endswith("1/16"))
    )


def is_full(spec: ClipSpec) -> bool:
    """Whether it is a mix of drums, bass, harmony and more."""
    return spec.kind == "mix" and tuple(part.kind for part in spec.parts) in FULL_MIXES


def wide_caption(spec: ClipSpec, seed: int) -> str:
    """One of many captions: that of revision 1, and what it could not say."""
    rng = np.random.Generator(np.random.PCG64([spec.seed, seed, 3]))
    text = caption(spec, seed)
    if is_swung(spec) and rng.random() < 0.5:
        if rng.random() < 0.5:
            text = f"{_pick(rng, SWUNG_WORDS)} {_lower_first(text)}"
        else:
            text = f"{text}, {_pick(rng, SWUNG_ENDS)}"
    elif spec.swing == 0.0 and any(map(_has_sixteenths, spec.parts)) and rng.random() < 0.15:
        text = f"{_pick(rng, STRAIGHT_WORDS)} {_lower_first(text)}"
    words = METER_WORDS.get(spec.meter)
    said = text.lower()
    if words and not any(each in said for each in (spec.meter, "waltz")) and rng.random() < 0.6:
        text = f"{text}, {_pick(rng, words)}"
    if is_full(spec) and rng.random() < 0.5:
        text = f"{_pick(rng, FULL_WORDS)}, {_lower_first(text)}"
    if spec.kind == "mix" and is_pumped(spec) and rng.random() < 0.3:
        text = f"{text}, {_pick(rng, PUMPING_WORDS)}"
    return text


def is_pumped(spec: ClipSpec) -> bool:
    """Whether the other parts duck under a kick so that it is heard."""
    kinds = [part.kind for part in spec.parts]
    return spec.genre in PUMPED and "drums" in kinds and len(kinds) > 1


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:] if text[1:2].islower() else text
