"""What belongs together in a genre: tempo, drums, sounds, rhythms, harmony."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre's tempo range (BPM) and, for each part, what to draw from (space-separated names)."""

    bpm: tuple[float, float]
    drums: tuple[str, ...]
    kits: str
    bass: str
    bass_lines: tuple[str, ...]
    chords: str
    rhythms: str
    pads: str
    arps: str
    leads: str
    mode: str


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


def _genre(low: float, high: float, drums: str, kits: str, basses: str, *rest: str) -> Genre:
    sounds, lines = basses.split(" | ")
    return Genre((low, high), _names(drums), kits, sounds, _names(lines), *rest)


GENRES: dict[str, Genre] = {
    "house": _genre(118, 130, "house", "909", "saw square fm | offbeat, octaves, syncopated",
        "piano organ stab", "offbeat stabs syncopated", "strings warm", "pluck saw", "saw piano",
        "minor"),
    "deep house": _genre(116, 125, "house, garage", "909 808",
        "sub fm square | offbeat, syncopated, octaves",
        "rhodes stab organ", "stabs offbeat charleston", "warm strings", "pluck bell",
        "flute bell", "dorian"),
    "techno": _genre(124, 142, "techno", "909 industrial",
        "saw acid sub | sixteenths, offbeat, acid",
        "stab", "stabs offbeat", "dark glass", "saw square", "saw square", "minor"),
    "acid house": _genre(120, 132, "house, techno", "909", "acid | acid", "stab organ",
        "offbeat stabs",
        "dark warm", "square saw", "square", "minor"),
    "trance": _genre(130, 142, "house, techno", "909", "saw | offbeat, driving, sixteenths",
        "stab piano", "syncopated offbeat", "strings glass", "saw pluck", "saw", "minor"),
    "hip hop": _genre(80, 100, "boom bap", "lo-fi acoustic", "picked sub fm | hip hop, half",
        "rhodes piano", "held charleston", "warm vocal", "bell pluck", "flute piano", "minor"),
    "lo-fi hip hop": _genre(70, 92, "lo-fi, boom bap", "lo-fi",
        "picked sub | hip hop, sustained, half",
        "rhodes guitar piano", "held charleston", "warm", "bell pluck", "flute bell piano",
        "dorian"),
    "trap": _genre(128, 160, "trap", "808", "808 | 808, sustained", "bell piano stab",
        "held syncopated",
        "dark vocal", "bell pluck", "bell flute pluck", "minor"),
    "breakbeat": _genre(100, 138, "breakbeat, funk", "acoustic lo-fi",
        "square saw reese | funky, syncopated",
        "stab rhodes", "stabs syncopated", "strings dark", "saw square", "saw square", "minor"),
    "jungle": _genre(158, 174, "jungle", "acoustic lo-fi",
        "sub reese | half, syncopated, sustained",
        "stab rhodes", "stabs held", "strings warm", "pluck bell", "saw bell", "minor"),
    "drum and bass": _genre(165, 176, "drum and bass", "acoustic 909",
        "reese sub fm | syncopated, half, driving",
        "rhodes stab", "held stabs", "dark strings", "pluck saw", "saw", "minor"),
    "dubstep": _genre(136, 144, "dubstep", "909 industrial",
        "wobble reese sub | wobble, sustained, half",
        "stab", "stabs", "dark vocal", "square saw", "square saw", "minor"),
    "garage": _genre(126, 136, "garage", "909", "sub fm square | syncopated, funky",
        "organ stab rhodes",
        "stabs syncopated charleston", "warm", "pluck bell", "bell flute", "dorian"),
    "reggaeton": _genre(86, 102, "reggaeton", "808 909", "808 sub | syncopated, 808, latin",
        "guitar pluck stab", "syncopated offbeat", "warm", "pluck marimba", "flute marimba pluck",
        "minor"),
    "bossa nova": _genre(112, 150, "bossa nova", "acoustic", "picked | latin", "guitar rhodes",
        "bossa",
        "strings", "guitar marimba", "flute guitar", "major"),
    "latin": _genre(92, 126, "latin", "acoustic", "picked | latin, syncopated", "piano guitar",
        "syncopated bossa", "strings", "marimba guitar", "flute piano", "minor"),
    "disco": _genre(110, 126, "disco", "acoustic 909", "picked saw | octaves, funky",
        "guitar piano rhodes",
        "offbeat stabs strum", "strings", "pluck saw", "flute saw", "dorian"),
    "funk": _genre(92, 118, "funk", "acoustic", "picked square | funky, syncopated",
        "guitar organ rhodes",
        "stabs syncopated strum", "warm", "pluck", "organ flute", "dorian"),
    "rock": _genre(96, 156, "rock", "acoustic", "picked | driving, half, syncopated",
        "guitar organ piano",
        "eighths strum quarters", "strings", "guitar", "guitar saw", "major"),
    "pop": _genre(92, 128, "rock, house, electro", "acoustic 808",
        "picked saw | driving, half, syncopated",
        "piano guitar rhodes", "quarters strum held", "strings glass", "pluck bell",
        "bell pluck piano", "major"),
    "electro": _genre(108, 134, "electro", "808",
        "square fm saw | sixteenths, syncopated, octaves", "stab",
        "stabs", "vocal dark", "square saw", "square saw", "minor"),
    "synthwave": _genre(80, 118, "rock, electro, disco", "909 808",
        "saw square | driving, octaves, sixteenths",
        "stab brass", "held syncopated", "warm strings glass", "saw square pluck", "saw bell",
        "minor"),
    "afrobeat": _genre(98, 124, "afrobeat", "acoustic", "picked sub | funky, syncopated, latin",
        "guitar organ", "syncopated stabs", "warm", "guitar marimba", "flute marimba guitar",
        "dorian"),
    "reggae": _genre(70, 92, "reggae", "acoustic", "sub picked | reggae", "organ guitar piano",
        "offbeat",
        "warm", "pluck", "flute organ", "minor"),
    "blues": _genre(84, 132, "shuffle", "acoustic", "picked | walking, half", "piano organ guitar",
        "quarters charleston", "strings", "guitar", "guitar piano", "mixolydian"),
    "jazz": _genre(100, 170, "swing", "acoustic", "picked | walking", "rhodes piano guitar",
        "charleston held",
        "strings", "guitar marimba", "flute piano guitar", "dorian"),
    "industrial": _genre(96, 140, "industrial", "industrial",
        "saw reese fm | sixteenths, driving", "stab",
        "stabs eighths", "dark", "square saw", "square saw", "phrygian"),
    "ambient": _genre(70, 100, "lo-fi, electro", "808 lo-fi", "sub | sustained", "rhodes bell",
        "held",
        "warm glass vocal strings dark", "bell pluck", "bell flute", "major"),
    "chiptune": _genre(110, 168, "electro, rock", "808", "square | octaves, driving, sixteenths",
        "square",
        "eighths stabs", "glass", "square", "square", "major"),
}  # fmt: skip
"""Genres in four."""

_SLOW_FOLK = (84, 150)
GENRES_IN_THREE: dict[str, Genre] = {
    "waltz": _genre(*_SLOW_FOLK, "waltz, jazz waltz", "acoustic lo-fi", "picked sub | waltz",
        "piano guitar rhodes", "waltz", "strings warm", "marimba bell pluck", "flute bell piano",
        "major"),
    "folk": _genre(84, 140, "waltz, six-eight", "acoustic", "picked | waltz, six-eight",
        "guitar piano",
        "waltz six-eight", "strings", "guitar", "flute guitar", "major"),
    "six-eight": _genre(84, 160, "six-eight, six-eight afro", "acoustic 909",
        "picked saw sub | six-eight",
        "piano guitar organ", "six-eight", "strings vocal glass", "pluck guitar saw",
        "flute saw bell", "minor"),
}  # fmt: skip
"""Genres whose bars have three beats."""
