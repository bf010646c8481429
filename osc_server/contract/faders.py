"""The fader dialect: one address, one value; what surfaces with faders, knobs and pads speak.

A number in an address is an index counted from 1; a row of the table writes it as ``N``. A message
without arguments asks; the answer, and every change, comes on the same address.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscValue
from osc_server.contract.parameters import Parameter, Value, read_value

FEEDBACK_HZ = 30
"""A value is sent at most so often."""

Role = Literal["value", "button", "readout"]

_INDEX = re.compile(r"/(\d{1,4})(?=/)")


@dataclass(frozen=True, slots=True)
class Fader:
    """One address of the fader dialect.

    Attributes:
        address: such as ``/magnet/deck/N/level``.
        doc: one line for the reference.
        value: what it holds; of a button, what its lamp shows.
        role: ``value`` can be set, ``button`` is pressed, ``readout`` only tells.
        owner: which process handles it.
    """

    address: str
    doc: str
    value: Parameter
    role: Role = "value"
    owner: Literal["bridge"] = "bridge"

    def at(self, index: int) -> str:
        """Its address with an index in it."""
        return self.address.replace("/N/", f"/{index}/")


def split_index(address: str) -> tuple[str, int]:
    """``/magnet/deck/3/level`` as ``/magnet/deck/N/level`` and 3; 0 where it has no index."""
    match = _INDEX.search(address)
    if match is None:
        return address, 0
    return f"{address[: match.start()]}/N{address[match.end() :]}", int(match[1])


def read_fader(fader: Fader, args: Sequence[OscValue]) -> Value:
    """The value that a surface sends; a number out of range is clipped.

    Raises:
        BadRequest: where the arguments are no value of this kind.
    """
    parameter = fader.value
    if parameter.kind != "text" and len(args) != 1:
        raise BadRequest(f"{fader.address} takes one value, not {len(args)}")
    if parameter.kind == "choice" and isinstance(args[0], int | float) and args[0] is not True:
        return parameter.choices[
            _clip(round(_finite(fader, args[0])), 0, len(parameter.choices) - 1)
        ]
    value = read_value(replace(parameter, low=-math.inf, high=math.inf), args)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return type(value)(_clip(value, parameter.low, parameter.high))


def is_press(fader: Fader, args: Sequence[OscValue]) -> bool:
    """Whether a button was pressed; a release (0) is not. OSC's impulse and nil are presses.

    Raises:
        BadRequest: where the argument is neither.
    """
    if args[0] is None or args[0] == math.inf:
        return True
    return bool(read_value(replace(fader.value, kind="switch"), args[:1]))


def _clip(value: float, low: float, high: float) -> int:
    return min(max(value, low), high)  # type: ignore[return-value]  # keeps the kind of value


def _finite(fader: Fader, value: float) -> float:
    if not math.isfinite(value):
        raise BadRequest(f"{fader.address} takes a number, not {value}")
    return value
