"""Where a client may point to: inside the folders that the server's owner allowed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from osc_server.contract.errors import Forbidden


def confined(path: str | Path, folders: Iterable[Path]) -> Path:
    """The real place of ``path``, links followed, if it lies in one of the folders.

    Args:
        path: what a client named; a relative path is looked for in each folder in turn.
        folders: the allowed ones.

    Raises:
        Forbidden: where it lies outside all of them, whether it exists or not.
    """
    allowed = [folder.resolve() for folder in folders]
    try:
        places = [(folder / path).resolve() for folder in allowed]
    except (OSError, ValueError, RuntimeError):  # a NUL, a loop of links, a name beyond all limits
        places = []
    inside = [
        place
        for place, folder in zip(places, allowed, strict=False)
        if place.is_relative_to(folder)
    ]
    for place in inside:
        if os.path.exists(place):  # Path.exists raises for a name that is too long
            return place
    if inside:
        return inside[0]
    shown = " or ".join(str(folder) for folder in allowed) or "any folder"
    raise Forbidden(f"{str(path)[:200]!r} is outside the folders that this server may use: {shown}")
