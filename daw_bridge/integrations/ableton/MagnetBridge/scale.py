"""Live's scale as the bridge's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from Live.Song import Song

_NOTES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MODES = ("major", "minor", "dorian", "mixolydian", "lydian", "phrygian", "locrian")


def key_words(song: Song) -> str:
    """Such as ``A minor``; empty unless Live's Scale Mode is on, with a mode that is a key."""
    mode = song.scale_name.lower()
    if not song.scale_mode or mode not in _MODES or not 0 <= song.root_note < len(_NOTES):
        return ""
    return f"{_NOTES[song.root_note]} {mode}"
