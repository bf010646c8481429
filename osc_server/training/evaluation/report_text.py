"""Pieces of Markdown that the sections of the report share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SOURCES = {
    "corpus": "corpus clips",
    "codec": "the same through the codec",
    "generated": "generated",
    "smeared": "corpus clips, smeared (control)",
    "cut": "corpus clips, cut short (control)",
    "keyless": "asked in no key (control)",
    "shuffled": "generated, captions shuffled (ceiling)",
}


def ratio(record: Mapping[str, Any]) -> str:
    """A share with its hits and its 95 % interval."""
    low, high = record["interval"]
    return (
        f"{100 * record['share']:.0f} % ({record['hits']}/{record['total']}, "
        f"{100 * low:.0f} to {100 * high:.0f})"
    )


def share(record: Mapping[str, Any]) -> str:
    """A share with its interval; with its hits where it is of clips."""
    if "hits" in record:
        return ratio(record)
    low, high = record["interval"]
    return f"{100 * record['share']:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
