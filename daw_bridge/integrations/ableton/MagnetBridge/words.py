"""What this script understands: ``/live-magnet/<verb> <id> <own names> <the server's names>``.

The names of ``/magnet/generate`` and its kin pass through as they are; the bridge says what is
wrong with them. The names of our own come before them, each with its value, so that no word of a
prompt is ever taken for one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .osc import OscValue
from .places import Refused, Wish

ROOT = "/live-magnet/"
JOB_VERBS = ("generate", "continue", "infill", "vary", "loop")
OTHER_VERBS = ("cancel", "notify", "clock", "ping")
REPLIES = ("accepted", "progress", "waiting", "landed", "failed", "notified", "clocked", "pong")
PLACES = ("session", "arrangement")


@dataclass(frozen=True)
class Order:
    """A request that came in.

    Attributes:
        verb: one of the above.
        id: the asker's own.
        wish: where the clip is to land, or which clip is meant.
        names: all that goes on to the bridge.
    """

    verb: str
    id: OscValue
    wish: Wish
    names: tuple[OscValue, ...]


def read_order(address: str, args: Sequence[OscValue]) -> Order:
    """What a message asks.

    Raises:
        Refused: with what is wrong, and the nearest verb.
    """
    verb = address.removeprefix(ROOT)
    known = (*JOB_VERBS, *OTHER_VERBS)
    if not address.startswith(ROOT) or verb not in known:
        near = difflib.get_close_matches(verb, known, 1)
        hint = f"did you mean {ROOT}{near[0]}?" if near else f"there are {', '.join(known)}"
        raise Refused(f"unknown address {address}; {hint}")
    if not args:
        raise Refused(f"{address} needs your own id first: a number or a short text")
    order_id = int(args[0]) if isinstance(args[0], float) else args[0]
    if isinstance(order_id, bool) or not isinstance(order_id, int | str):
        raise Refused(f"{address} needs your own id first: a number or a short text")
    wish, rest = _read_wish(args[1:]) if verb in JOB_VERBS else (Wish(), tuple(args[1:]))
    return Order(verb, order_id, wish, rest)


def value_of(names: Sequence[OscValue], name: str) -> OscValue:
    """The number or text after a name; None where it is not given."""
    for word, value in pairwise(names):
        if word == name:
            return value
    return None


def gives_number(names: Sequence[OscValue], name: str) -> bool:
    """Whether a name is given with a number; a word of a prompt has none behind it."""
    pairs = pairwise(names)
    return any(word == name and _number(value) is not None for word, value in pairs)


def _read_wish(args: Sequence[OscValue]) -> tuple[Wish, tuple[OscValue, ...]]:
    wish, position = Wish(), 0
    while position + 1 < len(args) and args[position] in _OWN:
        name = str(args[position])
        wish = replace(wish, **{name: _OWN[name](name, args[position + 1])})  # type: ignore[arg-type]
        position += 2
    return wish, tuple(args[position:])


def _number(value: OscValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _read_track(name: str, value: OscValue) -> str | int:
    del name
    number = _number(value)
    return str(value) if number is None else int(number)


def _read_slot(name: str, value: OscValue) -> int:
    number = _number(value)
    if number is None or number != int(number):
        raise Refused(f"{name} must be a whole number, counted from 1, not {value!r}")
    return int(number)


def _read_place(name: str, value: OscValue) -> str:
    if value not in PLACES:
        raise Refused(f"{name} must be {' or '.join(PLACES)}, not {value!r}")
    return str(value)


def _read_beat(name: str, value: OscValue) -> float:
    number = _number(value)
    if number is None or not 0 <= number < float("inf"):
        raise Refused(f"{name} must be a beat of the arrangement from 0 on, not {value!r}")
    return number


_OWN: dict[OscValue, Callable[[str, OscValue], object]] = {
    "track": _read_track,
    "slot": _read_slot,
    "place": _read_place,
    "beat": _read_beat,
}
OWN_NAMES = tuple(str(name) for name in _OWN)
