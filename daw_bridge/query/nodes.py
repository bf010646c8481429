"""One address as OSCQuery describes it, made from its row of the fader table."""

from __future__ import annotations

import math

from osc_server.contract.faders import Fader
from osc_server.contract.packets import OscValue
from osc_server.contract.parameters import Kind, Parameter

Node = dict[str, object]
"""A node of the tree, as its JSON object."""

_TYPES: dict[Kind, str] = {"number": "f", "integer": "i", "switch": "i"}
_UNITS = {"dB": "gain.db", "quarter notes a minute": "time.bpm", "ms": "time.ms"}
"""Units that the proposal has a name for; the others stand in the description."""
_READ, _READ_AND_SET = 1, 3


def type_tag(parameter: Parameter) -> str:
    """The OSC type of a value: what is told has it, and what is sent should."""
    return _TYPES.get(parameter.kind, "s")


def as_told(parameter: Parameter, value: OscValue) -> OscValue:
    """A value in the type that its node names: a surface may look at nothing else."""
    tag = type_tag(parameter)
    if tag == "s" or not isinstance(value, int | float):
        return str(value)
    return float(value) if tag == "f" else int(value)


def node_of(fader: Fader, index: int, value: OscValue) -> Node:
    """The node of a row at an index.

    Args:
        fader: the row.
        index: counted from 1; 0 where the row has none.
        value: what it holds now.
    """
    parameter = fader.value
    node: Node = {
        "FULL_PATH": fader.at(index),
        "DESCRIPTION": _description(fader),
        "TYPE": type_tag(parameter),
        "ACCESS": _READ if fader.role == "readout" else _READ_AND_SET,
        "VALUE": [as_told(parameter, value)],
        "TAGS": [fader.role],
    }
    if limits := _range(parameter):
        node["RANGE"] = [limits]
        if "MIN" in limits and fader.role == "value":
            node["CLIPMODE"] = ["both"]
    if parameter.unit in _UNITS:
        node["UNIT"] = [_UNITS[parameter.unit]]
    return node


def _range(parameter: Parameter) -> dict[str, object]:
    if parameter.kind == "switch":
        return {"MIN": 0, "MAX": 1}
    if parameter.choices:
        return {"VALS": list(parameter.choices)}
    if math.isinf(parameter.low) or math.isinf(parameter.high):
        return {}
    kind = float if type_tag(parameter) == "f" else int
    return {"MIN": kind(parameter.low), "MAX": kind(parameter.high)}


def _description(fader: Fader) -> str:
    """What it does, then what its value means: a surface shows it where somebody asks for help."""
    parameter = fader.value
    meaning = f"lit: {parameter.doc}" if fader.role == "button" else parameter.doc
    if parameter.unit and parameter.unit not in (*_UNITS, meaning):
        meaning += f", in {parameter.unit}"
    return f"{fader.doc} ({meaning})"
