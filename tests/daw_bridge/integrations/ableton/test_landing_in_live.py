"""The whole way: asked over OSC, made by a real server, landed in the stand-in of Live."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.ableton.live_clips import (
    AUTO_WARPED,
    ONE_MARKER,
    UNWARPED,
    Clip,
    Manner,
)
from tests.daw_bridge.integrations.ableton.live_set import LiveSet
from tests.daw_bridge.integrations.ableton.rig import Asker, Live, live
from tests.daw_bridge.integrations.ableton.sounds import fill, wav
from tests.daw_bridge.servers import RunningServer, running_server


@pytest.fixture
def listen() -> int:
    return free_port()


def generate(host: Live, asker: Asker, *names: object, request: int = 1, verb="generate") -> str:
    """Ask and let Live run until it has landed; where."""
    n_landed = len(asker.all("landed"))
    asker.say(verb, request, *names)
    host.run_until(lambda: len(asker.all("landed")) > n_landed or bool(asker.all("failed")))
    assert asker.all("failed") == []
    return str(asker.all("landed")[-1][2])


def line_of(clip: Clip) -> list[float]:
    """Seconds by which each warp marker is off the line that the clip's tempo draws."""
    bpm = clip._set._tempo
    return [m.sample_time - m.beat_time * 60 / bpm for m in clip.warp_markers]


NEARLY_RIGHT = Manner(True, bpm=128.49)
"""What Live makes of a click track: so near that nobody sees it, and stretched all the same."""


@pytest.mark.parametrize("manner", [UNWARPED, ONE_MARKER, AUTO_WARPED, NEARLY_RIGHT], ids=str)
@pytest.mark.parametrize("tempo", [128.5, 97.123456789])
def test_a_clip_lands_in_the_selected_slot_straight_looped_and_named(
    tone_server: RunningServer, tmp_path: Path, listen: int, manner: Manner, tempo: float
) -> None:
    live_set = LiveSet(manner=manner)
    live_set._tempo = tempo
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        place = generate(host, me, "prompt", "dusty breakbeat", "bars", 2, "seed", 7)
        clip = live_set.tracks[0].clip_slots[0].clip
        assert place == "track Drums, slot 1"
        assert clip.name == f"dusty breakbeat · 2 bars · {tempo:.6g} BPM · seed 7"
        assert Path(clip.file_path).is_relative_to(tone_server.clips)
        assert (clip.looping, clip.loop_start, clip.loop_end) == (True, 0.0, 8.0)
        assert (clip.start_marker, clip.end_marker) == (0.0, 8.0)
        assert line_of(clip) == pytest.approx([0.0] * len(line_of(clip)), abs=1e-9)
        assert clip.warp_mode == 0
        assert abs(clip.sample_length - 8 * 60 / tempo * clip.sample_rate) <= 0.5
        assert live_set._n_undo_steps == 1
        assert live_set._undo_depth == 0


