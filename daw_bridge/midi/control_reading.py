"""Reads one ``[[control]]`` of a map; a list of numbers or channels makes several controls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from daw_bridge.midi.device_map import (
    LAST_NUMBER,
    MODES,
    RELATIVES,
    SOURCE_KINDS,
    Control,
    Lamp,
    Mode,
    Palette,
    Relative,
    Setting,
    Source,
    SourceKind,
)
from daw_bridge.midi.scale import CURVES, Curve, Scale
from daw_bridge.midi.targets import check_value, target
from daw_bridge.midi.toml_table import TomlTable, is_number
from osc_server.contract.errors import BadRequest
from osc_server.contract.faders import Fader

_TURNED: tuple[SourceKind, ...] = ("cc14", "nrpn", "pitchbend")
FIELDS = (
    *SOURCE_KINDS, "channel", "address", "mode", "value", "range", "curve", "bottom", "step",
    "pickup", "relative", "light", "colours",
)  # fmt: skip


def read_control(table: TomlTable, palettes: Mapping[str, Palette]) -> list[Control]:
    """The controls that one table describes.

    Args:
        table: of the file.
        palettes: what ``colours`` may name.

    Raises:
        BadRequest: naming file, line and field of what is wrong.
    """
    table.check_names(FIELDS)
    sources = _sources(table)
    addresses = _addresses(table, "address", len(sources))
    fader = _target(table, "address", addresses[0])
    if fader.role == "readout":
        raise table.wrong("address", f"{fader.address} only tells and cannot be set: {fader.doc}")
    mode = _mode(table, sources[0].kind, fader)
    values = _values(table, mode, fader, len(sources))
    scale = _scale(table, fader) if mode == "turn" else Scale()
    lamps = _lamps(table, palettes, addresses, sources[0].kind)
    springs_back = sources[0].kind in ("pitchbend", "note")  # and is never where the value is
    pickup = table.switch("pickup", mode != "turn" or not springs_back)
    relative = _relative(table, sources[0].kind, mode)
    return [
        Control(source, address, mode, value, scale, pickup, relative, lamp)
        for source, address, value, lamp in zip(sources, addresses, values, lamps, strict=True)
    ]


def _sources(table: TomlTable) -> list[Source]:
    kinds = [kind for kind in SOURCE_KINDS if kind in table]
    if len(kinds) != 1:
        name = kinds[1] if kinds else "address"
        raise table.wrong(name, f"a control is one of {', '.join(SOURCE_KINDS)}")
    (kind,) = kinds
    if kind == "pitchbend":
        if table.raw("pitchbend") is not True:
            raise table.wrong("pitchbend", "must be true: it has no number, only a channel")
        numbers: tuple[int, ...] = (0,)
    else:
        numbers = table.whole_numbers(kind, 0, LAST_NUMBER[kind])
    channels: tuple[int | None, ...] = (None,)
    if "channel" in table:
        channels = table.whole_numbers("channel", 1, 16)
    if len(numbers) > 1 and len(channels) > 1:
        raise table.wrong("channel", f"either {kind} or channel may be a list, not both")
    return [Source(kind, number, channel) for channel in channels for number in numbers]


def _addresses(table: TomlTable, name: str, n_controls: int) -> list[str]:
    """The address of each control: ``N`` in it counts the controls of the list from 1."""
    pattern = table.text(name)
    if n_controls > 1 and "/N/" not in pattern and name == "address" and "value" not in table:
        raise table.wrong(
            name, "for a list of controls, write N where the deck's number belongs: /magnet/deck/N/"
        )
    return [pattern.replace("/N/", f"/{index}/") for index in range(1, n_controls + 1)]


def _target(table: TomlTable, name: str, address: str) -> Fader:
    try:
        return target(address)
    except BadRequest as error:
        raise table.wrong(name, str(error)) from None


def _mode(table: TomlTable, kind: SourceKind, fader: Fader) -> Mode:
    if kind == "program" or "value" in table or fader.role == "button":
        default = "press"
    elif kind in _TURNED or any(name in table for name in ("range", "curve", "relative")):
        default = "turn"
    elif fader.value.kind == "switch":
        default = "toggle"
    else:
        default = "turn"
    mode = cast(Mode, table.choice("mode", MODES, default))
    if kind == "program" and mode != "press":
        raise table.wrong("mode", "a program change is a press and nothing else")
    if mode in ("toggle", "hold") and (fader.value.kind != "switch" or fader.role == "button"):
        raise table.wrong("mode", f"only a switch such as mute has two sides: {fader.address}")
    if mode == "turn" and fader.role == "button":
        raise table.wrong("mode", f"{fader.address} is a button: press it")
    return mode


def _values(table: TomlTable, mode: Mode, fader: Fader, n_controls: int) -> list[Setting]:
    if "value" not in table:
        if mode == "press" and fader.role != "button":
            raise table.wrong(
                "address", f"say the value that a press sets {fader.address} to: value = …"
            )
        return [1] * n_controls
    if mode != "press":
        raise table.wrong("value", f"belongs to mode press, and this is {mode}")
    value = table.raw("value")
    values: list[Any] = value if isinstance(value, list) else [value] * n_controls
    if len(values) != n_controls:
        raise table.wrong("value", f"{n_controls} controls need {n_controls} values, or one")
    for one in values:
        if not isinstance(one, str) and not is_number(one):
            raise table.wrong("value", f"must be a number or a text in quotes, not {one!r}")
        try:
            check_value(fader, one)
        except BadRequest as error:
            raise table.wrong("value", str(error)) from None
    return values


def _scale(table: TomlTable, fader: Fader) -> Scale:
    low, high = _range(table, fader)
    curve = cast(Curve, table.choice("curve", CURVES, "linear"))
    if curve == "exponential" and low * high <= 0:
        raise table.wrong(
            "curve", f"exponential needs a range on one side of 0, not {low:g} to {high:g}"
        )
    step = table.number("step", 1.0 if fader.value.kind in ("integer", "choice") else 0.0)
    if step < 0:
        raise table.wrong("step", "must not be negative")
    bottom = table.number("bottom", low) if "bottom" in table else None
    if bottom is not None and not _within(fader, bottom):
        raise table.wrong("bottom", f"{bottom:g} is out of range: {fader.value.range_text}")
    return Scale(low, high, curve, bottom, step)


def _range(table: TomlTable, fader: Fader) -> tuple[float, float]:
    value, parameter = table.raw("range"), fader.value
    if value is None:
        if parameter.kind == "switch":
            return 0.0, 1.0
        if parameter.kind == "choice":
            return 0.0, len(parameter.choices) - 1.0
        if not math.isfinite(parameter.low) or not math.isfinite(parameter.high):
            raise table.wrong("address", f"{fader.address} is not for a knob; use value = …")
        return parameter.low, parameter.high
    if not isinstance(value, list) or len(value) != 2 or not all(is_number(v) for v in value):
        raise table.wrong("range", f"must be two numbers such as [0, 1], not {value!r}")
    low, high = float(value[0]), float(value[1])
    if low == high or not _within(fader, low) or not _within(fader, high):
        raise table.wrong(
            "range",
            f"{low:g} to {high:g} must be two different values of {fader.address}: "
            f"{parameter.range_text}",
        )
    return low, high


def _within(fader: Fader, value: float) -> bool:
    parameter = fader.value
    if parameter.kind == "switch":
        return value in (0, 1)
    if parameter.kind == "choice":
        return 0 <= value <= len(parameter.choices) - 1
    return parameter.kind in ("number", "integer") and parameter.low <= value <= parameter.high


def _relative(table: TomlTable, kind: SourceKind, mode: Mode) -> Relative | None:
    if "relative" not in table:
        return None
    if kind != "cc" or mode != "turn":
        raise table.wrong("relative", "only a cc that is turned can be an endless knob")
    return cast(Relative, table.choice("relative", RELATIVES, RELATIVES[0]))


def _lamps(
    table: TomlTable, palettes: Mapping[str, Palette], addresses: list[str], kind: SourceKind
) -> list[Lamp | None]:
    if "light" not in table:
        if "colours" in table:
            raise table.wrong("colours", 'say what the light shows: light = "/magnet/…"')
        return [None] * len(addresses)
    if kind not in ("note", "cc"):
        raise table.wrong("light", "only notes and cc have lights")
    shown = addresses
    if table.raw("light") is not True:
        shown = _addresses(table, "light", len(addresses))
    fader = _target(table, "light", shown[0])
    palette = None
    if "colours" in table:
        name = table.choice("colours", list(palettes), "")
        palette = palettes[name]
        _check_words(table, palette, fader)
    return [Lamp(address, palette) for address in shown]


def _check_words(table: TomlTable, palette: Palette, fader: Fader) -> None:
    known = fader.value.choices if fader.value.kind == "choice" else ("on", "off")
    for word in palette:
        if word not in known:
            raise table.wrong(
                "colours", f"{word!r} is nothing that {fader.address} can be: {', '.join(known)}"
            )
