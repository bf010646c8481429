"""Words for a clip: what a musician would type to get it, true to how it was rendered."""

from __future__ import annotations

import numpy as np

from osc_server.training.corpus.spec import ClipSpec, PartSpec

_PART_WORDS = {
    "drums": ("drums", "drum loop", "beat", "drum beat", "groove", "drum pattern", "percussion loop"),
    "bass": ("bass", "bass line", "bassline", "bass loop", "bass riff"),
    "chords": ("chords", "chord progression", "chord loop", "chord riff"),
    "pad": ("pad", "pads", "pad loop", "atmosphere", "soundscape"),
    "arp": ("arp", "arpeggio", "arp loop", "arpeggiated sequence", "arpeggiator"),
    "melody": ("melody", "lead", "lead line", "melodic loop", "motif", "lead melody"),
}  # fmt: skip

_SOUNDS = {
    "808": ("808",), "909": ("909",), "acoustic": ("acoustic", "live", "natural"),
    "lo-fi": ("lo-fi", "lofi", "sampled"), "industrial": ("industrial", "mechanical"),
    "saw": ("saw", "sawtooth", "analog", "synth"), "square": ("square wave", "square", "synth", "pulse"),
    "acid": ("acid", "303", "squelchy acid"), "reese": ("reese", "detuned", "growling"),
    "wobble": ("wobble", "wobbling"), "sub": ("sub", "deep sub", "sine"), "fm": ("FM", "digital FM"),
    "picked": ("picked", "electric", "fingered", "bass guitar style"),
    "rhodes": ("electric piano", "Rhodes", "e-piano", "EP"), "piano": ("piano", "acoustic piano"),
    "organ": ("organ", "hammond organ", "drawbar organ"), "guitar": ("guitar", "plucked guitar", "nylon guitar"),
    "pluck": ("pluck", "plucked synth", "plucky"), "stab": ("synth", "stab", "synth stab", "saw"),
    "brass": ("synth brass", "brass"), "bell": ("bell", "bells", "glassy bell", "FM bell"),
    "marimba": ("marimba", "mallet", "wooden mallet"), "flute": ("flute", "breathy flute", "woodwind"),
    "warm": ("analog", "synth"), "strings": ("string", "strings", "ensemble string"),
    "dark": ("hollow", "drone", "low"), "glass": ("glass", "glassy", "crystal"),
    "vocal": ("choir", "vocal", "voice-like"),
}  # fmt: skip

_STYLES = {
    "house": ("house", "four on the floor", "four-on-the-floor house"), "techno": ("techno",),
    "disco": ("disco",), "rock": ("rock", "straight rock"), "boom bap": ("boom bap", "hip hop", "old school hip hop"),
    "trap": ("trap", "trap hat roll"), "breakbeat": ("breakbeat", "break", "breaks"),
    "jungle": ("jungle", "amen style", "jungle break"), "drum and bass": ("drum and bass", "dnb", "drum & bass"),
    "dubstep": ("dubstep", "half-time", "halftime dubstep"), "reggaeton": ("reggaeton", "dembow"),
    "bossa nova": ("bossa nova", "bossa"), "latin": ("latin", "salsa style"), "funk": ("funk", "funky"),
    "lo-fi": ("lo-fi hip hop", "lofi", "laid back lo-fi"), "electro": ("electro", "808 electro"),
    "afrobeat": ("afrobeat", "afro"), "reggae": ("reggae", "one drop"), "shuffle": ("shuffle", "blues shuffle"),
    "swing": ("swing", "jazz", "jazz swing"), "garage": ("uk garage", "2-step", "garage"),
    "industrial": ("industrial",), "waltz": ("waltz", "3/4"), "jazz waltz": ("jazz waltz",),
    "six-eight": ("6/8", "six eight"), "six-eight afro": ("6/8 afro", "african 6/8"),
}  # fmt: skip

_RHYTHM_WORDS = {
    "offbeat": ("offbeat",), "octaves": ("octave", "bouncing octave"), "driving": ("driving", "steady eighth note"),
    "sixteenths": ("rolling", "sixteenth note"), "funky": ("funky", "syncopated"), "walking": ("walking",),
    "sustained": ("sustained", "long note"), "syncopated": ("syncopated",), "stabs": ("stabbing", "short"),
    "held": ("sustained", "slow changing"), "strum": ("strummed", "rhythmic"), "quarters": ("quarter note",),
    "eighths": ("pulsing", "eighth note"), "moving": ("evolving", "moving"), "swelling": ("swelling", "slow"),
    "still": ("static", "soft"),
}  # fmt: skip

_SFX_WORDS = {
    "riser": ("riser", "build up riser", "noise riser", "uplifter"), "downlifter": ("downlifter", "falling sweep", "downsweep"),
    "rain": ("rain", "rain sound", "falling rain", "rainfall"), "wind": ("wind", "howling wind", "blowing wind"),
    "vinyl crackle": ("vinyl crackle", "record crackle", "vinyl noise"), "laser": ("laser", "laser zap", "laser shots"),
    "siren": ("siren", "police siren", "wailing siren"), "impact": ("impact", "cinematic impact", "deep boom", "hit"),
    "robot blips": ("robot blips", "computer blips", "robot sounds", "glitch bleeps"),
    "water drops": ("water drops", "dripping water", "water droplets"), "ocean waves": ("ocean waves", "sea waves", "surf"),
    "bird chirps": ("bird chirps", "birds singing", "birdsong"), "heartbeat": ("heartbeat", "heart beating"),
    "alarm": ("alarm", "alarm beeps", "warning beeps"), "radio static": ("radio static", "static noise", "radio noise"),
    "whoosh": ("whoosh", "swoosh", "whoosh transition"),
}  # fmt: skip

