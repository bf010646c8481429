"""Going on where a process before this one was."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import platformdirs

from daw_bridge.config import APPLICATION, BridgeConfig
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.saving import Keeper, SavedSession, read_session
from daw_bridge.session.building import LiveWish


def saved_set(config: BridgeConfig, wish: LiveWish) -> SavedSession | None:
    """What the set begins with: what the process before this one left, else its session.

    Raises:
        StorageFailed: where it cannot be read; it is left as it is.
    """
    path = wish.resume or config.session
    saved = None if path is None else read_session(path)
    if wish.resume is not None:
        forget(config, wish.resume)
    return saved


def leave(config: BridgeConfig, live: LiveSet) -> Path:
    """Save a set for the process that goes on with it; the file.

    Raises:
        StorageFailed: where it cannot be written.
    """
    folder = platformdirs.user_state_path(APPLICATION, appauthor=False)
    path = config.session or folder / f"resume-{config.port}.json"
    Keeper(live, path).save()
    return path


def forget(config: BridgeConfig, left: Path) -> None:
    """Take away what was left for another process, where it is not the session that is kept."""
    if left != config.session:
        with suppress(OSError):
            left.unlink()
