"""What a clip is to be, drawn from a seed: everything a caption may say and a renderer must do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osc_server.training.corpus.genres import GENRES, GENRES_IN_THREE, Genre
from osc_server.training.corpus.harmony import NOTE_NAMES
from osc_server.training.corpus.oscillators import RATE

N_SAMPLES = 491_520
"""Samples of a clip: 15.36 s, 768 frames of 20 ms; four bars fit from 62.5 BPM up."""

KINDS = ("drums", "bass", "chords", "pad", "arp", "melody", "sfx", "mix")
_SHARES = (0.125, 0.125, 0.125, 0.115, 0.125, 0.125, 0.08, 0.18)

SFX = (
    "riser", "downlifter", "rain", "wind", "vinyl crackle", "laser", "siren", "impact",
    "robot blips", "water drops", "ocean waves", "bird chirps", "heartbeat", "alarm",
    "radio static", "whoosh",
)  # fmt: skip
_SHORT_SFX = ("laser", "robot blips", "water drops", "impact", "bird chirps")
ARP_RATES = ("1/8", "1/16", "1/8 triplet", "1/16", "1/8")
MIXES = (
    ("drums", "bass"), ("drums", "bass", "chords"), ("drums", "chords"), ("drums", "bass", "arp"),
    ("drums", "bass", "pad"), ("drums", "melody"), ("chords", "bass"), ("pad", "arp"),
    ("pad", "melody"), ("drums", "arp"), ("drums", "bass", "chords", "melody"),
    ("drums", "bass", "pad", "arp"), ("chords", "melody"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PartSpec:
    """One part: what plays, what it plays, and how it sounds.

    Attributes:
        kind: one of KINDS except mix.
        sound: kit, instrument or effect.
        style: drum style, rhythm or rate.
        bright: 0 (muffled) to 1 (crisp); moves filter cutoffs.
        length: 0 (tight, staccato) to 1 (long, ringing); moves decays and gates.
        drive: 0 (clean) to 1 (distorted).
        space: 0 (dry) to 1 (drenched in reverb).
        dust: 0 (clean) to 1 (worn: fewer bits, narrow band, hiss).
        echo: share of tempo-synced delay, 0 to 0.6.
        extras: pieces that join a drum kit.
    """

    kind: str
    sound: str
    style: str
    bright: float
    length: float
    drive: float
    space: float
    dust: float
    echo: float = 0.0
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """A clip before it is rendered.

    Attributes:
        seed: what it was drawn from.
        kind: one of KINDS.
        genre: a genre's name.
        bpm: quarter notes a minute, such that the cycle is a whole number of samples.
        meter: 4/4, 3/4 or 6/8.
        beats_per_bar: quarter notes a bar: 4 or 3.
        cycle_bars: bars after which the material repeats: 1, 2 or 4.
        cycle_samples: the same in samples, exactly.
        tonic: pitch class of the key, 0 is C.
        mode: a scale of ``harmony.SCALES``.
        parts: the parts, one unless the kind is mix.
        swing: how late every second sixteenth of all parts is, as a share of a sixteenth; None =
            that of the drums' style, and other parts straight (revision 1).
        revision: of the corpus, see ``revisions``.
    """

    seed: int
    kind: str
    genre: str
    bpm: float
    meter: str
    beats_per_bar: float
    cycle_bars: int
    cycle_samples: int
    tonic: int
    mode: str
    parts: tuple[PartSpec, ...]
    swing: float | None = None
    revision: int = 1

    @property
    def key(self) -> str:
        """As musicians write it (``A minor``), or empty where nothing has a pitch."""
        if all(part.kind in ("drums", "sfx") for part in self.parts):
            return ""
        third = "major" if self.mode in ("major", "mixolydian") else "minor"
        return f"{NOTE_NAMES[self.tonic]} {third}"

    @property
    def beat_samples(self) -> float:
        """Samples of a quarter note."""
        return self.cycle_samples / (self.cycle_bars * self.beats_per_bar)


def one_of(rng: np.random.Generator, options: tuple[str, ...] | str) -> str:
    """One of several names, which a string separates by spaces."""
    listed = options.split() if isinstance(options, str) else options
    return listed[int(rng.integers(len(listed)))]


def _trait(rng: np.random.Generator, usual: float = 0.5) -> float:
    """Mostly near ``usual``; one time in three at an end, where an adjective names it."""
    if rng.random() < 0.34:
        return float(rng.uniform(0.0, 0.15) if rng.random() < 0.5 else rng.uniform(0.85, 1.0))
    return float(np.clip(rng.normal(usual, 0.13), 0.25, 0.75))


def _draw_sound(kind: str, genre: Genre, rng: np.random.Generator) -> tuple[str, str]:
    """What plays and in which style."""
    if kind == "drums":
        return one_of(rng, genre.kits), one_of(rng, genre.drums)
    if kind == "bass":
        return one_of(rng, genre.bass), one_of(rng, genre.bass_lines)
    if kind == "chords":
        return one_of(rng, genre.chords), one_of(rng, genre.rhythms)
    if kind == "pad":
        return one_of(rng, genre.pads), one_of(rng, ("still", "moving", "swelling"))
    if kind == "arp":
        order = one_of(rng, ("up", "down", "up and down", "broken"))
        return one_of(rng, genre.arps), f"{order} {one_of(rng, ARP_RATES)}"
    return (one_of(rng, genre.leads), "motif") if kind == "melody" else (one_of(rng, SFX), "")


def draw_part(kind: str, genre: Genre, rng: np.random.Generator) -> PartSpec:
    """A part of a kind as a genre has it."""
    sound, style = _draw_sound(kind, genre, rng)
    usual_space = {"pad": 0.6, "bass": 0.1, "drums": 0.25, "sfx": 0.3}.get(kind, 0.35)
    lofi = sound == "lo-fi"
    traits = [_trait(rng) for _ in range(2)]
    drive = _trait(rng, 0.3) if kind != "pad" else float(rng.uniform(0.0, 0.4))
    space = float(rng.uniform(0.85, 1.0) if rng.random() < 0.12 else rng.normal(usual_space, 0.1))
    if kind == "bass":
        space = min(space, 0.15)
    dust = float(rng.uniform(0.55, 1.0)) if rng.random() < (0.5 if lofi else 0.1) else 0.0
    repeats = kind in ("arp", "melody", "chords") or sound in _SHORT_SFX
    echoes = repeats and rng.random() < (0.18 if kind == "melody" else 0.33)
    extras: tuple[str, ...] = ()
    if kind == "drums":
        extras = tuple(name for name in ("a", "b", "c") if rng.random() < 0.3)
    return PartSpec(
        kind, sound, style, traits[0], traits[1], drive,
        float(np.clip(space, 0.0, 1.0)), dust,
        float(rng.uniform(0.25, 0.55)) if echoes else 0.0, extras,
    )  # fmt: skip


def draw_cycle_bars(bpm: float, beats_per_bar: float, kind: str, rng: np.random.Generator) -> int:
    """Bars after which a clip repeats, such that they fit."""
    shares = {"drums": (0.25, 0.45, 0.3), "sfx": (0.2, 0.4, 0.4), "pad": (0.0, 0.35, 0.65)}
    bars = int(rng.choice((1, 2, 4), p=shares.get(kind, (0.1, 0.4, 0.5))))
    while bars > 1 and bars * beats_per_bar * 60.0 / bpm > N_SAMPLES / RATE:
        bars //= 2
    return bars


def draw_spec(seed: int) -> ClipSpec:
    """The clip of ``seed`` in revision 1, undisturbed by rendering: the same in any process."""
    rng = np.random.Generator(np.random.PCG64(seed))
    kind = str(rng.choice(KINDS, p=_SHARES))
    in_three = rng.random() < 0.12
    table = GENRES_IN_THREE if in_three else GENRES
    name = list(table)[int(rng.integers(len(table)))]
    genre = table[name]
    meter = "4/4"
    if in_three:
        meter = "6/8" if name == "six-eight" else "3/4"
    beats_per_bar = 3.0 if in_three else 4.0
    anywhere = rng.random() < 0.3
    low, high = (70.0, 176.0) if anywhere else genre.bpm
    wanted = float(rng.uniform(low, high))
    if rng.random() < 0.5:
        wanted = float(round(wanted))
    bars = draw_cycle_bars(wanted, beats_per_bar, kind, rng)
    beats = bars * beats_per_bar
    cycle_samples = round(beats * 60.0 * RATE / wanted)
    mode = genre.mode if rng.random() < 0.6 else one_of(rng, "major minor")
    kinds = MIXES[int(rng.integers(len(MIXES)))] if kind == "mix" else (kind,)
    return ClipSpec(
        seed=seed, kind=kind, genre=name, bpm=beats * 60.0 * RATE / cycle_samples, meter=meter,
        beats_per_bar=beats_per_bar, cycle_bars=bars, cycle_samples=cycle_samples,
        tonic=int(rng.integers(12)), mode=mode,
        parts=tuple(draw_part(each, genre, rng) for each in kinds),
    )  # fmt: skip
