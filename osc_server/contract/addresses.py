"""THE table: every address of protocol version 1, who owns it, and what it carries.

Parsing (``parsing``), replies (``reply_args``), the help, the reference page (``reference``) and
the tests are made from these rows. To add an address or a name, add a row to ``request_rows``,
``reply_rows``, ``clip_names`` or, for what a surface moves, ``fader_rows``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from osc_server.contract.errors import BadRequest
from osc_server.contract.fader_rows import FADERS
from osc_server.contract.faders import Fader, split_index
from osc_server.contract.reply_rows import REPLIES
from osc_server.contract.request_rows import REQUESTS
from osc_server.contract.row import Row

__all__ = [
    "DEFAULT_PORT",
    "FADERS",
    "MAX_DATAGRAM_BYTES",
    "PROTOCOL_VERSION",
    "REPLIES",
    "REQUESTS",
    "TIME_TAG_WINDOW_SECONDS",
    "Fader",
    "Row",
    "fader_row",
    "is_fader_address",
    "nearest",
    "request_row",
]

PROTOCOL_VERSION = 1
DEFAULT_PORT = 12100
MAX_DATAGRAM_BYTES = 1400
"""No datagram that leaves is longer."""
TIME_TAG_WINDOW_SECONDS = 10.0
"""How far from now a bundle's time tag is honoured."""


def request_row(address: str) -> Row:
    """The row of a request.

    Raises:
        BadRequest: for an address that no request has, naming the nearest.
    """
    for row in REQUESTS:
        if row.address == address:
            return row
    raise BadRequest(
        f"unknown address {address[:80]!r}"
        + nearest(address, [row.address for row in REQUESTS])
        + "; /magnet/help lists them"
    )


def is_fader_address(address: str) -> bool:
    """Whether an address lies in a room that the bridge owns, known or misspelled."""
    root, _, rest = address[1:].partition("/")
    return root == "magnet" and rest.partition("/")[0] in _ROOMS


def fader_row(address: str) -> tuple[Fader, int]:
    """The row of an address of the fader dialect, and the index in it (0 = none).

    Raises:
        BadRequest: where there is none, naming the nearest.
    """
    general, index = split_index(address)
    for row in FADERS:
        if row.address == general:
            return row, index
    known = [row.address for row in FADERS]
    raise BadRequest(f"unknown address {address[:80]!r}{nearest(general, known)}")


def nearest(word: str, known: Iterable[str]) -> str:
    """``"; did you mean bars?"`` where something known is near, else nothing."""
    matches = difflib.get_close_matches(word[:80], list(known), 1)
    return f"; did you mean {matches[0]}?" if matches else ""


_ROOMS = frozenset(row.address.split("/")[2] for row in FADERS)
