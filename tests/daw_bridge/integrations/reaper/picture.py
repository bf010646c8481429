"""The window of the scripts as a picture, drawn from the strokes that it makes.

``python -m tests.daw_bridge.integrations.reaper.picture docs/pictures/reaper.png``
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from tests.daw_bridge.integrations.reaper.runs import Reaper
from tests.daw_bridge.servers import running_server

SIZE = (560, 340)
SCALE = 2
FONT = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
POINTS = 12.5

SCENARIO = """
for code, width in pairs({{ {widths} }}) do s.hand.widths[code] = width end
local start = {{ seconds = 0, bpm = 128.5, num = 4, den = 4 }}
local p = s.project({{ rate = 44100, markers = {{ start }} }})
p.selected_track = s.model.track(p, "Drums")
local bar = 4 * 60 / 128.5
p.selection = {{ 4 * bar, 8 * bar }}
s.set({{ prompt = "dusty breakbeat", takes = 2 }})
s.start("MAGNeT.lua")
s.click("Generate")
s.wait_for("✓")
p.selected_item = p.tracks[1].items[1]
p.selection = {{ 7 * bar, 8 * bar }}
s.click("Infill")
s.wait(function() return #s.texts() > 0 and s.shows("track 1") and not s.shows(" %")
  and select(2, table.concat(s.texts(), "|"):gsub("✓", "")) == 2 end)
p.selection = {{ 8 * bar, 12 * bar }}
s.click("Generate")
s.wait(function() return s.shows("4") and s.shows(" %") and tonumber((table.concat(s.texts(), "|")
  :match("|(%d+) %%") or "0")) > 40 end)
"""


def draw(strokes: list[list[Any]]) -> Image.Image:
    """The last frame, enlarged."""
    picture = Image.new("RGB", (SIZE[0] * SCALE, SIZE[1] * SCALE))
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(FONT), POINTS * SCALE)
    for kind, color, *rest in strokes:
        ink = tuple(round(255 * part) for part in color)
        if kind == "text":
            x, y, text = rest
            pen.text((x * SCALE, y * SCALE), text, ink, font)
            continue
        x, y, w, h = (value * SCALE for value in rest)
        if kind == "line":
            pen.line((x, y, w, h), ink, SCALE)
        elif w >= 1 and h >= 1:
            filled = kind == "fill"
            corners = (x, y, x + w - 1, y + h - 1)
            pen.rectangle(corners, ink if filled else None, None if filled else ink, SCALE)
    return picture


def widths() -> str:
    """How wide each letter is, as a table of Lua."""
    font = ImageFont.truetype(str(FONT), POINTS * SCALE)
    letters = [*range(32, 127), *map(ord, "äöüß…–→“”✓×·")]
    return ", ".join(f"[{code}] = {font.getlength(chr(code)) / SCALE}" for code in letters)


def main() -> None:
    """Play a scenario against a real server and draw how it looks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_server(folder, "--model", "tone:0.05") as server:
            report = Reaper(folder, server.port).run(SCENARIO.format(widths=widths()))
    draw(report["frame"]).save(sys.argv[1])


if __name__ == "__main__":
    main()
