"""What Live 11 gets: a sentence. Its Python is older than the rest of this folder is written in."""

from __future__ import annotations

from ableton.v2.control_surface import ControlSurface  # type: ignore[import-not-found]


def refuse_older_live(c_instance: object) -> object:
    """A control surface that does nothing and says why."""
    surface = ControlSurface(c_instance)
    surface.show_message("MagnetBridge needs Live 12 (12.0.5 or newer to land clips)")
    return surface
