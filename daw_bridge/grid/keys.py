"""What each key of a grid does, and how bright it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from osc_server.contract.packets import OscValue

QUAD = 8
"""Keys either way that are told of in one message."""
DECK_ROWS = ("launch", "stop", "generate", "vary", "undo", "redo", "keep", "mute")
_SCENE_ROWS = ("launch", "store")
_SOLO_ROW = 2
_WHOLE = (("/magnet/mix/stop", 1), ("/magnet/mix/record", None), ("/magnet/session/save", 1))
_QUANTA = ("beat", "bar", "4 bars")

# 16 levels; a grid without levels lights what is 8 and more, so that what plays is seen there too.
_DARK, _THERE, _LIT = 0, 3, 15
_STATES = {"empty": 0, "stopped": 3, "rendering": 5, "fading": 6, "cued": 10, "playing": 15}


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        address: what it does.
        value: what a press sends; None = it turns a switch over.
        shown: the address whose value it shows; empty = its own.
    """

    address: str
    value: OscValue = 1
    shown: str = ""

    @property
    def lamp(self) -> str:
        """The address whose value it shows."""
        return self.shown or self.address

    def press(self, values: Mapping[str, OscValue]) -> OscValue:
        """What a press sends, as things stand."""
        return self.value if self.value is not None else int(not values.get(self.address))

    def level(self, values: Mapping[str, OscValue]) -> int:
        """How bright it is, 0 to 15, as things stand."""
        held = values.get(self.lamp)
        if self.lamp.endswith("/state"):
            return _STATES.get(str(held), _DARK)
        if isinstance(self.value, str):
            return _LIT if held == self.value else _THERE
        return _LIT if held else _THERE


def keys(width: int, height: int, n_decks: int) -> dict[tuple[int, int], Key]:
    """The keys of a grid by column and row, both from 0.

    A column of the left half is a deck: its rows are those of the pads in ``docs/midi.md``. The
    right half of a grid of 16 columns has scenes, solos and what is for all decks. What lies below
    the eighth row is the same for the decks and scenes that follow.
    """
    found: dict[tuple[int, int], Key] = {}
    is_wide = width >= 2 * QUAD
    for top in range(0, height - QUAD + 1, QUAD):
        first, last = top + 1, min(n_decks, top + QUAD)
        for column, number in enumerate(range(first, min(last, top + width) + 1)):
            found |= {(column, top + row): key for row, key in enumerate(_deck_column(number))}
            if is_wide:
                found[QUAD + column, top + _SOLO_ROW] = Key(f"/magnet/deck/{number}/solo", None)
        if is_wide:
            found |= _scene_rows(top)
    return found | (_bottom_row(height - 1) if is_wide else {})


def _deck_column(number: int) -> list[Key]:
    """From the top down."""
    at = f"/magnet/deck/{number}"
    return [
        Key(
            f"{at}/{name}",
            None if name == "mute" else 1,
            f"{at}/state" if name == "launch" else "",
        )
        for name in DECK_ROWS
    ]


def _scene_rows(top: int) -> dict[tuple[int, int], Key]:
    return {
        (QUAD + column, top + row): Key(f"/magnet/scene/{top + column + 1}/{name}")
        for row, name in enumerate(_SCENE_ROWS)
        for column in range(QUAD)
    }


def _bottom_row(row: int) -> dict[tuple[int, int], Key]:
    whole = {
        (QUAD + column, row): Key(address, own) for column, (address, own) in enumerate(_WHOLE)
    }
    left = 2 * QUAD - len(_QUANTA)
    return whole | {
        (left + column, row): Key("/magnet/clock/quantum", quantum)
        for column, quantum in enumerate(_QUANTA)
    }


def quads(
    width: int,
    height: int,
    page: Mapping[tuple[int, int], Key],
    values: Mapping[str, OscValue],
) -> dict[tuple[int, int], tuple[int, ...]]:
    """The 64 levels of each block of 8 by 8 keys, by the column and row that it begins at."""
    return {
        (left, top): tuple(
            page[x, y].level(values) if (x, y) in page else _DARK
            for y in range(top, top + QUAD)
            for x in range(left, left + QUAD)
        )
        for top in range(0, height, QUAD)
        for left in range(0, width, QUAD)
    }
