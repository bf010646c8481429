"""Where a clip is to land: an audio track, and a slot of it or a beat of the arrangement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from Live.ClipSlot import ClipSlot
    from Live.Scene import Scene
    from Live.Song import Song
    from Live.Track import Track

LAST_BEAT = 1576800.0
"""Live's arrangement ends there."""
_TOUCH = 1e-4


class Refused(Exception):
    """It cannot be done; the text is the sentence for the musician."""


@dataclass(frozen=True)
class Target:
    """Where a clip is to land.

    Attributes:
        track: of the set.
        slot: in the session, counted from 0; None for the arrangement.
        beat: in the arrangement, from its start.
    """

    track: Track
    slot: int | None
    beat: float = 0.0


@dataclass(frozen=True)
class Wish:
    """What a request said about its place; None = what is selected.

    Attributes:
        track: its name, or its number counted from 1.
        slot: counted from 1.
        place: ``session`` or ``arrangement``.
        beat: of the arrangement.
    """

    track: str | int | None = None
    slot: int | None = None
    place: str | None = None
    beat: float | None = None


def choose_target(song: Song, wish: Wish, view: str) -> Target:
    """The place that a request means.

    Args:
        song: the set.
        wish: what it said.
        view: Live's focused document view, ``Session`` or ``Arranger``.

    Raises:
        Refused: where no clip could ever land there.
    """
    track = _track(song, wish.track)
    check_track(track)
    in_arrangement = view == "Arranger" and wish.slot is None
    if wish.place is not None or wish.beat is not None:
        in_arrangement = wish.place != "session"
    if in_arrangement:
        return Target(track, None, _next_bar(song) if wish.beat is None else wish.beat)
    slots = len(track.clip_slots)
    if wish.slot is not None:
        if not 1 <= wish.slot <= slots:
            raise Refused(f"there is no slot {wish.slot}: the set has {slots} scenes")
        return Target(track, wish.slot - 1)
    scenes: list[Scene] = list(song.scenes)
    selected = song.view.selected_scene
    return Target(track, next((i for i, scene in enumerate(scenes) if scene == selected), 0))


def check_track(track: Track) -> None:
    """See that audio clips can live on a track.

    Raises:
        Refused: saying why not.
    """
    if track.is_foldable:
        raise Refused(f"{track.name} is a group: choose an audio track in it")
    if track.has_midi_input or not track.has_audio_input:
        raise Refused(f"{track.name} is no audio track: choose or make one (Ctrl/Cmd+T)")
    if track.is_frozen:
        raise Refused(f"{track.name} is frozen: unfreeze it, or choose another track")


def is_in_set(song: Song, track: Track) -> bool:
    """Whether a track is still there."""
    return any(one == track for one in song.tracks)


def empty_slot(song: Song, track: Track, first: int) -> int:
    """The first empty slot from ``first`` on, counted from 0; a scene is made if there is none.

    Raises:
        Refused: where Live allows no more scenes.
    """
    slots: list[ClipSlot] = list(track.clip_slots)
    for index in range(min(first, len(slots)), len(slots)):
        if not slots[index].has_clip:
            return index
    try:
        song.create_scene(-1)
    except Exception as error:
        raise Refused(
            f"{track.name} has no empty slot left and Live allows no more scenes: {error}"
        ) from error
    return len(slots)


def free_beat(taken: Sequence[tuple[float, float]], first: float, beats: float) -> float:
    """The first beat from ``first`` on where ``beats`` are free.

    Args:
        taken: begin and end of the clips that are there.
        first: where it would best be.
        beats: how long it is.
    """
    beat = first
    for begin, end in sorted(taken):
        if begin < beat + beats - _TOUCH and end > beat + _TOUCH:
            beat = end
    return beat


def _next_bar(song: Song) -> float:
    """The playhead's bar line, or the next one: nobody asks for a loop in the middle of a bar."""
    bar = song.signature_numerator * 4 / song.signature_denominator
    return math.ceil(song.current_song_time / bar - _TOUCH) * bar


def _track(song: Song, wanted: str | int | None) -> Track:
    tracks: list[Track] = list(song.tracks)
    if wanted is None:
        selected = song.view.selected_track
        if not any(one == selected for one in tracks):
            raise Refused(f"{selected.name} takes no clips: select an audio track")
        return selected
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(tracks):
            raise Refused(f"there is no track {wanted}: the set has {len(tracks)}")
        return tracks[wanted - 1]
    named = [track for track in tracks if track.name == wanted]
    if not named:
        raise Refused(f"there is no track {wanted!r} in this set")
    return named[0]
