"""A table of a TOML file that knows the lines of its fields, for sentences that say where."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeGuard

from osc_server.contract.addresses import nearest
from osc_server.contract.errors import BadRequest

_HEADER = re.compile(r"\s*\[+\s*([A-Za-z0-9_.\"'-]+)\s*\]+")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*[=.]""")


class TomlTable:
    """One table of a file.

    Args:
        values: what tomllib read.
        where: how sentences begin, such as ``MIDI map my.midi.toml``.
        lines: the line of each field, from 1.
        line: of the table itself.
    """

    def __init__(
        self, values: Mapping[str, Any], where: str, lines: Mapping[str, int], line: int = 1
    ) -> None:
        self._values = values
        self._where = where
        self._lines = lines
        self._line = line

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def wrong(self, name: str, sentence: str) -> BadRequest:
        """The error for a field, with file, line and name."""
        line = self._lines.get(name, self._line)
        return BadRequest(f"{self._where}, line {line}, {name}: {sentence}")

    def check_names(self, known: Collection[str]) -> None:
        """See that every field is known.

        Raises:
            BadRequest: naming the nearest.
        """
        for name in self._values:
            if name not in known:
                raise self.wrong(name, f"no such field{nearest(name, known)}")

    def raw(self, name: str) -> Any:  # noqa: ANN401 - whatever TOML holds
        """A field as it stands; None where there is none."""
        return self._values.get(name)

    def text(self, name: str, default: str = "") -> str:
        """A text. Raises BadRequest where it is none."""
        value = self._values.get(name, default)
        if not isinstance(value, str):
            raise self.wrong(name, f"must be a text in quotes, not {value!r}")
        return value

    def switch(self, name: str, default: bool) -> bool:
        """A truth. Raises BadRequest where it is none."""
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, f"must be true or false, not {value!r}")
        return value

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """One word of some. Raises BadRequest, naming the nearest."""
        value = self.text(name, default)
        if value not in choices:
            raise self.wrong(
                name, f"must be {' or '.join(choices)}, not {value!r}{nearest(value, choices)}"
            )
        return value

    def number(self, name: str, default: float) -> float:
        """A number. Raises BadRequest where it is none."""
        value = self._values.get(name, default)
        if not is_number(value):
            raise self.wrong(name, f"must be a number, not {value!r}")
        return float(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """One text or a list of them, at least one. Raises BadRequest otherwise."""
        value = self._values.get(name)
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not found or not all(isinstance(v, str) for v in found):
            raise self.wrong(name, f"must be a text in quotes, or a list of such, not {value!r}")
        return tuple(found)

    def whole_numbers(self, name: str, low: int, high: int) -> tuple[int, ...]:
        """One whole number or a list of them, at least one. Raises BadRequest otherwise."""
        value = self._values.get(name)
        found = value if isinstance(value, list) else [value]
        if not found or not all(is_whole(v) and low <= v <= high for v in found):
            raise self.wrong(
                name, f"must be a whole number from {low} to {high}, or a list of such"
            )
        return tuple(found)


def is_number(value: object) -> TypeGuard[float]:
    """Whether TOML means a finite number."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) != float("inf")
        and value == value
    )


def is_whole(value: object) -> TypeGuard[int]:
    """Whether TOML means a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def table_lines(text: str) -> dict[tuple[str, int], tuple[int, dict[str, int]]]:
    """Where tables and their fields stand.

    Returns:
        By a table's name (``""`` for the file itself) and its number among those of that name,
        from 0: the line of its header, and the line of each of its fields, from 1.
    """
    found: dict[tuple[str, int], tuple[int, dict[str, int]]] = {("", 0): (1, {})}
    counts: dict[str, int] = {}
    current = found["", 0]
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            name = header[1]
            index = counts.get(name, 0)
            counts[name] = index + 1
            current = found[name, index] = (number, {})
        elif key := _KEY.match(line):
            current[1].setdefault(key[1], number)
    return found
