"""Draw the layouts of TouchOSC from the files themselves, for the docs.

    python benchmarks/surface_pictures.py

TouchOSC cannot be had headless: the pictures show what lies where, in which colours and what it
says; states, levels and lamps are made up as in a set that plays.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from daw_bridge.integrations.surfaces import INTEGRATIONS
from daw_bridge.integrations.surfaces.controls import STATE_COLOURS

DOCS = Path(__file__).parents[1] / "docs" / "pictures"
STATES = ("playing", "playing", "rendering", "cued", "fading", "stopped", "empty", "empty")
LEVELS = (-3.0, -6.5, -9.0, 0.0, -12.0, -6.0, 0.0, 0.0)
LIT = {
    "launch": (1, 2, 4),
    "generate": (3,),
    "vary": (3,),
    "undo": (1, 2),
    "redo": (2,),
    "keep": (1,),
}
SHOWN = {"clock bpm reading": "126", "clock quantum reading": "bar", "clock beat reading": "37",
         "mix level reading": "0.0"}  # fmt: skip


class Drawn:
    """One control of a file."""

    def __init__(self, element: ET.Element) -> None:
        self.kind = str(element.get("type"))
        self.children = element.findall("children/node")
        self._properties = {
            str(one.findtext("key")): one.find("value")
            for one in element.findall("properties/property")
        }
        text = [one for one in element.findall("values/value") if one.findtext("key") == "text"]
        self.words = (text[0].findtext("default") or "") if text else ""
        self.name = self.text("name")
        scales = element.findall("messages/osc/arguments/partial")
        self.scale = (
            [float(scales[0].findtext(end) or 0) for end in ("scaleMin", "scaleMax")]
            if scales
            else [0.0, 1.0]
        )

    def text(self, key: str) -> str:
        """The text of a property; empty where there is none."""
        value = self._properties.get(key)
        return "" if value is None else (value.text or "")

    def numbers(self, key: str, names: str) -> list[float]:
        """The parts of a property, such as those of a frame."""
        value = self._properties[key]
        return [float(value.findtext(one) or 0) for one in names] if value is not None else []

    def deck(self) -> int:
        """Which deck it belongs to; 0 = none."""
        words = self.name.split()
        return int(words[1]) if words[0] == "deck" and words[1].isdigit() else 0


def box(axes: Axes, area: list[float], colour: tuple[float, ...] | list[float]) -> None:
    """A filled rectangle."""
    left, top, width, height = area
    patch = FancyBboxPatch((left, top), width, height, boxstyle="round,pad=0,rounding_size=3")
    patch.set(facecolor=tuple(colour), edgecolor="none")
    axes.add_patch(patch)


def draw(axes: Axes, one: Drawn, left: float, top: float) -> None:
    """A control as it looks in a set that plays."""
    x, y, width, height = one.numbers("frame", "xywh")
    area = [left + x, top + y, width, height]
    colour, deck = one.numbers("color", "rgba"), one.deck()
    if one.kind == "LABEL":
        words = SHOWN.get(one.name, one.words)
        if one.name.endswith("state reading"):
            words = STATES[deck - 1]
            digits = STATE_COLOURS[words]
            colour = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
        elif one.name.endswith("level reading") and deck:
            words = f"{LEVELS[deck - 1]:.1f}"
        if one.text("background") == "1":
            box(axes, area, colour[:3])
        middle = (area[0] + width / 2, area[1] + height / 2)
        axes.text(*middle, words, color="white", fontsize=9.5, ha="center", va="center")
    elif one.kind == "FADER":
        low, high = one.scale
        value = {"level": LEVELS[deck - 1] if deck else 0.0, "progress": 0.62 if deck == 3 else 0.0,
                 "bpm": 126.0}[one.name.split()[-2]]  # fmt: skip
        share = (value - low) / (high - low)
        box(axes, area, [channel * 0.3 for channel in colour[:3]])
        if one.text("orientation") == "1":
            box(axes, [area[0], area[1], max(1.0, width * share), height], colour[:3])
        else:
            box(axes, [area[0], area[1] + height * (1 - share), width, height * share], colour[:3])
    elif one.kind == "BUTTON":
        lamp = one.name.endswith("lamp")
        move = one.name.split()[2] if deck else ""
        on = deck in LIT.get(move, ()) or one.name.startswith("scene 2 launch")
        dim = 1.0 if not lamp else (1.0 if on else 0.25)
        box(axes, area, [channel * (dim if lamp else 0.62) for channel in colour[:3]])


def walk(axes: Axes, element: ET.Element, left: float, top: float, page: str) -> None:
    """Everything in a control; of tabs the page with this title."""
    one = Drawn(element)
    if one.kind in ("GROUP", "PAGER"):
        x, y, width, _ = one.numbers("frame", "xywh")
        groups = [child for child in one.children if Drawn(child).kind == "GROUP"]
        if one.kind == "PAGER":
            tab = width / len(groups)
            for index, group in enumerate(groups):
                title = Drawn(group).text("tabLabel")
                box(axes, [left + index * tab, top, tab - 2, 44],
                    (0.23, 0.51, 0.77) if title == page else (0.17, 0.18, 0.21))  # fmt: skip
                axes.text(left + (index + 0.5) * tab, top + 23, title, color="white", fontsize=9.5,
                          ha="center", va="center")  # fmt: skip
            one.children = [group for group in groups if Drawn(group).text("tabLabel") == page]
        for child in one.children:
            walk(axes, child, left + x, top + y, page)
        return
    draw(axes, one, left, top)


def picture(name: str, pages: list[str], out: str) -> None:
    """The pages of a file beside each other."""
    document = ET.fromstring(zlib.decompress((INTEGRATIONS / "touchosc" / name).read_bytes()))
    (root,) = document
    _, _, width, height = Drawn(root).numbers("frame", "xywh")
    gap = 20.0
    whole = width * len(pages) + gap * (len(pages) - 1)
    figure = plt.figure(figsize=(whole / 72, height / 72), dpi=96)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, whole), ylim=(height, 0))
    axes.axis("off")
    figure.set_facecolor("#101418")
    for index, page in enumerate(pages):
        walk(axes, root, index * (width + gap), 0, page)
    DOCS.mkdir(exist_ok=True)
    figure.savefig(DOCS / out, facecolor=figure.get_facecolor())
    plt.close(figure)


if __name__ == "__main__":
    picture("magnet-tablet.tosc", ["magnet"], "touchosc-tablet.png")
    picture("magnet-phone.tosc", ["decks 1-4", "scenes, clock"], "touchosc-phone.png")
