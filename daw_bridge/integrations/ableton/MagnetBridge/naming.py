"""What musicians read: a clip's name, and where it landed."""

from __future__ import annotations

_MAX_PROMPT = 60


def clip_name(prompt: str, bars: float, bpm: float, key: str, seed: int) -> str:
    """Such as ``dusty breakbeat · 4 bars · 128.5 BPM · A minor · seed 7``."""
    words = prompt if len(prompt) <= _MAX_PROMPT else prompt[: _MAX_PROMPT - 1] + "…"
    length = f"{bars:.6g} bar" if bars == 1 else f"{bars:.6g} bars"
    parts = [words, length, f"{bpm:.6g} BPM", key, f"seed {seed}"]
    return " · ".join(part for part in parts if part)


def slot_words(track: str, slot: int) -> str:
    """Where a clip of the session is, such as ``track Drums, slot 3``.

    Args:
        track: its name.
        slot: counted from 0, as Live does.
    """
    return f"track {track}, slot {slot + 1}"


def arrangement_words(track: str, beat: float, beats_per_bar: float) -> str:
    """Where a clip of the arrangement is, such as ``track Drums, bar 17 of the arrangement``."""
    bars, rest = divmod(round(beat, 6), beats_per_bar)
    place = f"bar {int(bars) + 1}" + (f" beat {rest + 1:.6g}" if rest else "")
    return f"track {track}, {place} of the arrangement"
