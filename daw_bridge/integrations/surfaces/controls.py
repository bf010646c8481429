"""What a layout is made of, whichever program shows it: controls at places, on pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["press", "switch", "fader", "choice", "reading", "progress", "words"]
"""``press`` and ``choice`` send their value at each touch, ``switch`` turns over, ``fader`` is
dragged; ``reading`` shows a value as text, ``progress`` as a bar, ``words`` only say something."""

TOUCHED: tuple[Kind, ...] = ("press", "switch", "fader", "choice")
SMALLEST = 44
"""Pixels that a finger needs either way."""
STATE_COLOURS = {
    "empty": "2b2f36",
    "rendering": "d29922",
    "cued": "3b82c4",
    "playing": "2ea043",
    "fading": "d9622b",
    "stopped": "57606a",
}
"""Of a deck; the same as the lights of pads: see ``docs/midi.md``."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle, in pixels; y goes down."""

    left: int
    top: int
    width: int
    height: int

    def overlaps(self, other: Area) -> bool:
        """Whether any point lies in both."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )

    def inside(self, other: Area) -> bool:
        """Whether all of it lies in the other one, both seen from the same corner."""
        return (
            other.left <= self.left
            and other.top <= self.top
            and self.left + self.width <= other.left + other.width
            and self.top + self.height <= other.top + other.height
        )

    def shrunk(self, by: int) -> Area:
        """With a gap around it."""
        return Area(self.left + by, self.top + by, self.width - 2 * by, self.height - 2 * by)


@dataclass(frozen=True, slots=True)
class Control:
    """One thing on a page.

    Attributes:
        kind: what it does.
        area: where it lies on its page.
        label: what is written on it.
        address: what it sends to and is told; empty for words.
        value: what a press or a choice sends.
        low: at the bottom of a fader.
        high: at its top.
        colour: hexadecimal.
        lit_by_state: whether its colour is that of a deck's state.
    """

    kind: Kind
    area: Area
    label: str = ""
    address: str = ""
    value: int | float | str = 1
    low: float = 0.0
    high: float = 1.0
    colour: str = "3d444d"
    lit_by_state: bool = False

    @property
    def name(self) -> str:
        """Its name, unique in a layout."""
        place = self.address.removeprefix("/magnet/").replace("/", " ") or self.label
        told = f" {self.value}" if self.kind == "choice" else ""
        return f"{place}{told} {self.kind}"


@dataclass(frozen=True, slots=True)
class Page:
    """Controls that are seen together."""

    title: str
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole surface.

    Attributes:
        name: of its file.
        size: of each page.
        pages: one, or several behind tabs.
    """

    name: str
    size: Area
    pages: tuple[Page, ...]

    @property
    def controls(self) -> tuple[Control, ...]:
        """Those of all pages."""
        return tuple(control for page in self.pages for control in page.controls)

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that it shows, each once: what it has to ask for to show how things stand."""
        told = (control.address for control in self.controls if control.address)
        return tuple(dict.fromkeys(told))