def test_progress_and_place_in_the_queue_are_told_to_who_asked_and_shown_in_the_status_bar(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    with (
        live(tmp_path, LiveSet(), port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        generate(host, me, "prompt", "bass", "bars", 1)
        assert me.all("accepted")[0][:2] == (1, 0)
        assert me.all("progress")[-1][:2] == (1, 1.0)
        assert "MAGNeT: it begins" in host.shown
        assert host.shown[-1] == "MAGNeT: landed in track Drums, slot 1"
        assert any("landed in track Drums, slot 1" in line for line in host.logged)


def test_the_landing_is_kept_in_the_clips_sidecar(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet()
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        place = generate(host, me, "prompt", "bass", "bars", 1)
        clip = me.all("landed")[0][1]
        sidecar = tone_server.clips / f"{clip}.json"
        host.run_until(lambda: bool(json.loads(sidecar.read_text()).get("landings")))
        (landing,) = json.loads(sidecar.read_text())["landings"]
        assert landing["place"] == place


def test_takes_land_in_the_following_empty_slots_the_best_first(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet()
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        generate(host, me, "slot", 3, "prompt", "bass", "bars", 1)
        me.say("generate", 2, "slot", 2, "prompt", "bass", "bars", 1, "takes", 3)
        host.run_until(lambda: len(me.all("landed")) == 4)
        slots = live_set.tracks[0].clip_slots
        assert [slot.has_clip for slot in slots] == [False, True, True, True, True]
        places = [args[2] for args in me.all("landed")[1:]]
        assert places == [f"track Drums, slot {n}" for n in (2, 4, 5)]
        seeds = {slots[i].clip.name.rpartition(" ")[2] for i in (1, 3, 4)}
        assert len(seeds) == 3


def test_a_slot_that_was_filled_meanwhile_is_left_alone(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet()
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        me.say("generate", 1, "prompt", "bass", "bars", 1)
        host.run_until(lambda: bool(me.all("accepted")))
        mine = fill(live_set, 0, 0, tmp_path / "mine.wav")
        host.run_until(lambda: bool(me.all("landed")))
        assert live_set.tracks[0].clip_slots[0].clip == mine
        assert me.all("landed")[0][2] == "track Drums, slot 2"


def test_a_track_that_was_deleted_meanwhile_leaves_the_clip_in_the_library(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet()
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        me.say("generate", 1, "prompt", "bass", "bars", 1)
        host.run_until(lambda: bool(me.all("accepted")))
        live_set._delete_track(0)
        host.run_until(lambda: bool(me.all("failed")))
        _, code, text = me.all("failed")[0]
        assert code == "not_landed"
        assert "deleted" in text
        assert Path(text.partition("the clip is kept: ")[2]).is_file()
        assert not live_set.tracks[0].clip_slots[0].has_clip


def test_another_set_gets_nothing_of_what_was_asked_in_the_one_before(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    other = LiveSet()
    with (
        live(tmp_path, LiveSet(), port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        me.say("generate", 1, "prompt", "bass", "bars", 1)
        host.run_until(lambda: bool(me.all("accepted")))
        host.application._live_set = other
        host.run_until(lambda: bool(me.all("failed")))
        assert "the set was closed" in me.all("failed")[0][2]
        assert not any(slot.has_clip for slot in other.tracks[0].clip_slots)


def test_continue_lands_below_and_plays_once(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet()
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        generate(host, me, "prompt", "bass", "bars", 2)
        place = generate(host, me, "track", 1, "bars", 1, request=2, verb="continue")
        new = live_set.tracks[0].clip_slots[1].clip
        assert place == "track Drums, slot 2"
        assert not new.looping
        assert (new.loop_start, new.loop_end) == (0.0, 4.0)


def test_a_clip_of_the_musicians_own_is_continued_at_the_tempo_of_its_warp_markers(
    tmp_path: Path, listen: int
) -> None:
    own = tmp_path / "my project"
    own.mkdir()
    live_set = LiveSet()
    with (
        running_server(tmp_path, "--audio-folders", str(own)) as server,
        live(tmp_path, live_set, port=server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        live_set._manner = Manner(True, bpm=93.0)
        fill(live_set, 0, 0, own / "mine.wav", beats=8, bpm=93.0)
        live_set._manner = AUTO_WARPED
        live_set.view.detail_clip = live_set.tracks[0].clip_slots[0].clip
        generate(host, me, "prompt", "more", "bars", 1, verb="continue")
        new = live_set.tracks[0].clip_slots[1].clip
        assert "93 BPM" in new.name
        assert new.loop_end == 4.0


def test_vary_leaves_the_clip_and_lands_below_it(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet()
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        generate(host, me, "prompt", "bass", "bars", 1)
        first = live_set.tracks[0].clip_slots[0].clip
        path = first.file_path
        generate(host, me, "slot", 1, "amount", 0.5, request=2, verb="vary")
        new = live_set.tracks[0].clip_slots[1].clip
        assert (first.file_path, new.looping, new.loop_end) == (path, True, 4.0)
        assert new.file_path != path


def test_infill_makes_anew_what_lies_in_the_loop_brace_and_nothing_else(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet()
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        generate(host, me, "prompt", "bass", "bars", 2)
        first = live_set.tracks[0].clip_slots[0].clip
        first.loop_start = 4.0
        first.loop_end = 6.0
        generate(host, me, "slot", 1, request=2, verb="infill")
        new = live_set.tracks[0].clip_slots[1].clip
        before, rate = soundfile.read(first.file_path)
        after, _ = soundfile.read(new.file_path)
        beat = rate // 2
        assert (before[: 4 * beat] == after[: 4 * beat]).all()
        assert (before[6 * beat :] == after[6 * beat :]).all()
        assert (before[4 * beat : 6 * beat] != after[4 * beat : 6 * beat]).any()
        assert (new.loop_start, new.loop_end) == (0.0, 8.0)


@pytest.mark.parametrize("manner", [UNWARPED, ONE_MARKER, AUTO_WARPED], ids=str)
def test_in_the_arrangement_nothing_that_stands_there_is_cut(
    tone_server: RunningServer, tmp_path: Path, listen: int, manner: Manner
) -> None:
    live_set = LiveSet(manner=ONE_MARKER)
    track = live_set.tracks[0]
    song = live_set
    song.begin_undo_step()
    spans = []
    for start in (0.0, 12.0, 40.0):
        clip = track.create_audio_clip(wav(tmp_path / f"{start}.wav", 4, 100.0), start)
        spans.append((clip, clip.start_time, clip.end_time))
    song.end_undo_step()
    live_set._manner = manner
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        place = generate(host, me, "place", "arrangement", "beat", 4, "prompt", "bass", "bars", 2)
        assert place == "track Drums, bar 2 of the arrangement"
        place = generate(host, me, "beat", 4, "prompt", "bass", "bars", 2, request=2)
        assert place == "track Drums, bar 5 of the arrangement"
        found = [t for clip in track.arrangement_clips for t in (clip.start_time, clip.end_time)]
        assert found == pytest.approx([0, 4, 4, 12, 12, 16, 16, 24, 40, 44])
        assert [(clip.start_time, clip.end_time) for clip, *_ in spans] == [s[1:] for s in spans]


def test_continue_in_the_arrangement_lands_at_the_end_of_the_clip(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet(manner=AUTO_WARPED)
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        generate(host, me, "beat", 8, "prompt", "bass", "bars", 1)
        live_set.view.detail_clip = live_set.tracks[0].arrangement_clips[0]
        place = generate(host, me, "bars", 1, request=2, verb="continue")
        assert place == "track Drums, bar 4 of the arrangement"
        second = live_set.tracks[0].arrangement_clips[1]
        assert (second.start_time, second.end_time) == pytest.approx((12.0, 16.0))


def test_two_sets_on_one_server_do_not_hear_of_each_other(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    one, two = LiveSet("One"), LiveSet("Two")
    other = free_port()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        live(tmp_path / "a", one, port=tone_server.port, listen=listen) as first,
        live(tmp_path / "b", two, port=tone_server.port, listen=other) as second,
        Asker(listen) as me,
        Asker(other) as you,
    ):
        me.say("generate", 1, "prompt", "bass", "bars", 1)
        you.say("generate", 1, "prompt", "lead", "bars", 2)
        first.run_until(lambda: bool(me.all("landed")))
        second.run_until(lambda: bool(you.all("landed")))
        assert (len(me.all("landed")), len(you.all("landed"))) == (1, 1)
        assert one.tracks[0].clip_slots[0].clip.name.startswith("bass · 1 bar ")
        assert two.tracks[0].clip_slots[0].clip.name.startswith("lead · 2 bars ")


def test_live_vanishes_in_the_middle_of_a_job_and_nobody_else_notices(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        live(tmp_path / "a", LiveSet(), port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        me.say("generate", 1, "prompt", "bass", "bars", 8, "steps", 400)
        host.run_until(lambda: bool(me.all("accepted")))
        host.vanish()
    live_set = LiveSet()
    with (
        live(tmp_path / "b", live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        assert generate(host, me, "prompt", "bass", "bars", 1) == "track Drums, slot 1"


def test_in_the_arrangement_view_a_clip_lands_on_the_next_bar_line(
    tone_server: RunningServer, tmp_path: Path, listen: int
) -> None:
    live_set = LiveSet()
    live_set._time, live_set._playing = 17.3, True
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        host.application.view.focused_document_view = "Arranger"
        place = generate(host, me, "prompt", "bass", "bars", 1)
        assert place == "track Drums, bar 6 of the arrangement"


def test_a_request_that_nobody_hears_lands_once_the_server_is_started(
    tmp_path: Path, listen: int
) -> None:
    live_set, port = LiveSet(), free_port()
    with live(tmp_path, live_set, port=port, listen=listen) as host, Asker(listen) as me:
        me.say("generate", 1, "prompt", "bass", "bars", 1)
        host.run_until(lambda: bool(me.all("waiting")))
        assert f"nobody answers on port {port}: start magnet-bridge live" in host.shown[-1]
        with running_server(tmp_path, port=port):
            host.run_until(lambda: bool(me.all("landed")))
        assert [slot.has_clip for slot in live_set.tracks[0].clip_slots] == [True] + 3 * [False]
