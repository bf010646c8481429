"""What crosses the page's WebSocket: JSON text, ``[address, value]``.

An address of the fader dialect is handed to the panel as it is. A name without a slash is the
page's own: ``["ping", 12.5]``.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscMessage, OscValue

MAX_FRAME_BYTES = 16384
"""Longest frame of a browser: the longest prompt, every letter of it escaped."""
_MOST_PARTS = 64


@dataclass(frozen=True, slots=True)
class PageWord:
    """What a page says that is not for the panel."""

    name: str
    value: OscValue = None


def read_frame(text: str) -> OscMessage | PageWord:
    """What a frame of a browser says.

    Raises:
        BadRequest: where it is not a list of an address and plain values.
    """
    try:
        parts = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadRequest("a frame must be JSON: [address, value]") from error
    if not isinstance(parts, list) or not 1 <= len(parts) <= _MOST_PARTS:
        raise BadRequest("a frame must be a list: [address, value]")
    address, *values = parts
    if not isinstance(address, str) or not all(_is_plain(value) for value in values):
        raise BadRequest("a frame must hold an address and numbers, texts or switches")
    if address.startswith("/"):
        return OscMessage(address, tuple(values))
    return PageWord(address, values[0] if values else None)


def write_frame(name: str, value: object) -> str:
    """A frame for a browser."""
    return json.dumps([name, value], ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _is_plain(value: object) -> bool:
    if isinstance(value, bool | str) or value is None:
        return True
    if isinstance(value, int):
        return abs(value) < 2**63
    return isinstance(value, float) and math.isfinite(value)


def _refuse(constant: str) -> object:
    raise ValueError(constant)
