"""Maps and messages for the tests."""

from __future__ import annotations

from pathlib import Path

import mido

from daw_bridge.midi.engine import Action, MapEngine
from daw_bridge.midi.map_reading import parse_map

HEAD = 'devices = "*"\n'


def engine(text: str, **values) -> MapEngine:
    """The engine of a map's text; ``level=-6`` says that deck 1's level stands there."""
    known = {f"/magnet/deck/1/{name}": value for name, value in values.items()}
    return MapEngine(parse_map(HEAD + text, Path("test.midi.toml")), known)


def note(number, velocity=100, channel=1):
    kind = "note_on" if velocity else "note_off"
    return mido.Message(kind, note=number, velocity=velocity, channel=channel - 1)


def cc(number, value, channel=1):
    return mido.Message("control_change", control=number, value=value, channel=channel - 1)


def said(playing: MapEngine, *messages) -> list[Action]:
    return [action for message in messages for action in playing.receive(message)]


def values(playing: MapEngine, *messages) -> list:
    return [action.value for action in said(playing, *messages)]
