"""The layouts: what lies where, on a tablet and on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from daw_bridge.integrations.surfaces.controls import (
    STATE_COLOURS,
    Area,
    Control,
    Kind,
    Layout,
    Page,
)

N_DECKS = 8
N_SCENES = 8
LEVEL_RANGE = (-60.0, 6.0)
"""dB. Narrower than the table's, so that a finger can set a decibel; silence is the mute button."""
BPM_RANGE = (60.0, 200.0)
_GAP = 3
_GREEN, _RED, _AMBER, _BLUE = "2ea043", "da3633", "d29922", "3b82c4"

# What a deck's column holds from the top down: height, and what lies side by side in it.
Cell = tuple[Kind, str, str, str]
_STRIP: tuple[tuple[int, tuple[Cell, ...]], ...] = (
    (60, (("press", "launch", "launch", _GREEN),)),
    (54, (("press", "stop", "stop", _RED),)),
    (54, (("press", "generate", "generate", _AMBER),)),
    (54, (("press", "vary", "vary", _AMBER),)),
    (54, (("press", "undo", "undo", _BLUE), ("press", "redo", "redo", _BLUE))),
    (54, (("press", "keep", "keep", _BLUE),)),
    (54, (("switch", "mute", "mute", _RED), ("switch", "solo", "solo", _AMBER))),
)
_HEAD, _PROGRESS = 34, 14
_QUANTA = ("beat", "bar", "4 bars")


def tablet() -> Layout:
    """All at once: eight decks, eight scenes below, clock and mix beside them; 1180 by 820."""
    size = Area(0, 0, 1180, 820)
    strips, scenes = Area(0, 0, 1024, 708), Area(0, 708, 1024, 112)
    controls = [
        *_decks(strips, range(1, N_DECKS + 1)),
        *_scenes(scenes, n_rows=1),
        *_clock_and_mix(Area(1024, 0, 156, 820)),
    ]
    return Layout("magnet-tablet", size, (Page("magnet", tuple(controls)),))


def phone() -> Layout:
    """Three pages: decks 1 to 4, decks 5 to 8, scenes with clock and mix; 414 by 846."""
    size = Area(0, 0, 414, 846)
    half = N_DECKS // 2
    top, bottom = Area(0, 0, 414, 420), Area(0, 420, 414, 426)
    pages = (
        Page(f"decks 1-{half}", tuple(_decks(size, range(1, half + 1)))),
        Page(f"decks {half + 1}-{N_DECKS}", tuple(_decks(size, range(half + 1, N_DECKS + 1)))),
        Page("scenes, clock", (*_scenes(top, n_rows=4), *_clock_and_mix(bottom))),
    )
    return Layout("magnet-phone", size, pages)


def layouts() -> tuple[Layout, ...]:
    """Every layout."""
    return tablet(), phone()


def _decks(area: Area, numbers: Sequence[int]) -> Iterator[Control]:
    for number, column in zip(numbers, _columns(area, len(numbers)), strict=True):
        yield from _deck(column, number)


def _deck(column: Area, number: int) -> Iterator[Control]:
    at = f"/magnet/deck/{number}"
    left, width = column.left, column.width
    head = Area(left, column.top, width, _HEAD).shrunk(_GAP)
    colour = STATE_COLOURS["empty"]
    title = Control("words", Area(head.left, head.top, 24, head.height), str(number))
    yield title
    state = Area(head.left + 24, head.top, head.width - 24, head.height)
    yield Control("reading", state, "state", f"{at}/state", colour=colour, lit_by_state=True)
    top = column.top + _HEAD
    bar = Area(left + _GAP, top, width - 2 * _GAP, _PROGRESS)
    yield Control("progress", bar, "", f"{at}/progress", colour=_AMBER)
    top += _PROGRESS
    for height, cells in _STRIP:
        places = _columns(Area(left, top, width, height), len(cells))
        for (kind, name, label, lit), place in zip(cells, places, strict=True):
            yield Control(kind, place.shrunk(_GAP), label, f"{at}/{name}", colour=lit)
        top += height
    reading = Area(left, column.top + column.height - 28, width, 28).shrunk(_GAP)
    fader = Area(left, top, width, column.top + column.height - 28 - top).shrunk(_GAP)
    low, high = LEVEL_RANGE
    yield Control("fader", fader, "dB", f"{at}/level", low=low, high=high, colour=_GREEN)
    yield Control("reading", reading, "level", f"{at}/level")


