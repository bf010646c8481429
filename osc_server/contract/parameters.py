"""What one value of the protocol may be, and how an OSC argument becomes it.

Senders differ: Pd sends every number as a float, Max splits text at its spaces, surfaces send
floats for switches, scripts send what they like. A value is taken in any of these forms as long as
it can mean only one thing, and refused with its name, range and unit otherwise.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter
from osc_server.contract.packets import OscValue

Kind = Literal[
    "id", "text", "word", "choice", "number", "integer", "switch", "meter", "key", "steps", "blob"
]
Value = object
MAX_TEXT = 2000
"""Characters of a text."""
MAX_ID_BYTES = 128
"""A text id is echoed in every reply, so it has to leave room for the rest."""
N_CODEBOOKS = 4
MAX_STEPS = 500
"""Forward passes for one codebook."""

_METER = re.compile(r"\s*\d+\s*/\s*\d+\s*")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_KEY = re.compile(
    r"[A-Ga-g](#|b|♯|♭|\s?sharp|\s?flat)?"
    r"\s?(m|maj|min|major|minor|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian)?"
)
_ON = ("1", "true", "on", "yes")
_OFF = ("0", "false", "off", "no")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named value of a request, or a positional one of a reply.

    Attributes:
        name: as it is written on the wire.
        kind: what it may be; ``text`` may arrive split into words, ``word`` may not.
        doc: one line for the reference.
        unit: of a number.
        low: least value of a number, inclusive.
        high: greatest value of a number, inclusive.
        choices: the values that a ``choice`` or an ``integer`` is confined to.
        default: what holds where it is not given, in words; empty = the record says it.
        attribute: the field of the request that it fills, where its name differs;
            ``decoding.x`` lies one deeper.
        required: whether a request without it is refused.
        refused: why it cannot be given, of a name that is known from a like request; or empty.
    """

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    default: str = ""
    attribute: str = ""
    required: bool = False
    refused: str = ""

    @property
    def range_text(self) -> str:
        """The values it takes, for people: ``20 to 400 beats a minute``."""
        if self.choices:
            return " or ".join(self.choices) + (f" {self.unit}" if self.unit else "")
        if math.isinf(self.low):
            return "" if self.kind in ("text", "word") else _SHAPES.get(self.kind, "")
        return f"{self.low:.10g} to {self.high:.10g}" + (f" {self.unit}" if self.unit else "")


_SHAPES: dict[Kind, str] = {
    "number": "a number",
    "integer": "a whole number",
    "text": "a text",
    "word": "a text",
    "switch": "0 or 1",
    "meter": "such as 4/4 or 7/8",
    "key": "a note and a mode, such as A minor or F# dorian",
    "steps": "4 to 1250 in all, or one number a codebook such as 20 10 10 10, each 1 to 500",
}


def read_value(parameter: Parameter, args: Sequence[OscValue]) -> Value:
    """The value that one or more OSC arguments stand for.

    Raises:
        BadRequest: with the parameter's name, and its range and unit, where they stand for none.
    """
    value = _CONVERTERS[parameter.kind](args)
    if value is None:
        raise BadRequest(f"{parameter.name} must be {expected(parameter)}, not {_shown(args)}")
    if parameter.kind == "text" and isinstance(value, str) and len(value) > MAX_TEXT:
        raise BadRequest(f"{parameter.name} is longer than {MAX_TEXT} characters")
    if parameter.choices and str(value) not in parameter.choices:
        raise BadRequest(f"{parameter.name} must be {parameter.range_text}, not {_shown(args)}")
    if isinstance(value, int | float) and not parameter.low <= value <= parameter.high:
        raise BadRequest(f"{parameter.name} {value:.10g} is out of range: {parameter.range_text}")
    return value


def fits(parameter: Parameter, arg: OscValue) -> bool:
    """Whether this argument reads as a value of the parameter, its range aside.

    It decides whether a parameter's name inside a text that was split into words is a name or a
    word, so it is stricter than ``read_value``: ``loop on`` in a prompt are words, ``loop 1`` not.
    """
    if parameter.kind == "switch":
        return (not isinstance(arg, str) and _switch([arg]) is not None) or arg in ("0", "1")
    if parameter.kind == "choice":
        return isinstance(arg, str) and bool(difflib.get_close_matches(arg, parameter.choices, 1))
    if parameter.kind in ("number", "integer") and isinstance(arg, float):
        return True  # not a number, or half a bar of seed: a wrong value, but no word
    return _CONVERTERS[parameter.kind]([arg]) is not None


