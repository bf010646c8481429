"""Capture in a live set: where it writes, and what stands behind its addresses."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import platformdirs

from daw_bridge.audio.input import AudioInput
from daw_bridge.audio.loop import Block
from daw_bridge.config import APPLICATION, BridgeConfig
from daw_bridge.delivery.folder_sink import free_path, save_samples
from daw_bridge.live.capturing import Capturing
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.panel import Control

FOLDER = "captures"


def build_capturing(config: BridgeConfig, live: LiveSet, source: AudioInput | None) -> Capturing:
    """Capture from an input, to where the server of a live set can read it."""
    rate_hz = live.rig.output.rate_hz

    def save(name: str, samples: Block) -> Path:
        folder = captures_folder(config, live.clips_folder)
        path = free_path(folder / f"{name}_{datetime.now():%Y%m%d-%H%M%S}.wav")
        return save_samples(samples, rate_hz, path)

    return Capturing(live, source, save)


def captures_folder(config: BridgeConfig, clips_folder: str) -> Path:
    """Where captures are written: in the clips folder, which the server may always read.

    Args:
        config: may name another.
        clips_folder: of the server, as it told; empty where it has not.
    """
    if config.captures is not None:
        return config.captures.absolute()
    here = config.clips or platformdirs.user_music_path() / APPLICATION
    if clips_folder and config.delivery() == "path":
        here = Path(clips_folder)
    return here.absolute() / FOLDER


def capture_controls(capturing: Capturing) -> dict[str, Control]:
    """What stands behind the addresses of the fader dialect."""
    return {
        "/magnet/deck/N/capture": Control(
            capturing.is_busy, lambda number, _: capturing.capture(number)
        ),
        "/magnet/input/level": Control(lambda _: capturing.level_db()),
    }
