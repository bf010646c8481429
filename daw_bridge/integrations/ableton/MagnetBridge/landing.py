"""Putting a finished clip into a track: made, straightened, looped, named, and looked at again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .naming import arrangement_words, slot_words
from .places import LAST_BEAT, Refused, Target, check_track, empty_slot, free_beat, is_in_set
from .warp import Crooked, MakeMarker, length_in_beats, straighten

if TYPE_CHECKING:
    from Live.Clip import Clip, WarpMode
    from Live.ClipSlot import ClipSlot
    from Live.Song import Song
    from Live.Track import Track


_SAME_BEATS = 1e-3


class NeedsDragging(Refused):
    """This Live takes no clips from scripts."""


@dataclass(frozen=True)
class Landing:
    """A clip that is to land.

    Attributes:
        path: of its WAV.
        name: to give it.
        seconds: how long it is.
        bpm: its tempo.
        rhythmic: whether a beat was found in it: how Live stretches it if the tempo changes.
        looping: whether it loops in the session.
    """

    path: str
    name: str
    seconds: float
    bpm: float
    rhythmic: bool
    looping: bool

    @property
    def beats(self) -> float:
        """Its length in quarter notes."""
        return length_in_beats(self.seconds, self.bpm)


@dataclass(frozen=True)
class LiveKit:
    """What only Live's own module can make.

    Attributes:
        make_marker: a warp marker from seconds of the file and a beat.
        beats_mode: the warp mode Beats; it plays the samples as they are at the clip's tempo, as
            does the next one (Complex and Complex Pro never do).
        texture_mode: the warp mode Texture.
    """

    make_marker: MakeMarker
    beats_mode: WarpMode
    texture_mode: WarpMode


@dataclass(frozen=True)
class Landed:
    """A clip that is there.

    Attributes:
        place: in the musician's words.
        slot: where in the session; None in the arrangement.
        end_beat: where in the arrangement it ends.
        warning: what is not as it should be; or empty.
    """

    place: str
    slot: int | None
    end_beat: float
    warning: str


def land(song: Song, target: Target, landing: Landing, kit: LiveKit) -> Landed:
    """Put a clip where it belongs, or as near as there is room.

    It never takes the place of anything: a slot that was filled meanwhile is left alone, and so is
    what stands in the arrangement. All of it is one step of Live's undo.

    Raises:
        Refused: with the sentence for the musician.
    """
    if not is_in_set(song, target.track):
        raise Refused("the track was deleted meanwhile")
    check_track(target.track)
    if not os.path.isfile(landing.path):
        raise Refused(
            f"{landing.path} is not on this computer: the server must run here, or its clips "
            "folder must be shared under the same path"
        )
    song.begin_undo_step()
    try:
        if target.slot is None:
            return _land_in_arrangement(target.track, song, target.beat, landing, kit)
        return _land_in_slot(song, target.track, target.slot, landing, kit)
    finally:
        song.end_undo_step()


def _land_in_slot(song: Song, track: Track, first: int, landing: Landing, kit: LiveKit) -> Landed:
    index = empty_slot(song, track, first)
    slots: list[ClipSlot] = list(track.clip_slots)
    slot = slots[index]
    clip = _make(getattr(slot, "create_audio_clip", None), landing.path)
    warning = _fit(clip, landing, kit, landing.looping)
    if not slot.has_clip or slot.clip.name != landing.name:
        raise Refused(f"Live made the clip, but {slot_words(track.name, index)} has none")
    return Landed(slot_words(track.name, index), index, 0.0, warning)


def _land_in_arrangement(
    track: Track, song: Song, first: float, landing: Landing, kit: LiveKit
) -> Landed:
    """Live cuts what a new clip covers, and a clip that it auto-warped may be any length at first.

    So where something stands behind the place, the clip is made behind everything else, brought
    into shape there, and copied to its place from there.
    """
    taken = _spans(track)
    beat = free_beat(taken, first, landing.beats)
    last = max((end for _, end in taken), default=0.0)
    workshop = max(beat, last)
    if workshop + landing.beats > LAST_BEAT:
        raise Refused("there is no room left in the arrangement")
    create: Callable[[str, float], Clip] | None = getattr(track, "create_audio_clip", None)
    clip = _make(None if create is None else lambda path: create(path, workshop), landing.path)
    warning = _fit(clip, landing, kit, False)
    if not warning and abs(clip.end_time - clip.start_time - landing.beats) > _SAME_BEATS:
        warning = f"check its length: Live made it {clip.end_time - clip.start_time:.6g} beats"
    if workshop > beat:
        made = clip
        clip = track.duplicate_clip_to_arrangement(made, beat)
        track.delete_clip(made)
    if not any(abs(begin - clip.start_time) < _SAME_BEATS for begin, _ in _spans(track)):
        raise Refused("Live took the clip for the arrangement, but it is not there")
    bar = song.signature_numerator * 4 / song.signature_denominator
    return Landed(arrangement_words(track.name, beat, bar), None, clip.end_time, warning)


def _spans(track: Track) -> list[tuple[float, float]]:
    """Begin and end of what stands in the arrangement of a track."""
    clips: list[Clip] = list(track.arrangement_clips)
    return [(clip.start_time, clip.end_time) for clip in clips]


def _make(create: Callable[[str], Clip] | None, path: str) -> Clip:
    if create is None:
        raise NeedsDragging(
            "this Live is older than 12.0.5 and takes no clips from scripts: drag the clip into "
            "the track, its folder is opened"
        )
    try:
        return create(path)
    except Exception as error:
        raise Refused(f"Live did not take {path}: {error}") from error


def _fit(clip: Clip, landing: Landing, kit: LiveKit, looping: bool) -> str:
    """Bring a new clip into shape; what did not work is said, since the clip is there already."""
    clip.name = landing.name
    try:
        clip.warping = True
        clip.warp_mode = kit.beats_mode if landing.rhythmic else kit.texture_mode
        straighten(clip, landing.bpm, landing.beats, kit.make_marker)
        _set_span(clip, landing.beats, looping)
    except Crooked as error:
        return f"check its warp markers: {error}"
    except Exception as error:  # noqa: BLE001 - a clip in the wrong shape is better than none
        return f"check its warping and its loop: {error}"
    return ""


def _set_span(clip: Clip, beats: float, looping: bool) -> None:
    """Begin, end and loop. Live refuses a begin behind the end, so the order matters."""
    clip.looping = looping
    if clip.loop_end <= 0:
        clip.loop_end = beats
    clip.loop_start = 0.0
    clip.loop_end = beats
    if looping:
        if clip.end_marker <= 0:
            clip.end_marker = beats
        clip.start_marker = 0.0
        clip.end_marker = beats