def read_id(value: OscValue) -> int | str:
    """A request's id: an int, an integral float (as Pd sends it) or a text.

    Raises:
        BadRequest: for anything else.
    """
    if isinstance(value, str) and 0 < len(value.encode("utf-8", "replace")) <= MAX_ID_BYTES:
        return value
    number = None if isinstance(value, str) else _integer([value])
    if number is None:
        raise BadRequest(
            "the first argument must be your request id: a whole number or a short text, such as 1"
        )
    return number


def split_steps(total: int) -> tuple[int, ...]:
    """Forward passes for each of 4 codebooks, as near to 2:1:1:1 as whole numbers allow."""
    rest = max(1, round(total / (N_CODEBOOKS + 1)))
    return (total - rest * (N_CODEBOOKS - 1), *[rest] * (N_CODEBOOKS - 1))


def expected(parameter: Parameter) -> str:
    """What a value has to be, for people: ``a number (20 to 400 quarter notes a minute)``."""
    shape = _SHAPES.get(parameter.kind, "")
    if parameter.kind in ("number", "integer") and parameter.range_text != shape:
        return f"{shape} ({parameter.range_text})"
    return shape or parameter.range_text


def _shown(args: Sequence[OscValue]) -> str:
    shown = " ".join(_as_word(arg) or type(arg).__name__ for arg in args)
    return repr(shown if len(shown) <= 40 else shown[:39] + "…")


def _as_word(arg: OscValue) -> str | None:
    """An argument as a word of a text; None for what is not text: switches, blobs, nothing."""
    if isinstance(arg, str):
        return arg
    if isinstance(arg, bool) or not isinstance(arg, int | float):
        return None
    return f"{arg:.10g}" if isinstance(arg, float) else str(arg)


def _text(args: Sequence[OscValue]) -> str | None:
    words = [_as_word(arg) for arg in args]
    return None if None in words else " ".join(word for word in words if word is not None)


def _number(args: Sequence[OscValue]) -> float | None:
    (arg,) = args
    if isinstance(arg, str):
        return float(arg) if _DECIMAL.fullmatch(arg) and math.isfinite(float(arg)) else None
    if isinstance(arg, bool) or not isinstance(arg, int | float) or not math.isfinite(arg):
        return None
    return float(arg)


def _integer(args: Sequence[OscValue]) -> int | None:
    (arg,) = args
    if isinstance(arg, int) and not isinstance(arg, bool):
        return arg
    number = _number(args)
    if number is None or not number.is_integer() or abs(number) >= 2**63:
        return None
    return int(number)


def _switch(args: Sequence[OscValue]) -> bool | None:
    (arg,) = args
    if isinstance(arg, bool):
        return arg
    if isinstance(arg, str) and arg.lower() in _ON + _OFF:
        return arg.lower() in _ON
    number = _number(args)
    return None if number is None else number != 0


def _meter(args: Sequence[OscValue]) -> Meter | None:
    (arg,) = args
    return Meter.parse(arg) if isinstance(arg, str) and _METER.fullmatch(arg) else None


def _key(args: Sequence[OscValue]) -> str | None:
    text = _text(args)
    return text if text is not None and (not text or _KEY.fullmatch(text)) else None


def _steps(args: Sequence[OscValue]) -> tuple[int, ...] | None:
    if len(args) == 1 and isinstance(args[0], str):
        args = args[0].split()
    numbers = [_integer([arg]) for arg in args]
    counts = tuple(number for number in numbers if number is not None)
    if len(counts) != len(numbers) or len(counts) not in (1, N_CODEBOOKS):
        return None
    if len(counts) == 1:
        counts = split_steps(counts[0]) if counts[0] >= N_CODEBOOKS else (0,)
    return counts if all(1 <= count <= MAX_STEPS for count in counts) else None


def _blob(args: Sequence[OscValue]) -> bytes | None:
    (arg,) = args
    return arg if isinstance(arg, bytes) else None


_CONVERTERS: dict[Kind, Callable[[Sequence[OscValue]], Value | None]] = {
    "id": lambda args: read_id(args[0]),
    "text": _text,
    "word": _text,
    "choice": _text,
    "number": _number,
    "integer": _integer,
    "switch": _switch,
    "meter": _meter,
    "key": _key,
    "steps": _steps,
    "blob": _blob,
}
