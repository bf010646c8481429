"""Every file that is made, and from what."""

from __future__ import annotations

from pathlib import Path

from daw_bridge.integrations.surfaces import realearn, stage_control, tosc
from daw_bridge.integrations.surfaces.layouts import layouts


def files(token: str = "") -> dict[Path, bytes]:
    """Paths under ``integrations/`` and what belongs there; with a token, layouts that show it."""
    made = {Path("realearn") / "magnet-decks.json": realearn.pack()}
    for layout in layouts():
        made[Path("touchosc") / f"{layout.name}.tosc"] = tosc.pack(layout, token)
        made[Path("open_stage_control") / f"{layout.name}.json"] = stage_control.pack(layout, token)
    return made
