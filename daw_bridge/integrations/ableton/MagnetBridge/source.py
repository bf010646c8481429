"""The clip that is continued, varied or made anew in part: what the bridge has to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .made import sidecar
from .osc import OscValue
from .places import Refused, Target, Wish, check_track, choose_target
from .warp import Warp

if TYPE_CHECKING:
    from Live.Clip import Clip
    from Live.ClipSlot import ClipSlot
    from Live.Song import Song
    from Live.Track import Track

_SLACK_BEATS = 0.25
BPM_MIN, BPM_MAX = 20.0, 400.0


@dataclass(frozen=True)
class Source:
    """A clip of the set that something is made from.

    Attributes:
        names: what the bridge is told of it.
        target: where what is made from it lands: below it, or behind it in the arrangement.
    """

    names: tuple[OscValue, ...]
    target: Target


def find_source(verb: str, song: Song, wish: Wish, view: str) -> Source:
    """The clip that is meant, ready for the bridge.

    Args:
        verb: ``continue``, ``infill``, ``vary`` or ``loop``.
        song: the set.
        wish: which clip: of a slot, else the one that is shown, plays or is selected.
        view: Live's focused document view.

    Raises:
        Refused: with the sentence for the musician.
    """
    track, slot, clip = _find_clip(song, wish, view)
    check_track(track)
    if not clip.is_audio_clip:
        raise Refused(f"{clip.name or 'this clip'} is a MIDI clip: choose an audio clip")
    if clip.is_recording:
        raise Refused(f"{clip.name or 'this clip'} is being recorded: stop it first")
    if not clip.warping:
        raise Refused(f"{clip.name or 'this clip'} is not warped: switch its Warp on")
    if not clip.file_path.lower().endswith(".wav"):
        raise Refused(f"only WAV files can be gone on from, not {clip.file_path}")
    bpm, beats = _tempo(clip)
    names: list[OscValue] = ["clip", clip.file_path]
    if not sidecar(clip.file_path).is_file():  # the server knows the tempo of what it made
        names += ["bpm", bpm, "meter", f"{song.signature_numerator}/{song.signature_denominator}"]
    if verb == "continue":
        _check_end(clip, beats)
    if verb == "infill":
        names += _brace(song, clip, bpm, beats)
    target = Target(track, slot + 1) if slot is not None else Target(track, None, clip.end_time)
    return Source(tuple(names), target)


def _find_clip(song: Song, wish: Wish, view: str) -> tuple[Track, int | None, Clip]:
    shown = song.view.detail_clip
    if wish == Wish():
        tracks: list[Track] = list(song.tracks) if shown is not None else []
        for one in tracks:
            place = _place_of(one, shown)
            if place is not None:
                return place
    target = choose_target(song, wish, "Session" if wish.slot is not None else view)
    track = target.track
    slots: list[ClipSlot] = list(track.clip_slots)
    if wish.slot is None and shown is not None:
        place = _place_of(track, shown)
        if place is not None:
            return place
    candidates = [target.slot] if wish.slot is not None else [track.playing_slot_index, target.slot]
    for index in candidates:
        if index is not None and 0 <= index < len(slots) and slots[index].has_clip:
            return track, index, slots[index].clip
    where = f"slot {wish.slot} of {track.name}" if wish.slot is not None else track.name
    raise Refused(f"there is no clip to start from in {where}: select one")


def _place_of(track: Track, clip: Clip | None) -> tuple[Track, int | None, Clip] | None:
    slots: list[ClipSlot] = list(track.clip_slots)
    for index, slot in enumerate(slots):
        if slot.has_clip and slot.clip == clip:
            return track, index, slot.clip
    clips: list[Clip] = list(track.arrangement_clips)
    for one in clips:
        if one == clip:
            return track, None, one
    return None


def _tempo(clip: Clip) -> tuple[float, float]:
    """Tempo and length in beats of a clip's whole file, by its warp markers."""
    seconds = clip.sample_length / clip.sample_rate if clip.sample_rate > 0 else 0.0
    warp = Warp(list(clip.warp_markers))
    beats = warp.beat_at(seconds) - warp.beat_at(0.0)
    bpm = beats * 60 / seconds if seconds > 0 else 0.0
    if not BPM_MIN <= bpm <= BPM_MAX:
        raise Refused(
            f"{clip.name or 'this clip'} is warped to {bpm:.6g} BPM: the bridge takes "
            f"{BPM_MIN:.0f} to {BPM_MAX:.0f}"
        )
    return round(bpm, 6), beats


def _check_end(clip: Clip, beats: float) -> None:
    """What is made goes on from the end of the file, so that has to be what is heard last."""
    warp = Warp(list(clip.warp_markers))
    end = clip.loop_end if clip.looping else clip.end_marker
    if end < warp.beat_at(0.0) + beats - _SLACK_BEATS:
        raise Refused(
            f"{clip.name or 'this clip'} ends before its file does: consolidate it first "
            "(Ctrl/Cmd+J), so that what is made goes on from what you hear"
        )


def _brace(song: Song, clip: Clip, bpm: float, beats: float) -> list[OscValue]:
    """What is made anew, in beats of the file."""
    if clip.is_arrangement_clip and song.loop:
        shift = clip.start_marker - clip.start_time
        begin, end = song.loop_start + shift, song.loop_start + song.loop_length + shift
    else:
        begin, end = clip.loop_start, clip.loop_end
    warp = Warp(list(clip.warp_markers))
    first, last = (
        min(max(round(warp.seconds_at(beat) * bpm / 60, 4), 0.0), beats) for beat in (begin, end)
    )
    if last - first <= 0:
        raise Refused("the loop brace does not touch the clip: put it over the part to make anew")
    if first <= 0 and last >= beats - 1e-3:
        raise Refused(
            "the loop brace covers the whole clip: make it shorter, what lies in it is made anew"
        )
    return ["from", first, "to", last]
