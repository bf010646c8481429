"""A main compartment for ReaLearn: decks on any controller that it knows the DAW elements of."""

from __future__ import annotations

import json
from collections.abc import Iterator

from daw_bridge.integrations.surfaces.layouts import LEVEL_RANGE, N_DECKS

Mapping = dict[str, object]

_STRIP = {
    "select": "launch",
    "record-ready": "generate",
    "v-select": "vary",
    "mute": "stop",
    "solo": "keep",
}
"""Buttons of a channel strip, by ReaLearn's names, and what they press of a deck."""
_TRANSPORT = {
    "stop": "/magnet/mix/stop",
    "play": "/magnet/scene/1/launch",
}


def pack() -> bytes:
    """The text that ReaLearn's *Import from clipboard* takes."""
    compartment = {
        "kind": "MainCompartment",
        "version": "2.16.0",
        "value": {"name": "magnet-bridge decks", "mappings": list(_mappings())},
    }
    return (json.dumps(compartment, indent=1) + "\n").encode("utf-8")


def _mappings() -> Iterator[Mapping]:
    for number in range(1, N_DECKS + 1):
        at = f"/magnet/deck/{number}"
        yield _mapping(f"ch{number}/fader", "Multi", f"{at}/level", "Float", LEVEL_RANGE)
        for element, name in _STRIP.items():
            yield _mapping(f"ch{number}/{element}", "Button", f"{at}/{name}", "Int", (0, 1))
    yield _mapping("main/fader", "Multi", "/magnet/mix/level", "Float", LEVEL_RANGE)
    for element, address in _TRANSPORT.items():
        yield _mapping(element, "Button", address, "Int", (0, 1))


def _mapping(
    element: str, character: str, address: str, kind: str, value_range: tuple[float, float]
) -> Mapping:
    """ReaLearn counts arguments from 0."""
    argument = {"index": 0, "kind": kind, "value_range": list(value_range)}
    return {
        "id": f"magnet {element}".replace("/", "-").replace(" ", "-"),
        "name": address.removeprefix("/magnet/"),
        "feedback_enabled": False,
        "source": {"kind": "Virtual", "id": element, "character": character},
        "target": {
            "kind": "SendOsc",
            "address": address,
            "argument": argument,
            "destination": {"kind": "FeedbackOutput"},
        },
    }
