"""Words for a clip: what a musician would type to get it, true to how it was rendered."""

from __future__ import annotations

import numpy as np

from osc_server.training.corpus import wide_tables
from osc_server.training.corpus.sampled import plays_power_chords
from osc_server.training.corpus.sampled_voices import POWER_NOUNS, SAMPLED_WORDS
from osc_server.training.corpus.spec import ClipSpec, PartSpec
from osc_server.training.corpus.words import (
    GENRE_WORDS,
    HEARD_WORDS,
    PART_WORDS,
    RHYTHM_WORDS,
    SFX_WORDS,
    SOUND_WORDS,
    STYLE_WORDS,
)


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def adjectives(part: PartSpec) -> list[tuple[str, ...]]:
    """Groups of synonyms that are true of ``part``, by how it is rendered."""
    drums, pad = part.kind == "drums", part.kind == "pad"
    played = part.kind not in ("drums", "sfx")
    short = ("punchy", "tight", "snappy") if drums else ("short", "staccato", "tight")
    long = ("boomy", "big", "fat") if drums else ("long", "ringing", "sustained")
    truths = (
        (part.bright > 0.8, ("bright", "crisp", "shiny", "sharp")),
        (part.bright < 0.2, ("dark", "muffled", "dull", "mellow")),
        (played and 0.1 < part.drive < 0.5 and part.bright < 0.42, ("warm", "smooth", "round")),
        (
            part.drive > 0.8 and part.kind != "sfx",
            ("distorted", "aggressive", "gritty", "hard", "overdriven"),
        ),
        (
            part.drive < 0.15 and part.kind != "sfx" and part.dust == 0.0,
            ("clean", "soft", "gentle"),
        ),
        (part.length < 0.2 and (drums or (played and not pad)), short),
        (part.length > 0.8 and (drums or (played and not pad)), long),
        (part.length > 0.7 and pad, ("slow", "long", "sustained")),
        (part.space > 0.8, ("spacious", "reverberant", "roomy", "wide")),
        (part.dust > 0.0, ("dusty", "lo-fi", "vintage", "old", "worn")),
        (part.echo > 0.35, ("echoing", "delayed", "dubby")),
    )
    return [words for true, words in truths if true]


def tempo_words(bpm: float) -> tuple[str, ...]:
    """Words for a tempo, empty in the middle."""
    if bpm < 84:
        return ("slow", "laid back", "downtempo")
    if bpm > 150:
        return ("fast", "very fast", "high tempo")
    return ("uptempo", "energetic") if bpm > 128 else ()


def _part_phrase(spec: ClipSpec, part: PartSpec, rng: np.random.Generator, *, brief: bool) -> str:
    words: list[str] = []
    groups = adjectives(part)
    rng.shuffle(groups)
    how_many = (
        int(rng.choice((0, 1, 2), p=(0.3, 0.5, 0.2))) if not brief else int(rng.random() < 0.3)
    )
    words += [_pick(rng, group) for group in groups[:how_many]]
    if part.kind == "sfx":
        return " ".join([*words[:1], _pick(rng, SFX_WORDS[part.sound])])
    said_genre = False
    if part.kind == "drums":
        if rng.random() < 0.85 and not (brief and rng.random() < 0.4):
            words.append(_pick(rng, (STYLE_WORDS | wide_tables.STYLE_WORDS)[part.style]))
            said_genre = True
    elif rng.random() < (0.4 if not brief else 0.0):
        words.append(_pick(rng, GENRE_WORDS.get(spec.genre, (spec.genre,))))
        said_genre = True
    known = RHYTHM_WORDS | wide_tables.RHYTHM_WORDS
    rhythm = known.get(part.style, ()) if part.kind != "drums" else ()
    contradicts = part.style in ("held", "sustained") and part.length < 0.2
    if rhythm and not contradicts and rng.random() < 0.25:
        words.append(_pick(rng, rhythm))
    if part.kind == "arp" and rng.random() < 0.2:
        words.append(
            {"1/8": "eighth note", "1/16": "sixteenth note"}.get(part.style.split()[-1], "triplet")
        )
    chance = 0.3 if part.kind == "drums" else 0.75
    if rng.random() < chance or (not said_genre and part.kind != "drums"):
        words.append(_pick(rng, (SOUND_WORDS | SAMPLED_WORDS)[part.sound]))
    noun = _pick(rng, POWER_NOUNS if plays_power_chords(part) else PART_WORDS[part.kind])
    if (
        part.kind == "drums"
        and words
        and words[-1] in ("breakbeat", "one drop", "shuffle")
        and rng.random() < 0.6
    ):
        noun = ""
    if (words and words[-1] in noun.split()) or (
        words and words[-1].endswith("bass") and noun == "bass"
    ):
        noun = noun if part.kind != "bass" else "line"
    kept = list(dict.fromkeys(" ".join([*words, noun]).split()))
    return " ".join(kept)


def _details(spec: ClipSpec, rng: np.random.Generator) -> list[str]:
    found: list[str] = []
    if spec.key and rng.random() < 0.35:
        found.append(_pick(rng, (f"in {spec.key}", f"key of {spec.key}", f"in {spec.key}")))
    if rng.random() < 0.4:
        shown = f"{spec.bpm:.0f}" if rng.random() < 0.85 else f"{spec.bpm:.1f}"
        found.append(_pick(rng, (f"{shown} bpm", f"{shown} BPM", f"at {shown} bpm", f"{shown}bpm")))
    if spec.meter != "4/4" and rng.random() < 0.5:
        found.append(_pick(rng, (f"in {spec.meter}", f"{spec.meter} time")))
    return found


def caption(spec: ClipSpec, seed: int) -> str:
    """One of many captions of ``spec``, chosen by ``seed``."""
    rng = np.random.Generator(np.random.PCG64([spec.seed, seed, 2]))
    first, *others = spec.parts
    text = _part_phrase(spec, first, rng, brief=bool(others))
    if others:
        phrases = [_part_phrase(spec, part, rng, brief=True) for part in others]
        joined = phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
        text = (
            f"{text} {_pick(rng, ('with', 'and', 'plus'))} {joined}"
            if len(phrases) < 3
            else f"{text}, {joined}"
        )
        genre = _pick(rng, GENRE_WORDS.get(spec.genre, (spec.genre,)))
        if rng.random() < 0.5:
            text = f"{genre} {text}" if genre.split()[0] not in text else text
        elif rng.random() < 0.15:
            text = f"{genre} {_pick(rng, ('groove', 'track', 'loop'))}"
    elif first.kind == "drums" and rng.random() < 0.2 and first.style in HEARD_WORDS:
        text = f"{text} with {_pick(rng, HEARD_WORDS[first.style])}"
    tempo = tempo_words(spec.bpm)
    if tempo and spec.kind not in ("sfx", "pad") and rng.random() < 0.25:
        text = f"{_pick(rng, tempo)} {text}"
    if spec.kind != "sfx":
        text = _joined(text, _details(spec, rng), rng)
    return text[0].upper() + text[1:] if rng.random() < 0.12 else text


def _joined(text: str, details: list[str], rng: np.random.Generator) -> str:
    if not details:
        return text
    rng.shuffle(details)
    if rng.random() < 0.5:
        return f"{text}, {', '.join(details)}"
    return f"{text} {' '.join(details)}"


def captions(spec: ClipSpec, rng: np.random.Generator, count: int = 8) -> list[str]:
    """``count`` captions of ``spec``, drawn with ``rng``."""
    return [caption(spec, int(rng.integers(1 << 31))) for _ in range(count)]
