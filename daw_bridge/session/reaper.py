"""``magnet-bridge reaper watch``: builds what serves one Reaper and lets it run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.config import APPLICATION, BridgeConfig
from daw_bridge.delivery.hand_over import HandOver
from daw_bridge.reaper.companion import Companion
from daw_bridge.serving import told_client
from osc_server.contract.errors import MagnetError

_OLD_SECONDS = 86400.0
_SESSION = "session-"


async def watch(config: BridgeConfig, folder: Path, say: Callable[[str], None]) -> None:
    """Serve the script that made this folder, until it ends.

    Args:
        config: the bridge's settings.
        folder: the one that the script shares with us.
        say: told what happens; the script reads the same in the folder.

    Raises:
        MagnetError: where there is no server and none can be started; the script reads it too.
    """
    hand_over = HandOver(folder)

    def tell(text: str) -> None:
        say(text)
        hand_over.tell_bridge({"state": "starting", "text": text})

    try:
        tell("looking for a server")
        async with told_client(config, tell) as client:
            clips = await _clips_folder(client, config)
            companion = Companion(client, hand_over, config.delivery(), clips)
            say(await companion.run())
    except MagnetError as error:
        hand_over.tell_bridge({"state": "failed", "text": str(error)})
        raise
    if hand_over.sign_of_life() is None:
        hand_over.remove()
    _sweep(folder.parent)


async def _clips_folder(client: AsyncMagnetClient, config: BridgeConfig) -> Path:
    """Where the server keeps its clips, if that is this computer's; else where we keep ours."""
    folder = (await client.status()).clips_folder
    if config.delivery() == "path" and folder and Path(folder).is_dir():
        return Path(folder)
    return config.clips or platformdirs.user_music_path() / APPLICATION


def _sweep(folder: Path) -> None:
    """Remove the folders of scripts that ended without a word, a day ago or longer."""
    for session in folder.glob(f"{_SESSION}*"):
        with suppress(OSError):
            if time.time() - (session / "host.txt").stat().st_mtime > _OLD_SECONDS:
                shutil.rmtree(session)
