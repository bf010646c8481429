"""Sounds of the musician's own, and clips of them in a set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from tests.daw_bridge.integrations.ableton.live_clips import Clip
from tests.daw_bridge.integrations.ableton.live_set import LiveSet


def wav(path: Path, beats: float, bpm: float) -> str:
    """A WAV of silence with a tone, so many beats long."""
    n_samples = round(beats * 60 / bpm * 48000)
    tone = 0.1 * np.sin(np.arange(n_samples) * 0.03).astype(np.float32)
    soundfile.write(path, tone, 48000, subtype="FLOAT")
    return str(path)


def fill(live_set: LiveSet, track: int, slot: int, path: Path, beats=4.0, bpm=120.0) -> Clip:
    """A clip of the musician's own in a slot."""
    live_set.begin_undo_step()
    clip = live_set.tracks[track].clip_slots[slot].create_audio_clip(wav(path, beats, bpm))
    live_set.end_undo_step()
    return clip