def _scenes(area: Area, n_rows: int) -> Iterator[Control]:
    """A scene is launched by the big button, and stored by the smaller one below it."""
    rows = _rows(area, n_rows)
    numbers = iter(range(1, N_SCENES + 1))
    for row in rows:
        for place in _columns(row, N_SCENES // n_rows):
            at = f"/magnet/scene/{next(numbers)}"
            number = at.rpartition("/")[2]
            launch, store = _split(place, place.height // 2)
            yield Control(
                "press", launch.shrunk(_GAP), f"scene {number}", f"{at}/launch", colour=_GREEN
            )
            yield Control("press", store.shrunk(_GAP), "store", f"{at}/store", colour=_BLUE)


def _clock_and_mix(area: Area) -> Iterator[Control]:
    """From the top: tempo, tap and grid; the mix; at the bottom what must not be hit by chance."""
    narrow = area.width < 200
    below = _stack(area, (28, 56, 56, 56, 56, 56) if narrow else (28, 56, 56, 56, 56))
    for place, name in zip(_columns(next(below), 2), ("bpm", "quantum"), strict=True):
        yield Control("reading", place.shrunk(_GAP), name, f"/magnet/clock/{name}")
    row = next(below)
    yield Control(
        "fader", row.shrunk(_GAP), "bpm", "/magnet/clock/bpm", 1, *BPM_RANGE, colour=_BLUE
    )
    tap = next(below)
    beat, button = _split_across(tap, 50)
    yield Control("reading", beat.shrunk(_GAP), "beat", "/magnet/clock/beat")
    yield Control("press", button.shrunk(_GAP), "tap", "/magnet/clock/tap", colour=_BLUE)
    for place, quantum in zip(_columns(next(below), len(_QUANTA)), _QUANTA, strict=True):
        yield Control("choice", place.shrunk(_GAP), quantum, "/magnet/clock/quantum", quantum)
    buttons = [
        Control("switch", area, "record", "/magnet/mix/record", colour=_RED),
        Control("press", area, "save", "/magnet/session/save", colour=_BLUE),
        Control("press", area, "stop all", "/magnet/mix/stop", colour=_RED),
    ]
    places = [next(below)] if not narrow else [next(below), next(below)]
    cells = _columns(places[0], 3) if not narrow else (*_columns(places[0], 2), places[1])
    for control, place in zip(buttons, cells, strict=True):
        yield Control(
            control.kind, place.shrunk(_GAP), control.label, control.address, colour=control.colour
        )
    rest = next(below)
    low, high = LEVEL_RANGE
    fader, reading = _split(rest, rest.height - 28)
    yield Control("fader", fader.shrunk(_GAP), "mix dB", "/magnet/mix/level", 1, low, high, _GREEN)
    yield Control("reading", reading.shrunk(_GAP), "mix", "/magnet/mix/level")


def _columns(area: Area, count: int) -> list[Area]:
    edges = [area.left + round(area.width * n / count) for n in range(count + 1)]
    return [Area(left, area.top, right - left, area.height) for left, right in pairwise(edges)]


def _rows(area: Area, count: int) -> list[Area]:
    edges = [area.top + round(area.height * n / count) for n in range(count + 1)]
    return [Area(area.left, top, area.width, below - top) for top, below in pairwise(edges)]


def _split(area: Area, height: int) -> tuple[Area, Area]:
    """What is above, and what is below."""
    upper = Area(area.left, area.top, area.width, height)
    return upper, Area(area.left, area.top + height, area.width, area.height - height)


def _split_across(area: Area, width: int) -> tuple[Area, Area]:
    """What is left, and what is right."""
    first = Area(area.left, area.top, width, area.height)
    return first, Area(area.left + width, area.top, area.width - width, area.height)


def _stack(area: Area, heights: Iterable[int]) -> Iterator[Area]:
    """Rows of these heights, then what is left."""
    top = area.top
    for height in heights:
        yield Area(area.left, top, area.width, height)
        top += height
    yield Area(area.left, top, area.width, area.top + area.height - top)
