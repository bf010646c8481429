"""Where the bar begins in a loop of four quarters: which turn of it is most like a known rhythm.

Each turn by a sixteenth is compared with a small book of the rhythms that drummers play (bar
positions of kick, snare and hats, as any drum method has them), in three bands of frequency; as in
pattern-based downbeat tracking (Goto, JNMR 30(2), 2001). Where two turns fit alike, such as the
halves of a bar that repeats itself, nothing is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osc_server.rendering.bands import Levels, band_levels_db
from osc_server.rendering.plan import Audio

Profile = NDArray[np.float64]  # [n_places, 3]: low, middle, high

PLACES_PER_BAR = 16
_RISE_FRAMES = 3
_BANDS = ((0, 2), (2, 18), (18, 40))  # of the mel bands: up to about 200 Hz, 1.8 kHz, above
_REACH = 0.3  # of a sixteenth on each side, within which an onset belongs to it
_SHARPNESS = 40.0  # of the softest maximum over the book: nearly its best rhythm
_SPILL = np.array([[1.0, 0.0, 0.0], [0.6, 1.0, 0.2], [0.2, 0.8, 0.6]])
"""How much of kick, snare and hat (columns) is heard in the low, middle and high band (rows)."""
_LEAST_LOW, _LEAST_HIGH = 0.9, 0.18  # of the strongest band's onsets
_MOST_SPREAD_DB = 6.5  # between the high bands of an attack: cymbals and snares are even
_STROKES = {"x": 1.0, "o": 0.5, ".": 0.0}
_BOOK = """
x.......x.......  ....x.......x...  x.x.x.x.x.x.x.x.
x.......x.x.....  ....x.......x...  x.x.x.x.x.x.x.x.
x.....x.x.......  ....x.......x...  x.x.x.x.x.x.x.x.
x..x....x.x.....  ....x.......x...  x.x.x.x.x.x.x.x.
x.x.......xx....  ....x..o.o..x..o  x.x.x.x.x.x.x.x.
x.........x.....  ....x.......x...  x.x.x.x.x.x.x.x.
x......x..x.....  ....x.......x...  x.x.x.x.x.x.x.x.
x..x..x...x.....  ....x.......x...  x.x.x.x.x.x.x.x.
x.....x...x..x..  ....x.......x...  xxxxxxxxxxxxxxxx
x...x...x...x...  ....x.......x...  ..x...x...x...x.
x...x...x...x...  ................  ..x...x...x...x.
x...x...x...x...  ....x.......x...  xoxoxoxoxoxoxoxo
x.........x.....  ........x.......  x.x.x.x.x.x.x.x.
x.....x.........  ........x.......  x.x.x.x.x.xxx.x.
x..x......x...x.  ........x.......  x.x.x.x.x.x.x.x.
x...x...x...x...  ...x..x....x..x.  x.x.x.x.x.x.x.x.
x.......x.......  ...x..x....x..x.  x.x.x.x.x.x.x.x.
x..xx..xx..xx..x  x..x..x...x..x..  x.x.x.x.x.x.x.x.
x.....x.x.....x.  x..x..x...x..x..  xxxxxxxxxxxxxxxx
x.....xx......x.  ..x.....x.....x.  x.x.x.x.x.x.x.x.
x..x..x...x.x...  ....x.......x...  x.xxx.xxx.xxx.xx
x.....x.......x.  ....x.......x...  x...x..xx...x..x
........x.......  ........x.......  x.x.x.x.x.x.x.x.
x..x..x.x..x..x.  ....x.......x...  x.x.x.x.x.x.x.x.
"""
"""Kick, snare, hats: rock, breakbeats, boom bap, drum and bass, house, techno, half time, trap,
reggaeton, bossa nova, samba, afrobeat, electro, swing, one drop, tresillo."""


@dataclass(frozen=True, slots=True)
class Downbeat:
    """Where the bar seems to begin.

    Attributes:
        place: sixteenth at which it does, 0..15; the loop is turned back by so many.
        margin: by how much this fits better than the loop's own start; 0 where that is best.
        is_drums: whether this is a drum kit, alone or with others: the strongest onsets lie low,
            high ones are there, and these are noise rather than tones. Bass lines, chords and
            arpeggios keep other rhythms.
    """

    place: int
    margin: float
    is_drums: bool


def find_downbeat(
    audio: Audio, rate_hz: int, n_bars: int, levels: Levels | None = None
) -> Downbeat:
    """The turn of a loop in 4/4 at which its bar begins.

    Args:
        audio: ``[n_samples, n_channels]``, exactly ``n_bars``.
        rate_hz: its rate.
        n_bars: whole bars, at least one.
        levels: the audio's own ``band_levels_db``, where they are known.
    """
    levels = band_levels_db(audio, rate_hz, loop=True) if levels is None else levels
    rise = _rise(levels)
    onsets = _strongest(rise, n_bars * PLACES_PER_BAR)
    bar = _unit(onsets.reshape(n_bars, PLACES_PER_BAR, 3).mean(axis=0))
    book = _book()
    turns = np.stack([np.roll(bar, -place, axis=0) for place in range(PLACES_PER_BAR)])
    likeness = np.einsum("tpb,rpb->tr", turns, book) / len(_BANDS)
    fits = np.log(np.exp(_SHARPNESS * likeness).mean(axis=1)) / _SHARPNESS
    place = int(fits.argmax())
    return Downbeat(place, float(fits[place] - fits[0]), _is_drums(levels, rise))


def _rise(levels_db: Profile) -> Profile:
    """How much louder each frame is than the one 15 ms before it, in three bands: ``[T, 3]``."""
    loudness = 10 ** (levels_db / 40)  # the square root of magnitude: soft strokes count too
    rise = np.maximum(loudness - np.roll(loudness, _RISE_FRAMES, axis=0), 0)
    return np.stack([rise[:, a:b].mean(axis=1) for a, b in _BANDS], axis=1)


def _is_drums(levels_db: Profile, rise: Profile) -> bool:
    n_strong = max(4, len(rise) // 40)
    strong = np.sort(rise, axis=0)[-n_strong:].mean(axis=0)
    low, _, high = strong / max(float(strong.max()), 1e-12)
    attacks = np.argsort(rise[:, 2])[-n_strong:]
    spread_db = float(levels_db[attacks, slice(*_BANDS[2])].std(axis=1).mean())
    return bool(low >= _LEAST_LOW and high >= _LEAST_HIGH and spread_db <= _MOST_SPREAD_DB)


def _strongest(bands: Profile, n_places: int) -> Profile:
    """The strongest onset at each of ``n_places`` of a loop, ``[n_places, 3]``, at most 1."""
    step = len(bands) / n_places
    reach = max(1, round(_REACH * step))
    at = np.round(np.arange(n_places) * step).astype(int)[:, None]
    near = (at + np.arange(-reach + 1, reach + 2)) % len(bands)
    strongest = bands[near].max(axis=1)
    return np.asarray(strongest / np.maximum(strongest.max(axis=0), 1e-12))


def _book() -> Profile:
    """All rhythms as they would be heard, ``[n_rhythms, 16, 3]``."""
    rows = [line.split() for line in _BOOK.split("\n") if line]
    strokes = np.array([[[_STROKES[c] for c in part] for part in row] for row in rows])
    return np.stack([_unit((_SPILL @ rhythm).T) for rhythm in strokes])


def _unit(profile: Profile) -> Profile:
    """Without its mean and of length 1, band by band."""
    centred = profile - profile.mean(axis=0)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=0), 1e-9))
