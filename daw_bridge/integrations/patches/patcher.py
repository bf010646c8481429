"""A writer of Max patchers: boxes, patch cords and a presentation, as ``.maxpat`` JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Rect = tuple[float, float, float, float]
"""Left, top, width, height."""

_VERSION = {
    "major": 8,
    "minor": 6,
    "revision": 0,
    "architecture": "x64",
    "modernui": 1,
}
_UI = {
    "bpatcher",
    "button",
    "comment",
    "ezdac~",
    "inlet",
    "live.button",
    "live.comment",
    "live.dial",
    "live.menu",
    "live.numbox",
    "live.text",
    "message",
    "number",
    "flonum",
    "outlet",
    "panel",
    "slider",
    "textedit",
    "toggle",
}
"""Boxes that are a class of their own; all others are a ``newobj`` with their name in its text."""


@dataclass
class Box:
    """An object in a patcher.

    Attributes:
        id: unique in it.
        name: what it is, such as ``route`` or ``live.dial``.
        text: what is written in it.
        inlets: how many.
        outlets: how many.
        rect: where it lies.
        presentation: where it lies in presentation mode; None = not there.
        extra: further attributes.
    """

    id: str
    name: str
    text: str
    inlets: int
    outlets: int
    rect: Rect
    presentation: Rect | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As Max writes it."""
        own_class = self.name in _UI
        box: dict[str, Any] = {
            "id": self.id,
            "maxclass": self.name if own_class else "newobj",
            "numinlets": self.inlets,
            "numoutlets": self.outlets,
            "outlettype": [""] * self.outlets,
            "patching_rect": list(self.rect),
        }
        if self.text or not own_class:
            box["text"] = self.text
        if self.presentation is not None:
            box |= {"presentation": 1, "presentation_rect": list(self.presentation)}
        return {"box": box | self.extra}


class Patcher:
    """A patcher that is being written.

    Args:
        rect: of its window.
        presentation: whether it opens in presentation mode.
        extra: further attributes.
    """

    def __init__(self, rect: Rect, *, presentation: bool = False, **extra: object) -> None:
        self._rect = rect
        self._presentation = presentation
        self._extra: dict[str, Any] = dict(extra)
        self.boxes: list[Box] = []
        self.lines: list[tuple[str, int, str, int]] = []

    def add(
        self,
        words: str,
        rect: Rect | tuple[float, float],
        ports: tuple[int, int],
        presentation: Rect | None = None,
        **extra: object,
    ) -> Box:
        """Put in an object by its text, such as ``route a b``.

        Args:
            words: its name and arguments; of a box with words (``message hello``) name and words.
            rect: where; without a size it is as wide as its text.
            ports: its inlets and outlets.
            presentation: where in presentation mode.
            extra: further attributes.
        """
        name, _, rest = words.partition(" ")
        if len(rect) == 2:
            rect = (*rect, max(30.0, 7.0 * len(words) + 10), 22.0)
        shown = rest if name in _UI else words
        box = Box(f"obj-{len(self.boxes) + 1}", name, shown, *ports, rect, presentation, extra)
        self.boxes.append(box)
        return box

    def connect(self, source: Box, outlet: int, sink: Box, inlet: int = 0) -> None:
        """Draw a patch cord.

        Raises:
            ValueError: where there is no such outlet or inlet.
        """
        if not outlet < source.outlets or not inlet < sink.inlets:
            raise ValueError(f"no cord from {source.text} {outlet} to {sink.text} {inlet}")
        self.lines.append((source.id, outlet, sink.id, inlet))

    def set_parameters(self, names: Sequence[tuple[str, bool]]) -> None:
        """List the parameters of a device; those that are automated fill Push's banks of eight.

        Args:
            names: of its parameters, and whether Live automates them.
        """
        by_name = {box.extra.get("varname"): box.id for box in self.boxes}
        listed: dict[str, Any] = {by_name[name]: [name, name, 0] for name, _ in names}
        automated = [name for name, is_automated in names if is_automated]
        banks = {
            str(i): {"index": i, "name": "", "parameters": _eight(automated[8 * i : 8 * i + 8])}
            for i in range((len(automated) + 7) // 8)
        }
        self._extra["parameters"] = listed | {"parameterbanks": banks}

    def to_json(self) -> dict[str, Any]:
        """As Max writes it."""
        lines = [
            {"patchline": {"source": [source, outlet], "destination": [sink, inlet]}}
            for source, outlet, sink, inlet in self.lines
        ]
        patcher = {
            "fileversion": 1,
            "appversion": _VERSION,
            "classnamespace": "box",
            "rect": list(self._rect),
            "openinpresentation": int(self._presentation),
            "default_fontsize": 12.0,
            "default_fontname": "Arial",
            "gridsize": [15.0, 15.0],
            **self._extra,
            "boxes": [box.to_json() for box in self.boxes],
            "lines": lines,
        }
        return {"patcher": patcher}

    def to_text(self) -> str:
        """The file."""
        return json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n"


def _eight(names: Sequence[str]) -> list[str]:
    """A bank of Push: eight places, a dash where there is nothing."""
    return [*names, *["-"] * (8 - len(names))]
