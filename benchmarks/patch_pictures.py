"""Draw the Max for Live device and Max's help patch from their own rectangles, for the docs.

    python benchmarks/patch_pictures.py

Max cannot be had headless: the pictures show what lies where and what it says, not Max's own look.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Arc, FancyBboxPatch

from daw_bridge.integrations.patches import device, help_patch

DOCS = Path(__file__).parents[1] / "docs"
SHOWN = {"Prompt": "dusty breakbeat with vinyl noise", "progress": 0.62, "state": "62 %, 3 s to go"}
DARK = {"page": "#2b2b2b", "box": "#3c3c3c", "line": "#1d1d1d", "ink": "#dddddd", "hot": "#ffb532"}
LIGHT = {"page": "#f4f4f4", "box": "#e2e2e2", "line": "#9a9a9a", "ink": "#222222", "hot": "#4a7fb5"}


class Picture:
    """One drawing; y goes down, as in Max.

    Args:
        width: in pixels of Max.
        height: in pixels of Max.
        colours: to draw with.
    """

    def __init__(self, width: float, height: float, colours: dict[str, str]) -> None:
        self.colours = colours
        self._figure = plt.figure(figsize=(width / 100, height / 100), dpi=200)
        self.axes: Axes = self._figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.axes.axis("off")
        self._figure.set_facecolor(colours["page"])

    def rectangle(self, rect: list[float], colour: str) -> None:
        """A box, of one of the colours by its name."""
        left, top, width, height = rect
        box = FancyBboxPatch((left, top), width, height, boxstyle="round,pad=0,rounding_size=2")
        box.set(facecolor=self.colours[colour], edgecolor=self.colours["line"], linewidth=0.7)
        self.axes.add_patch(box)

    def text(
        self, x: float, y: float, words: str, *, size: float = 9.5, centre: bool = False
    ) -> None:
        """Words with their middle at ``y``; ``size`` in pixels of Max."""
        align = "center" if centre else "left"
        points = size * 0.72
        self.axes.text(
            x, y, words, color=self.colours["ink"], fontsize=points, ha=align, va="center"
        )

    def save(self, name: str) -> None:
        """Write it into the docs."""
        self._figure.savefig(DOCS / name, facecolor=self._figure.get_facecolor())
        plt.close(self._figure)


def draw_parameter(picture: Picture, box: dict[str, Any], rect: list[float]) -> None:
    """A control that Live can automate."""
    left, top, width, height = rect
    value = box["saved_attribute_attributes"]["valueof"]
    name, initial = value["parameter_longname"], value.get("parameter_initial", [0])[0]
    middle = (left + width / 2, top + height / 2)
    if box["maxclass"] == "live.dial":
        share = (initial - value["parameter_mmin"]) / (
            value["parameter_mmax"] - value["parameter_mmin"]
        )
        picture.text(middle[0], top + 6, name, centre=True)
        centre = (middle[0], top + 27)
        for turn, colour in ((270.0, "line"), (270 * share, "hot")):
            arc = Arc(centre, 22, 22, theta1=135, theta2=135 + turn, lw=2.4)
            arc.set_edgecolor(picture.colours[colour])
            picture.axes.add_patch(arc)
        picture.text(middle[0], top + 44, f"{initial:g}", centre=True)
        return
    picture.rectangle(rect, "box")
    if box["maxclass"] == "live.text":
        picture.text(*middle, box["text"], centre=True)
    elif box["maxclass"] == "live.menu":
        picture.text(*middle, value["parameter_enum"][int(initial)] + "  ▾", centre=True)
    elif box["maxclass"] == "textedit":
        picture.text(left + 6, top + 12, SHOWN["Prompt"], size=12)
    else:
        picture.text(*middle, f"{initial:g}", centre=True)


def draw_device() -> None:
    """What Live shows."""
    picture = Picture(device.WIDTH, device.HEIGHT, DARK)
    for entry in device.build().to_json()["patcher"]["boxes"]:
        box = entry["box"]
        if "presentation_rect" not in box:
            continue
        rect = box["presentation_rect"]
        if "saved_attribute_attributes" in box:
            draw_parameter(picture, box, rect)
        elif box["maxclass"] == "slider":
            picture.rectangle(rect, "line")
            picture.rectangle([*rect[:2], rect[2] * SHOWN["progress"], rect[3]], "hot")
        else:
            words = SHOWN["state"] if box["text"] == "ready" else box["text"]
            picture.text(rect[0] + 2, rect[1] + 9, words, size=box["fontsize"])
    picture.save("ableton-device.png")


def draw_help() -> None:
    """The help patch as it lies open in Max."""
    patcher = help_patch.build().to_json()["patcher"]
    picture = Picture(patcher["rect"][2], patcher["rect"][3], LIGHT)
    boxes = {entry["box"]["id"]: entry["box"] for entry in patcher["boxes"]}
    for line in patcher["lines"]:
        ends = []
        for key, ports, down in (("source", "numoutlets", 1), ("destination", "numinlets", 0)):
            box_id, port = line["patchline"][key]
            left, top, width, height = boxes[box_id]["patching_rect"]
            share = port / max(1, boxes[box_id][ports] - 1)
            ends.append((left + 6 + share * (width - 12), top + down * height))
        (x0, y0), (x1, y1) = ends
        picture.axes.plot([x0, x1], [y0, y1], color=LIGHT["line"], lw=1, zorder=0)
    for box in boxes.values():
        left, top, width, height = box["patching_rect"]
        if box["maxclass"] == "comment":
            size = box.get("fontsize", 12.0)
            picture.text(left + 2, top + 10, box["text"], size=size)
            continue
        picture.rectangle(box["patching_rect"], "box")
        words = {"toggle": "×", "ezdac~": "♪", "textedit": SHOWN["Prompt"], "slider": ""}
        shown = words.get(box["maxclass"], box.get("text") or "▸ 0")
        picture.text(left + 6, top + height / 2, shown, size=12)
        del width
    picture.save("max-help.png")


if __name__ == "__main__":
    draw_device()
    draw_help()
