"""What a control can be put to: the fader dialect's own table says it."""

from __future__ import annotations

from osc_server.contract.addresses import nearest
from osc_server.contract.errors import BadRequest
from osc_server.contract.fader_rows import FADERS, MAX_DECKS, MAX_SCENES
from osc_server.contract.faders import Fader, read_fader, split_index

_LAST_INDEX = {"deck": MAX_DECKS, "scene": MAX_SCENES}


def target(address: str) -> Fader:
    """The row of the table for an address such as ``/magnet/deck/1/level``.

    Raises:
        BadRequest: where there is none, naming the nearest, or no deck of that number.
    """
    pattern, index = split_index(address)
    fader = next((fader for fader in FADERS if fader.address == pattern), None)
    if fader is None:
        known = [row.at(index or 1) for row in FADERS]
        raise BadRequest(f"no address {address!r}{nearest(address, known)}")
    what = address.split("/")[2]
    last = _LAST_INDEX.get(what, 0)
    if "/N/" in fader.address and not 1 <= index <= last:
        raise BadRequest(f"{what} {index} is none: they are counted from 1 to {last}")
    return fader


def read_wish(text: str) -> tuple[str, float | str | None]:
    """What is to be learned, as one text: an address, and after a space what a press sets."""
    address, _, value = text.strip().partition(" ")
    return address, read_setting(value)


def read_setting(text: str) -> float | str | None:
    """A number where the text is one, else the text; None where there is none."""
    text = text.strip()
    try:
        return float(text)
    except ValueError:
        return text or None


def check_value(fader: Fader, value: float | int | str) -> None:
    """See that a press can set this value.

    Raises:
        BadRequest: where it is of another kind or out of range.
    """
    taken = read_fader(fader, [value])
    if isinstance(value, int | float) and isinstance(taken, int | float) and taken != value:
        raise BadRequest(f"{value:g} is out of range: {fader.value.range_text}")
