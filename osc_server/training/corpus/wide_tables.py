"""What corpus revision 2 has more of: bars of three, triplet basses, full mixes, their words."""

from __future__ import annotations

from osc_server.training.corpus import patterns
from osc_server.training.corpus.genres import GENRES, GENRES_IN_THREE, Genre
from osc_server.training.corpus.patterns import DrumStyle

DRUM_STYLES_IN_THREE: dict[str, DrumStyle] = patterns.DRUM_STYLES_IN_THREE | {
    "six-eight ballad": DrumStyle({
        "kick": ("X...........", "X.........x.", "X....x......"),
        "snare": ("......X.....", "......x....,"),
        "hat": ("x.x.x.x.x.x.", "x.o.o.x.o.o."),
    }, 0.0, {"ride": ("x.x.x.x.x.x.",)}),
    "jig": DrumStyle({
        "kick": ("X.....X.....", "X.....x...x."),
        "tambourine": ("x..xx.x..xx.", "x.x.x.x.x.x."),
        "rim": ("....x.....x.", "............"),
    }, 0.0, {"snare": ("......x.....",)}),
    "gospel six-eight": DrumStyle({
        "kick": ("X...x.......", "X....x..x..."),
        "snare": ("......X.....", "..,...X..,.,"),
        "ride": ("x.xx.xx.xx.x", "x.x.x.x.x.x."),
        "clap": ("......X.....", "............"),
    }),
    "fast waltz": DrumStyle({
        "kick": ("X...........",),
        "hat": ("....x...x...", "....x.o.x.o."),
        "snare": ("........o...", "............"),
    }, 0.0, {"crash": ("X...........",)}),
}  # fmt: skip
"""Those of revision 1, and more."""

BASS_LINES: dict[str, tuple[str, ...]] = patterns.BASS_LINES | {
    # Twelve steps are eighth triplets: long, short, as a shuffle is played.
    "shuffle": ("r-rr-r5-55-5", "r-rr-r5-58-7", "r-.r-.5-.8-7"),
    "swung walk": ("r--3--5--7-n", "r-r3--5-58-n", "r--5--8--7-n"),
}
BASS_LINES_IN_THREE: dict[str, tuple[str, ...]] = patterns.BASS_LINES_IN_THREE | {
    "jig": ("r-----5-----", "r-.r-.5-.5-."),
    "six-eight ballad": ("r-----------", "r---------n-", "r-----5-----"),
    "walking waltz": ("r---3---5---", "r---5---n---"),
}

WALTZ, SIX_EIGHT = "3/4", "6/8"

_IN_THREE: dict[str, tuple[str, Genre]] = {
    "jazz waltz": (WALTZ, Genre((96, 176), ("jazz waltz",), "acoustic", "picked",
        ("walking waltz", "waltz"), "rhodes piano guitar", "waltz", "strings", "guitar marimba",
        "flute piano guitar", "dorian")),
    "viennese waltz": (WALTZ, Genre((150, 176), ("fast waltz", "waltz"), "acoustic", "picked",
        ("waltz",), "piano organ", "waltz", "strings", "marimba bell", "flute bell piano",
        "major")),
    "gospel": (SIX_EIGHT, Genre((70, 110), ("gospel six-eight",), "acoustic", "picked",
        ("six-eight ballad", "six-eight"), "organ piano rhodes", "six-eight", "vocal warm",
        "pluck", "organ piano", "major")),
    "irish": (SIX_EIGHT, Genre((140, 176), ("jig",), "acoustic", "picked", ("jig",),
        "guitar piano", "six-eight", "strings", "guitar pluck", "flute guitar", "mixolydian")),
    "soul ballad": (SIX_EIGHT, Genre((72, 120), ("six-eight ballad",), "acoustic lo-fi",
        "picked sub", ("six-eight ballad",), "rhodes organ guitar", "six-eight", "warm strings",
        "guitar pluck", "saw organ flute", "minor")),
}  # fmt: skip

THREES: dict[str, tuple[str, Genre]] = {
    "waltz": (WALTZ, GENRES_IN_THREE["waltz"]),
    "six-eight": (SIX_EIGHT, GENRES_IN_THREE["six-eight"]),
    **_IN_THREE,
}
"""Genres of bars of three beats, each with its meter. Folk, which was of both, is left out."""

FOURS = GENRES

NEVER_SWUNG = ("shuffle", "swing", "trap", "rock")
"""Drum styles in 4/4 that are written in triplets or thirty-seconds, or are called straight."""
TRIPLET_BASS = {"blues": ("shuffle", "walking"), "jazz": ("swung walk", "walking")}
"""Bass lines of genres whose drums are."""

FULL_MIXES = (
    ("drums", "bass", "chords", "melody"), ("drums", "bass", "chords", "pad", "melody"),
    ("drums", "bass", "chords", "arp"), ("drums", "bass", "pad", "arp", "melody"),
    ("drums", "bass", "chords", "arp", "melody"), ("drums", "bass", "chords", "pad"),
)  # fmt: skip
"""Drums, bass and harmony, and what sings over them."""

STYLE_WORDS = {
    "six-eight ballad": ("6/8 ballad", "slow 6/8"), "jig": ("jig", "irish jig"),
    "gospel six-eight": ("gospel", "6/8 gospel"), "fast waltz": ("fast waltz", "viennese waltz"),
}  # fmt: skip
RHYTHM_WORDS = {
    "shuffle": ("shuffling", "shuffle"), "swung walk": ("walking", "swing"),
    "walking waltz": ("walking",), "jig": ("jig",), "six-eight ballad": ("slow",),
}  # fmt: skip
METER_WORDS = {
    WALTZ: ("in 3/4", "3/4 time", "in three four", "waltz time", "in three"),
    SIX_EIGHT: ("in 6/8", "6/8 time", "in six eight", "6/8 feel"),
}
SWUNG_WORDS = ("swung", "swinging", "shuffled")
SWUNG_ENDS = ("with swing", "with a swing feel", "swung sixteenths")
STRAIGHT_WORDS = ("straight", "tight on the grid")
FULL_WORDS = ("full mix", "full band", "full track", "whole band")
PUMPING_WORDS = ("pumping", "sidechained")
