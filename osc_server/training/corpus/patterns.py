"""Rhythms as strings: one character a step, one string a bar, steps of equal length.

``X`` is an accent, ``x`` a hit, ``o`` a soft hit, ``,`` a ghost note, ``.`` a rest; in chord and
bass strings ``-`` holds the note before it. The number of characters sets the grid: 16 in a 4/4 bar
are sixteenths, 12 are eighth triplets, 32 are thirty-seconds. Strings of three-beat bars have 12
sixteenths or 6 eighths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

VELOCITY = {"X": 1.0, "x": 0.8, "o": 0.55, ",": 0.28}


@dataclass(frozen=True, slots=True)
class DrumStyle:
    """Alternatives for each piece of a style; one is drawn for each clip.

    Attributes:
        lines: piece to its alternative bars.
        swing: delay of each second sixteenth, as a share of a sixteenth (0..0.33).
        extras: pieces that may join in, as in ``lines``.
    """

    lines: Mapping[str, tuple[str, ...]]
    swing: float = 0.0
    extras: Mapping[str, tuple[str, ...]] | None = None


_SIXTEENTHS = "xoxoxoxoxoxoxoxo"
_EIGHTHS = "x.o.x.o.x.o.x.o."
_PERCUSSION = {
    "shaker": ("o,x,o,x,o,x,o,x,", "..x...x...x...x."),
    "conga": ("..x..x....x..xo.", "x..o..x.x..o..o."),
    "cowbell": ("x...x...x...x...", "x..x..x...x.x..."),
    "tambourine": ("....x.......x...", "..x...x...x...x."),
}

DRUM_STYLES: dict[str, DrumStyle] = {
    "rock": DrumStyle({
        "kick": ("X.......X.x.....", "X.....x.X.......", "X..x....X.x...x."),
        "snare": ("....X.......X...",),
        "hat": ("x.o.x.o.x.o.x.o.", "X.x.X.x.X.x.X.x."),
    }, 0.0, {"crash": ("X...............",), "tambourine": _PERCUSSION["tambourine"]}),
    "house": DrumStyle({
        "kick": ("X...X...X...X...",),
        "clap": ("....X.......X...",),
        "open": ("..x...x...x...x.",),
        "hat": ("x.,.x.,.x.,.x.,.", "o,.,o,.,o,.,o,.,", "................"),
    }, 0.06, _PERCUSSION),
    "techno": DrumStyle({
        "kick": ("X...X...X...X...", "X...X...X...X.x."),
        "hat": ("..X...X...X...X.", "xoXoxoXoxoXoxoXo"),
        "rim": ("...x..x....x..x.", "..x..x..x.....x.", "................"),
        "clap": ("............x...", "....x.......x...", "................"),
    }, 0.0, {"low_tom": ("......x.......xo",), "ride": ("..x...x...x...x.",)}),
    "disco": DrumStyle({
        "kick": ("X...X...X...X...",),
        "snare": ("....X.......X...",),
        "hat": ("xo..xo..xo..xo..", "x...x...x...x..."),
        "open": ("..X...X...X...X.",),
    }, 0.0, {"tambourine": (_SIXTEENTHS,), "cowbell": _PERCUSSION["cowbell"]}),
    "boom bap": DrumStyle({
        "kick": ("X.....x...X.....", "X..x......X..x..", "X.x....x..X....."),
        "snare": ("....X.......X...", "....X..,.,..X..,"),
        "hat": ("x.o.x.o.x.o.x.o.", "x.oox.o.x.o.x.oo"),
    }, 0.2, {"open": ("..............x.",)}),
    "trap": DrumStyle({
        "kick": ("X.....x...x.....", "X......x..X..x..", "X..x.......x.x.."),
        "clap": ("........X.......",),
        "hat": (
            "x.o.x.o.x.o.x.o.x.o.x.oox.o.xooo",
            "x.o.x.ooxoooooo.x.o.x.o.x.o.xoxo",
            "x.o.x.o.x.o.xoxox.o.xooox.o.x.o.",
            "x...o...x.o.xoooxooo....x.o.xoxo",
        ),
    }, 0.0, {"open": ("......x.........",), "rim": ("...x......x.....",)}),
    "breakbeat": DrumStyle({
        "kick": ("X.x.......x.....", "X.x.......xx....", "X..x..x...x....."),
        "snare": ("....X..o.o..X..o", "....X..,.,..X...", "....X..o.,....X."),
        "ride": ("x.x.x.x.x.x.x.x.", "................"),
        "hat": ("x.x.x.x.x.x.x.x.", "xox.x.xox.x.xox."),
    }, 0.08, {"open": ("..........x.....",)}),
    "jungle": DrumStyle({
        "kick": ("X.x.......xx....", "X.....x...x..x.."),
        "snare": ("....X..o.x..X..o", "...x..X..o.x..X.", "....X..x.o..X.xo"),
        "hat": ("x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo"),
        "shaker": ("................", "oxoxoxoxoxoxoxox"),
    }, 0.0, {"crash": ("X...............",)}),
    "drum and bass": DrumStyle({
        "kick": ("X.........X.....", "X.........x..x..", "X..x......X....."),
        "snare": ("....X.......X...", "....X..,....X..,"),
        "hat": ("x.o.x.o.x.o.x.o.", "xoxoxoxoxoxoxoxo"),
    }, 0.0, {"ride": ("x.x.x.x.x.x.x.x.",), "shaker": _PERCUSSION["shaker"]}),
    "dubstep": DrumStyle({
        "kick": ("X.........x.....", "X.....x.........", "X..x..........x."),
        "snare": ("........X.......",),
        "hat": ("x..o..x.o..x..o.", "x...o.x...o.x.oo", "o..o..o.o..o..oo"),
    }, 0.0, {"rim": ("...x.........x..",), "crash": ("X...............",)}),
    "reggaeton": DrumStyle({
        "kick": ("X...X...X...X...",),
        "snare": ("...X..X....X..X.",),
        "hat": ("o.o.o.o.o.o.o.o.", "................", _EIGHTHS),
    }, 0.0, {"conga": _PERCUSSION["conga"], "shaker": _PERCUSSION["shaker"]}),
    "bossa nova": DrumStyle({
        "kick": ("X..xX..xX..xX..x", "X..x...xX..x...x"),
        "rim": ("x..x..x...x..x..", "..x..x..x..x..x."),
        "shaker": ("xoxoxoxoxoxoxoxo",),
    }, 0.0, {"conga": _PERCUSSION["conga"]}),
    "latin": DrumStyle({
        "kick": ("x.....x.x.....x.", "......x.......x."),
        "cowbell": ("x.x.oox.x.oox.oo", "X...x...X.x.x.x."),
        "conga": ("o.x.o.xxo.x.o.xx", "..x..oxo..x..oxx"),
        "rim": ("x..x..x...x.x...",),
    }, 0.0, {"high_tom": ("............x.x.",), "shaker": _PERCUSSION["shaker"]}),
    "funk": DrumStyle({
        "kick": ("X.x....x..x.....", "X..x..x....x..x.", "X.x.......x..x.."),
        "snare": ("....X..,.,..X..,", ",..,X..,.,.,X..,", "....X..o.o..X..o"),
        "hat": ("xoxoxoxoxoxoxoxo", "x.xox.xox.xox.xo"),
    }, 0.08, {"open": ("......x.........", "..............x.")}),
    "lo-fi": DrumStyle({
        "kick": ("X.....x.x.......", "X..x......x.....", "X.......x..x...."),
        "snare": ("....x.......x...", "....x.......x..,"),
        "hat": ("o.o.o.o.o.o.o.o.", "x.o.x.,ox.o.x.,."),
    }, 0.24, {"rim": ("..........,..x..",), "shaker": ("..o...o...o...o.",)}),
    "electro": DrumStyle({
        "kick": ("X.....X...x.....", "X..X..X.........", "X.....x..xX....."),
        "snare": ("....X.......X...",),
        "hat": ("xoxoxoxoxoxoxoxo", "x.xxx.xxx.xxx.xx"),
    }, 0.0, {"cowbell": ("x.x..x.x..x.x...", "..x..x..x..x..x."),
             "low_tom": ("..........x.x.xx",), "clap": ("....x.......x...",)}),
    "afrobeat": DrumStyle({
        "kick": ("X..x..x...x.x...", "X.....x...x.x..."),
        "snare": ("....x..o.,o.x..o", "..,.x..x..,.x.o."),
        "hat": ("x.xox.xox.xox.xo", "xoxoxoxoxoxoxoxo"),
        "conga": ("..x..xo...x..xo.", "x..xo..xx..xo..x"),
    }, 0.05, {"cowbell": ("x..x..x...x.x...",), "shaker": _PERCUSSION["shaker"]}),
    "reggae": DrumStyle({
        "kick": ("........X.......",),
        "rim": ("........X.......", "........X.....o."),
        "hat": ("x.o.x.o.x.o.x.o.", "..x...x...x...x."),
    }, 0.18, {"open": ("..............x.",), "high_tom": ("............x.xx",)}),
    "shuffle": DrumStyle({
        "kick": ("X.....X.....", "X....xX....."),
        "snare": ("...X.....X..", "..,X..,..X.,"),
        "hat": ("x.ox.ox.ox.o",),
    }, 0.0, {"tambourine": ("...x.....x..",)}),
    "swing": DrumStyle({
        "ride": ("x..x.xx..x.x",),
        "hat": ("...x.....x..",),
        "kick": ("o..o..o..o..", "X.....o....."),
        "snare": (".....,..,...", "..,.....o..,", "............"),
    }),
    "garage": DrumStyle({
        "kick": ("X.........x.....", "X......x..x....."),
        "snare": ("....X.......X...", "....X..,....X.,."),
        "hat": ("..x..ox...x..ox.", "..xo..x.o.x...xo"),
        "shaker": ("................", "oxoxoxoxoxoxoxox"),
    }, 0.25, {"rim": (".......x.x......",), "open": ("..x.......x.....",)}),
    "industrial": DrumStyle({
        "kick": ("X...X...X...X.xx", "X.xX..X.X.xX..X."),
        "snare": ("....X.......X...", "....X.......X.X."),
        "hat": ("x.x.x.x.x.x.x.x.", "XoxoXoxoXoxoXoxo"),
    }, 0.0, {"low_tom": ("..x..x..x..x.x..",), "cowbell": ("...x......x.....",)}),
}  # fmt: skip
"""Styles whose bars have four beats."""

DRUM_STYLES_IN_THREE: dict[str, DrumStyle] = {
    "waltz": DrumStyle({
        "kick": ("X...........", "X.........x."),
        "snare": ("....o...o...", "....x...x..."),
        "hat": ("x...x...x...", "x.o.x.o.x.o."),
    }, 0.0, {"tambourine": ("....x...x...",)}),
    "jazz waltz": DrumStyle({
        "ride": ("x..x.xx.o", "x..x.xx.."),
        "hat": ("...x.....", "...x..x.."),
        "kick": ("X........", "X....o..."),
        "snare": (".....,..,", "........o"),
    }),
    "six-eight": DrumStyle({
        "kick": ("X...........", "X....x......", "X.......x.x."),
        "snare": ("......X.....", "......X..,.,"),
        "hat": ("x.o.o.x.o.o.", "xoooooxooooo"),
    }, 0.0, {"crash": ("X...........",)}),
    "six-eight afro": DrumStyle({
        "cowbell": ("x.x.xx.x.x.x", "x.x.x.x..x.x"),
        "kick": ("X.....x.....", "X..x..X..x.."),
        "conga": ("..xo..x.xo..", ".x..ox.x..ox"),
        "shaker": ("xooxooxooxoo",),
    }),
}  # fmt: skip
"""Styles whose bars have three beats; the six-eight ones feel two dotted beats."""

FILLS = {
    "snare": ("............xoXx", "..........x.x.xX", "............X.X."),
    "low_tom": ("..............xX", "............x.x."),
    "high_tom": ("..........xx....", "............xx.."),
    "kick": ("..............x.", "..........x..x.."),
}

# r root, 5 fifth, 8 octave, 3 third, 7 seventh below the octave, n a step to the next root.
BASS_LINES: dict[str, tuple[str, ...]] = {
    "offbeat": ("..r-..r-..r-..r-", "..r-..r-..r-..8-"),
    "octaves": ("r-8-r-8-r-8-r-8-", "r.8.r.8.r.8.r.8."),
    "driving": ("r-r-r-r-r-r-r-r-", "r.r.r.r.r.r.r.n."),
    "sixteenths": ("r.rrr.rrr.rrr.rr", "rrrrrrrrrrrrrrrr", ".rrr.rrr.rrr.rrr"),
    "acid": ("r.r8.r5r.r8.r.7.", "rr.8r.r.7.r.8r.5", "r..r8.r.r7.r.8.r", "r.8.rr.7r.r.5r8."),
    "funky": ("r-..8.r..5.r..7.", "r.r..8.r..5-7.8.", "r-.r..8.r..r.5n."),
    "hip hop": ("r---..r-..5-....", "r--.....r-..5.n-", "r-..r...8-..5-.."),
    "walking": ("r---3---5---n---", "r---5---8---n---"),
    "reggae": ("....r-.r..5-r-..", "r--...r-5-..r-.."),
    "sustained": ("r---------------", "r-------------n-"),
    "half": ("r-------5-------", "r-----..r-----n-"),
    "808": ("r-----....r---..", "r-------..r-r---", "r---....r-.r--.."),
    "wobble": ("r-------r---r---", "r---r-----r-----"),
    "syncopated": ("r--r--r---r--r--", "r..r..r.r..r..8.", "r--r....r--r--n-"),
    "latin": ("r--5--8-..5-8---", "r-----5-8-----5-"),
}
BASS_LINES_IN_THREE = {
    "waltz": ("r-----------", "r---5---5---", "r---....5---"),
    "six-eight": ("r-----5-----", "r-..r-8-..5-", "r---.rr---n-"),
}

CHORD_RHYTHMS: dict[str, tuple[str, ...]] = {
    "held": ("x---------------", "x-------x-------"),
    "quarters": ("X--.x--.x--.x--.", "x-.ox-.ox-.ox-.o"),
    "offbeat": ("..x...x...x...x.", "..X...x...X...xo"),
    "stabs": ("x..x..x.........", "x.....x...x.....", "..x..x....x..x..", "x..x..x..x..x.x."),
    "charleston": ("x---..x---......", "x-....x-....x-..", "..x---..x-......"),
    "eighths": ("x-o-x-o-x-o-x-o-", "X-o-o-X-o-o-X-o-"),
    "strum": ("x---x-o-.-o-x-o-", "X---x-o-..x-o-x-"),
    "bossa": ("x--x--x---x--x--", "x-..x--x..x-.x-."),
    "syncopated": ("x---..x-----x---", "x--x--x-..x--x--", "x-----x-----x---"),
}
CHORD_RHYTHMS_IN_THREE = {
    "waltz": ("x---x-..x-..", "....x-..x-..", "x-----------"),
    "six-eight": ("x-o-o-x-o-o-", "x---o-x---o-"),
}

# Motif rhythms in sixteenths; x starts a note, - holds it.
MELODY_RHYTHMS = (
    "x---x-x---x-....", "x-x-x---x---....", "x-----x-x-------", "..x-x-x-x---x---",
    "x--x--x---......", "x---....x-x-x---", "x-xxx---x-......", "x---x---x-x-x---",
    "..x---x-..x---..", "x--x--x-x-------", "x-x-..x-x-..x---", "x-------..x-x-x-",
)  # fmt: skip
MELODY_RHYTHMS_IN_THREE = ("x---x-x-x---", "x-------x---", "x-x-x-x-....", "x---x---x-x-")


@dataclass(frozen=True, slots=True)
class Step:
    """A hit or note read from a string: when and how long in beats, how loud (0..1), its symbol."""

    beat: float
    beats: float
    velocity: float
    symbol: str


def read(line: str, bar_beats: float, swing: float = 0.0) -> list[Step]:
    """The steps of one bar; ``swing`` delays each second step of a sixteenth grid."""
    step = bar_beats / len(line)
    steps: list[Step] = []
    for place, symbol in enumerate(line):
        if symbol in ".-":
            continue
        held = 1
        while place + held < len(line) and line[place + held] == "-":
            held += 1
        late = swing * step if place % 2 and abs(step - 0.25) < 0.01 else 0.0
        velocity = VELOCITY.get(symbol, 0.8)
        steps.append(Step(place * step + late, held * step - late, velocity, symbol))
    return steps
