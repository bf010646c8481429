"""Reads ``*.midi.toml``: a map, or a sentence with file, line and field of what is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from daw_bridge.midi.control_reading import read_control
from daw_bridge.midi.device_map import Control, DeviceMap, Light, MidiBytes, Palette
from daw_bridge.midi.toml_table import TomlTable, is_whole, table_lines
from osc_server.contract.errors import BadRequest, StorageFailed

SUFFIX = ".midi.toml"
_FIELDS = (
    "name", "description", "devices", "document", "open", "close", "colours", "control",
)  # fmt: skip
_SYSEX, _SYSEX_END = 0xF0, 0xF7
_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
"""Bytes of a channel message, by its status."""


def read_map(path: Path) -> DeviceMap:
    """Read and check one file.

    Raises:
        BadRequest: naming file, line and field of what is wrong.
        StorageFailed: where it cannot be read.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"MIDI map {path} cannot be read: {error}") from error
    return parse_map(text, path)


def parse_map(text: str, path: Path) -> DeviceMap:
    """Check a map's text; ``path`` names it in sentences.

    Raises:
        BadRequest: as ``read_map``.
    """
    where = f"MIDI map {path}"
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRequest(f"{where}: {error}") from error
    lines = table_lines(text)
    top = TomlTable(content, where, lines["", 0][1] | _header_lines(lines))
    top.check_names(_FIELDS)
    palettes = _palettes(top, where, lines)
    return DeviceMap(
        name=top.text("name", path.name.removesuffix(SUFFIX)),
        devices=top.texts("devices"),
        controls=_controls(top, where, lines, palettes),
        description=top.text("description"),
        document=top.text("document"),
        opening=_messages(top, "open"),
        closing=_messages(top, "close"),
    )


Lines = dict[tuple[str, int], tuple[int, dict[str, int]]]


def _header_lines(lines: Lines) -> dict[str, int]:
    """Where the first table of each name begins: ``colours`` for ``[colours.deck]``."""
    found: dict[str, int] = {}
    for (name, _), (line, _fields) in lines.items():
        found.setdefault(name.partition(".")[0], line)
    return found


def _controls(
    top: TomlTable, where: str, lines: Lines, palettes: dict[str, Palette]
) -> tuple[Control, ...]:
    tables = top.raw("control") if "control" in top else []
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise top.wrong("control", "each control begins with a line [[control]]")
    controls: list[Control] = []
    for index, values in enumerate(tables):
        line, fields = lines.get(("control", index), (1, {}))
        controls += read_control(TomlTable(values, where, fields, line), palettes)
    return tuple(controls)


def _palettes(top: TomlTable, where: str, lines: Lines) -> dict[str, Palette]:
    tables = top.raw("colours") if "colours" in top else {}
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise top.wrong("colours", "must hold tables: [colours.deck], then playing = 21")
    palettes: dict[str, Palette] = {}
    for name, words in tables.items():
        line, fields = lines.get((f"colours.{name}", 0), (1, {}))
        table = TomlTable(words, where, fields, line)
        palettes[name] = {word: _lights(table, word) for word in words}
    return palettes


def _lights(table: TomlTable, word: str) -> tuple[Light, ...]:
    value = table.raw(word)
    return tuple(
        _light(table, word, one) for one in (value if isinstance(value, list) else [value])
    )


def _light(table: TomlTable, word: str, value: Any) -> Light:  # noqa: ANN401 - whatever TOML holds
    if is_whole(value):
        value = {"value": value}
    if isinstance(value, dict) and "value" in value and not set(value) - {"value", "channel"}:
        brightness, channel = value["value"], value.get("channel", 1)
        if is_whole(brightness) and 0 <= brightness <= 127:
            if "channel" not in value:
                return Light(brightness)
            if is_whole(channel) and 1 <= channel <= 16:
                return Light(brightness, channel)
    raise table.wrong(
        word, "must be 0 to 127, or { value = 0 to 127, channel = 1 to 16 }, or a list of such"
    )


def _messages(top: TomlTable, name: str) -> tuple[MidiBytes, ...]:
    if name not in top:
        return ()
    messages = []
    for text in top.texts(name):
        try:
            data = tuple(bytes.fromhex(text))
        except ValueError:
            data = ()
        if not _is_message(data):
            raise top.wrong(name, f"{text!r} is no MIDI message in hex, such as F0 7E 7F 06 01 F7")
        messages.append(data)
    return tuple(messages)


def _is_message(data: MidiBytes) -> bool:
    if not data:
        return False
    if data[0] == _SYSEX:
        return data[-1] == _SYSEX_END and len(data) > 2 and max(data[1:-1]) < 0x80
    return len(data) == _LENGTHS.get(data[0] & 0xF0, 0) and max(data[1:]) < 0x80
