"""The stand-in of Live refuses what Live refuses, or the tests beside it would prove nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.daw_bridge.integrations.ableton.live_clips import UNWARPED, WarpMarker
from tests.daw_bridge.integrations.ableton.live_set import LiveSet
from tests.daw_bridge.integrations.ableton.sounds import fill, wav
from tests.daw_bridge.integrations.ableton.stubs import (
    ArgumentError,
    LiveObject,
    like_live,
    members,
)


def test_the_stubs_have_what_the_script_lands_clips_with() -> None:
    assert members("ClipSlot.ClipSlot")["create_audio_clip"].takes == ("str",)
    assert members("Track.Track")["create_audio_clip"].takes == ("str", "float")
    assert members("Song.Song")["tempo"].settable
    assert not members("Clip.Clip")["warp_markers"].settable


def test_a_stand_in_with_a_member_that_live_has_not_cannot_be_written() -> None:
    with pytest.raises(AssertionError, match="has no load_sample"):

        @like_live("Clip.Clip")
        class Wrong(LiveObject):
            def load_sample(self, path: str) -> None: ...


def test_a_filled_slot_takes_no_clip(tmp_path: Path) -> None:
    live_set = LiveSet()
    fill(live_set, 0, 0, tmp_path / "a.wav")
    with pytest.raises(RuntimeError, match="not empty"):
        live_set.tracks[0].clip_slots[0].create_audio_clip(wav(tmp_path / "b.wav", 4, 120))


@pytest.mark.parametrize("kind", ["midi", "group"])
def test_a_track_that_is_no_audio_track_takes_no_clip(tmp_path: Path, kind: str) -> None:
    live_set = LiveSet()
    live_set._tracks[0]._kind = kind
    path = wav(tmp_path / "a.wav", 4, 120)
    with pytest.raises(RuntimeError, match="not an audio track"):
        live_set.tracks[0].clip_slots[0].create_audio_clip(path)
    with pytest.raises(RuntimeError, match="not an audio track"):
        live_set.tracks[0].create_audio_clip(path, 0.0)


def test_a_file_that_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("words")
    with pytest.raises(RuntimeError, match="not a valid audio file"):
        LiveSet().tracks[0].clip_slots[0].create_audio_clip(str(tmp_path / "a.wav"))


def test_a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError):
        LiveSet().tracks[0].clip_slots[0].create_audio_clip(tmp_path / "a.wav")


def test_another_thread_may_not_even_look() -> None:
    live_set, caught = LiveSet(), []

    def look() -> None:
        try:
            _ = live_set.tempo
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert caught == ["Live may only be used from its main thread"]


def test_nothing_may_be_changed_while_live_tells_of_a_change(tmp_path: Path) -> None:
    live_set = LiveSet()
    clip = fill(live_set, 0, 0, tmp_path / "a.wav")
    with live_set._notification(), pytest.raises(RuntimeError, match="notifications"):
        clip.name = "new"
    clip.name = "new"
    assert clip.name == "new"


def test_what_live_does_not_let_be_set_cannot_be_set(tmp_path: Path) -> None:
    clip = fill(LiveSet(), 0, 0, tmp_path / "a.wav")
    with pytest.raises(AttributeError):
        clip.file_path = "other"
    with pytest.raises(AttributeError):
        clip.lenght = 4.0


def test_an_unwarped_clip_has_no_markers_and_no_loop(tmp_path: Path) -> None:
    clip = fill(LiveSet(manner=UNWARPED), 0, 0, tmp_path / "a.wav")
    with pytest.raises(RuntimeError, match="not warped"):
        _ = clip.warp_markers
    with pytest.raises(RuntimeError, match="only warped"):
        clip.looping = True


def test_warp_markers_must_rise_and_the_last_one_stays(tmp_path: Path) -> None:
    clip = fill(LiveSet(), 0, 0, tmp_path / "a.wav")
    clip.add_warp_marker(WarpMarker(1.0, 2.0))
    with pytest.raises(RuntimeError, match="rise"):
        clip.add_warp_marker(WarpMarker(0.5, 3.0))
    clip.remove_warp_marker(2.0)
    with pytest.raises(RuntimeError, match="stays"):
        clip.remove_warp_marker(0.0)


def test_a_deleted_track_cannot_be_used() -> None:
    live_set = LiveSet()
    track = live_set.tracks[0]
    live_set._delete_track(0)
    with pytest.raises(RuntimeError, match="deleted"):
        _ = track.name


def test_a_clip_in_the_arrangement_cuts_what_it_covers(tmp_path: Path) -> None:
    live_set = LiveSet()
    live_set.begin_undo_step()
    track = live_set.tracks[0]
    track.create_audio_clip(wav(tmp_path / "a.wav", 4, 100), 0.0)
    track.create_audio_clip(wav(tmp_path / "b.wav", 4, 100), 2.0)
    spans = [t for clip in track.arrangement_clips for t in (clip.start_time, clip.end_time)]
    assert spans == pytest.approx([0, 2, 2, 6])