_EXTRA_GENRE_WORDS = {
    "lo-fi hip hop": ("lo-fi hip hop", "lofi", "chillhop"), "drum and bass": ("drum and bass", "dnb", "liquid dnb"),
    "garage": ("uk garage", "garage"), "hip hop": ("hip hop", "boom bap"), "six-eight": ("6/8",),
    "synthwave": ("synthwave", "80s", "retro"), "chiptune": ("chiptune", "8-bit", "video game"),
    "ambient": ("ambient", "chillout"), "jazz": ("jazz", "jazzy"), "funk": ("funk", "funky"),
}  # fmt: skip


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def adjectives(part: PartSpec) -> list[tuple[str, ...]]:
    """Groups of synonyms that are true of ``part``, by how it is rendered."""
    groups: list[tuple[str, ...]] = []
    if part.bright > 0.8:
        groups.append(("bright", "crisp", "shiny", "sharp"))
    if part.bright < 0.2:
        groups.append(("dark", "muffled", "dull", "mellow"))
    if 0.1 < part.drive < 0.5 and part.bright < 0.42 and part.kind not in ("drums", "sfx"):
        groups.append(("warm", "smooth", "round"))
    if part.drive > 0.8:
        groups.append(("distorted", "aggressive", "gritty", "hard", "overdriven"))
    if part.drive < 0.15 and part.kind != "sfx" and part.dust == 0.0:
        groups.append(("clean", "soft", "gentle"))
    if part.length < 0.2:
        groups.append(
            ("punchy", "tight", "dry") if part.kind == "drums" else ("short", "staccato", "tight")
        )
    if part.length > 0.8:
        groups.append(
            ("boomy", "big", "fat") if part.kind == "drums" else ("long", "ringing", "sustained")
        )
    if part.space > 0.8:
        groups.append(("spacious", "reverberant", "roomy", "wide"))
    if part.dust > 0.0:
        groups.append(("dusty", "lo-fi", "vintage", "old", "worn"))
    if part.echo > 0.35:
        groups.append(("echoing", "delayed", "dubby"))
    return groups


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
    rng.shuffle(groups)  # type: ignore[arg-type]
    how_many = (
        int(rng.choice((0, 1, 2), p=(0.3, 0.5, 0.2))) if not brief else int(rng.random() < 0.3)
    )
    words += [_pick(rng, group) for group in groups[:how_many]]
    if part.kind == "sfx":
        return " ".join([*words[:1], _pick(rng, _SFX_WORDS[part.sound])])
    said_genre = False
    if part.kind == "drums":
        if rng.random() < 0.85 and not (brief and rng.random() < 0.4):
            words.append(_pick(rng, _STYLES[part.style]))
            said_genre = True
    elif rng.random() < (0.4 if not brief else 0.0):
        words.append(_pick(rng, _EXTRA_GENRE_WORDS.get(spec.genre, (spec.genre,))))
        said_genre = True
    if part.style in _RHYTHM_WORDS and part.kind != "drums" and rng.random() < 0.25:
        words.append(_pick(rng, _RHYTHM_WORDS[part.style]))
    if part.kind == "arp" and rng.random() < 0.2:
        words.append(
            {"1/8": "eighth note", "1/16": "sixteenth note"}.get(part.style.split()[-1], "triplet")
        )
    chance = 0.3 if part.kind == "drums" else 0.75
    if rng.random() < chance or (not said_genre and part.kind != "drums"):
        words.append(_pick(rng, _SOUNDS[part.sound]))
    noun = _pick(rng, _PART_WORDS[part.kind])
    if (
        part.kind == "drums"
        and words
        and words[-1] in ("breakbeat", "one drop", "shuffle")
        and rng.random() < 0.6
    ):
        noun = ""
    if (
        (words
        and words[-1] in noun.split())
        or (words
        and words[-1].endswith("bass")
        and noun == "bass")
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


def _sounding(spec: ClipSpec, part: PartSpec) -> list[str]:
    """Pieces a listener hears in a drum style, for ``with open hats`` and the like."""
    known = {
        "house": ["open hats", "claps"], "disco": ["open hats"], "trap": ["hat rolls", "claps"],
        "latin": ["cowbell", "congas"], "six-eight afro": ["bells", "congas"], "swing": ["a ride cymbal"],
        "jazz waltz": ["a ride cymbal"], "bossa nova": ["shaker", "rim clicks"], "reggae": ["rim clicks"],
        "funk": ["ghost notes"], "breakbeat": ["ghost notes"],
    }  # fmt: skip
    return known.get(part.style, [])


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
        genre = _pick(rng, _EXTRA_GENRE_WORDS.get(spec.genre, (spec.genre,)))
        if rng.random() < 0.5:
            text = f"{genre} {text}" if genre.split()[0] not in text else text
        elif rng.random() < 0.15:
            text = f"{genre} {_pick(rng, ('groove', 'track', 'loop'))}"
    elif first.kind == "drums" and rng.random() < 0.2 and _sounding(spec, first):
        text = f"{text} with {_pick(rng, tuple(_sounding(spec, first)))}"
    tempo = tempo_words(spec.bpm)
    if tempo and spec.kind != "sfx" and rng.random() < 0.25:
        text = f"{_pick(rng, tempo)} {text}"
    if spec.kind != "sfx":
        text = _joined(text, _details(spec, rng), rng)
    return text.capitalize() if rng.random() < 0.12 else text


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
