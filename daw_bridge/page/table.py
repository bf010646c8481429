"""The contract's table for a page: it builds its controls from these rows."""

from __future__ import annotations

import math

from osc_server.contract.fader_rows import FADERS
from osc_server.contract.faders import Fader


def table_rows() -> list[dict[str, object]]:
    """Every address of the fader dialect, in the order of the table."""
    return [_row(fader) for fader in FADERS]


def _row(fader: Fader) -> dict[str, object]:
    value = fader.value
    row: dict[str, object] = {
        "address": fader.address,
        "role": fader.role,
        "doc": fader.doc,
        "name": value.name,
        "kind": value.kind,
        "hint": value.doc,
        "unit": value.unit,
    }
    if value.choices:
        row["choices"] = list(value.choices)
    if math.isfinite(value.low) and math.isfinite(value.high):
        row |= {"low": value.low, "high": value.high}
    return row
