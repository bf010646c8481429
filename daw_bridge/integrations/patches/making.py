"""Every file that is made, and from what."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

from daw_bridge.integrations.patches import device, help_patch, player
from daw_bridge.integrations.patches.amxd import pack

INTEGRATIONS = Path(__file__).parents[1]
_JS = Path(__file__).with_name("js")


def _script(name: str) -> bytes:
    """A script with the part that all of them share before it: Max has no modules to rely on."""
    head = "// Made by python -m daw_bridge.integrations.patches: change the parts in patches/js.\n"
    parts = [(_JS / f"{part}.js").read_text("utf-8") for part in ("link", name)]
    return (head + "\n" + "\n".join(parts)).encode("utf-8")


def _package_info() -> bytes:
    info = {
        "name": "magnet-bridge",
        "displayname": "magnet-bridge",
        "version": metadata.version("magnet-bridge"),
        "author": "magnet-bridge",
        "description": "Loops from words, in time with the transport",
        "tags": ["audio", "generative", "loops"],
        "max_version_min": "8.6",
        "max_version_max": "none",
        "os": {
            "macintosh": {"min_version": "none", "platform": ["x64", "aarch64"]},
            "windows": {"min_version": "none", "platform": ["x64"]},
        },
    }
    return (json.dumps(info, indent=2) + "\n").encode("utf-8")


def files() -> dict[Path, bytes]:
    """Paths under ``integrations/`` and what belongs there."""
    ableton, package = Path("ableton") / "device", Path("max")
    return {
        ableton / "MagnetBridge.amxd": pack(device.build().to_text()),
        ableton / device.SCRIPT: _script("device"),
        package / "patchers" / "magnet~.maxpat": player.build().to_text().encode("utf-8"),
        package / "help" / "magnet~.maxhelp": help_patch.build().to_text().encode("utf-8"),
        package / "javascript" / player.SCRIPT: _script("player"),
        package / "package-info.json": _package_info(),
    }
