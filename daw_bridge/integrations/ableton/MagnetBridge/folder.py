"""Showing a file in the system's own file browser."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import PurePath


def show_command(path: str, platform: str) -> Sequence[str]:
    """The command that shows a file, selected where the system can.

    Args:
        path: of the file.
        platform: as ``sys.platform`` says it.
    """
    if platform == "darwin":
        return ("open", "-R", path)
    if platform == "win32":
        return ("explorer", f"/select,{path}")
    return ("xdg-open", str(PurePath(path).parent))


def show_file(path: str, platform: str) -> None:
    """Show it, and do not wait; where there is no file browser, the path was said anyway."""
    try:
        subprocess.Popen(
            show_command(path, platform),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return
