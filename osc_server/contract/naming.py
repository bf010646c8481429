"""What a clip's file is called: what it is, in words that a musician reads in a DAW's track.

``deck-2_dusty-breakbeat_4bars_128.5bpm_a-minor_seed7``: small letters, digits, ``.``, ``-`` and
``_``, which every system takes, and never longer than 112 characters.
"""

from __future__ import annotations

import re
import unicodedata

_LONGEST_LANE, _LONGEST_WORDS, _LONGEST_KEY = 12, 40, 16
_UNIQUE = re.compile(r"_\d{8}-\d{6}-[0-9a-f]{4}$")
_LONGEST_NAME = 140


def clip_name(  # the six things that it says
    words: str,
    *,
    bars: float,
    bpm: float,
    key: str = "",
    seed: int | None = None,
    lane: str = "",
) -> str:
    """The name of a clip, without date and ending.

    Args:
        words: what it was asked to sound like; of none it is ``clip``.
        bars: its length.
        bpm: its tempo.
        key: musical key; empty = none was asked for.
        seed: that made it; None = it was not drawn.
        lane: of whoever asked for it: a deck of ``live`` says ``deck 2``.
    """
    parts = [
        slug(lane, _LONGEST_LANE),
        slug(words, _LONGEST_WORDS) or "clip",
        f"{bars:.6g}bars" if bars != 1 else "1bar",
        f"{bpm:.6g}bpm",
        slug(key.replace("#", " sharp"), _LONGEST_KEY),
        "" if seed is None else f"seed{seed}",
    ]
    return "_".join(part for part in parts if part)


def short_name(clip_id: str) -> str:
    """A clip's name from its id: without the date that keeps ids apart."""
    name = re.sub(r"[^a-z0-9._-]+", "-", _UNIQUE.sub("", clip_id).lower())
    return name.strip("-._")[:_LONGEST_NAME] or "clip"


def slug(text: str, longest: int) -> str:
    """ASCII letters and digits of a text, joined by dashes, cut at a word where it can be."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    whole = "-".join(re.findall(r"[a-z0-9]+", plain))
    if len(whole) <= longest:
        return whole
    cut = whole[: longest + 1]
    return (cut.rpartition("-")[0] or cut[:longest]).strip("-")
