"""What cannot be done is said where the musician works, before anything is rendered for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daw_bridge.front_desk import NOT_YET
from daw_bridge.integrations.ableton.MagnetBridge.folder import show_command
from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.ableton.live_clips import UNWARPED
from tests.daw_bridge.integrations.ableton.live_set import ClipSlot, LiveSet, Track
from tests.daw_bridge.integrations.ableton.rig import Asker, Listener, Live, live
from tests.daw_bridge.integrations.ableton.sounds import fill, wav
from tests.daw_bridge.servers import running_server


class Stage:
    """Live, an asker, and a bridge that only listens and is answered for by the test."""

    def __init__(self, host: Live, me: Asker, bridge: Listener) -> None:
        self.host, self.me, self.bridge = host, me, bridge

    def refusal(self, verb: str, *args: object) -> str:
        """What is said to a request that is refused; nothing of it may reach the bridge."""
        n_before = len(self.me.all("failed"))
        self.me.say(verb, 1, *args)
        self.host.run_until(lambda: len(self.me.all("failed")) > n_before)
        assert self.bridge.all(f"/magnet/{verb}") == []
        text = str(self.me.all("failed")[-1][2])
        assert self.host.shown[-1] == f"MAGNeT: {text}"
        return text

    def ask(self, verb: str, *args: object) -> tuple[object, ...]:
        """The request that reaches the bridge."""
        self.me.say(verb, 1, *args)
        self.host.run_until(lambda: bool(self.bridge.all(f"/magnet/{verb}")))
        return self.bridge.all(f"/magnet/{verb}")[-1]

    def make(self, path: str, *, seconds: float = 2.0) -> None:
        """Answer the newest job as the server does."""
        self.bridge.answer("/magnet/accepted", 1, 0, 1.0, "")
        figures = (seconds, 1.0, 120.0, 120.0, 1.0, -14.0, 7, 48000, 0.1)
        self.bridge.answer("/magnet/ready", 1, "c1", path, *figures)


@pytest.fixture
def live_set() -> LiveSet:
    return LiveSet()


@pytest.fixture
def stage(live_set: LiveSet, tmp_path: Path) -> Iterator[Stage]:
    listen = free_port()
    with (
        Listener() as bridge,
        live(tmp_path, live_set, port=bridge.port, listen=listen) as host,
        Asker(listen) as me,
    ):
        yield Stage(host, me, bridge)


@pytest.mark.parametrize(
    ("kind", "words"), [("midi", "no audio track"), ("group", "is a group")], ids=["midi", "group"]
)
def test_a_track_that_takes_no_audio(
    stage: Stage, live_set: LiveSet, kind: str, words: str
) -> None:
    live_set._tracks[0]._kind = kind
    assert words in stage.refusal("generate", "prompt", "bass")


def test_a_frozen_track(stage: Stage, live_set: LiveSet) -> None:
    live_set._tracks[0]._frozen = True
    assert "frozen" in stage.refusal("generate", "prompt", "bass")


def test_a_return_track_that_is_selected(stage: Stage, live_set: LiveSet) -> None:
    live_set._view._track = live_set._returns[0]
    assert "select an audio track" in stage.refusal("generate", "prompt", "bass")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (("track", 9), "the set has 2"),
        (("track", "Strings"), "no track 'Strings'"),
        (("slot", 40), "the set has 4 scenes"),
        (("slot", 1.5), "whole number"),
        (("place", "somewhere"), "session or arrangement"),
        (("beat", -4), "from 0 on"),
    ],
    ids=str,
)
def test_a_place_that_is_not_there(stage: Stage, wish: tuple[object, ...], words: str) -> None:
    assert words in stage.refusal("generate", *wish, "prompt", "bass")


def test_an_unknown_verb_with_the_nearest(stage: Stage) -> None:
    assert "did you mean /live-magnet/generate?" in stage.refusal("genrate", "prompt", "bass")


def test_continue_without_a_clip(stage: Stage) -> None:
    assert "no clip to start from in Drums" in stage.refusal("continue")


def test_a_clip_whose_warp_is_off(stage: Stage, live_set: LiveSet, tmp_path: Path) -> None:
    live_set._manner = UNWARPED
    fill(live_set, 0, 0, tmp_path / "mine.wav")
    assert "switch its Warp on" in stage.refusal("vary", "slot", 1)


def test_a_clip_that_ends_before_its_file(stage: Stage, live_set: LiveSet, tmp_path: Path) -> None:
    clip = fill(live_set, 0, 0, tmp_path / "mine.wav", beats=8)
    clip.loop_end = 4.0
    assert "consolidate it first" in stage.refusal("continue", "slot", 1)


def test_a_file_that_is_no_wav(stage: Stage, live_set: LiveSet, tmp_path: Path) -> None:
    clip = fill(live_set, 0, 0, tmp_path / "mine.wav")
    clip._path = "/somewhere/mine.aif"
    assert "only WAV files" in stage.refusal("vary", "slot", 1)


def test_infill_of_a_whole_clip(stage: Stage, live_set: LiveSet, tmp_path: Path) -> None:
    clip = fill(live_set, 0, 0, tmp_path / "mine.wav")
    clip.loop_start = 0.0
    assert "make it shorter" in stage.refusal("infill", "slot", 1)


def test_the_bridge_hears_tempo_meter_rate_and_the_sets_scale(
    stage: Stage, live_set: LiveSet
) -> None:
    live_set._tempo, live_set._meter = 97.123456789, (7, 8)
    live_set._scale = (True, 9, "Minor")
    args = stage.ask("generate", "prompt", "bass", "rate", 44100)
    told = dict(zip(args[1::2], args[2::2], strict=True))
    assert told == {
        "bpm": 97.123456789,
        "meter": "7/8",
        "key": "A minor",
        "prompt": "bass",
        "rate": 44100,
        "delivery": "path",
    }


def test_what_the_asker_says_goes_before_what_the_set_says(stage: Stage) -> None:
    args = stage.ask("generate", "prompt", "bass", "bpm", 90, "meter", "3/4", "key", "C minor")
    assert args.count("bpm") == args.count("meter") == args.count("key") == 1
    assert args[args.index("bpm") + 1] == 90


def test_a_word_of_the_prompt_is_no_name(stage: Stage) -> None:
    args = stage.ask("generate", "prompt", "fast", "bpm", "techno")
    assert args[1:3] == ("bpm", 120.0)


def test_a_foreign_clip_is_told_with_the_tempo_of_its_warp_markers(
    stage: Stage, live_set: LiveSet, tmp_path: Path
) -> None:
    clip = fill(live_set, 0, 0, tmp_path / "mine.wav")
    args = stage.ask("vary", "slot", 1, "amount", 0.3)
    told = dict(zip(args[1::2], args[2::2], strict=True))
    assert told["clip"] == clip.file_path
    assert (told["bpm"], told["meter"], told["amount"]) == (100.0, "4/4", 0.3)


def test_live_before_12_0_5_shows_the_clip_in_its_folder(
    stage: Stage, live_set: LiveSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(ClipSlot, "create_audio_clip")
    monkeypatch.delattr(Track, "create_audio_clip")
    shown: list[str] = []
    stage.host.surface._desk._lander._show_file = lambda path, platform: shown.append(path)
    path = str(tmp_path / "made.wav")
    fill_file(path)
    stage.ask("generate", "prompt", "bass")
    stage.make(path)
    stage.host.run_until(lambda: bool(stage.me.all("failed")))
    assert "older than 12.0.5" in stage.me.all("failed")[0][2]
    assert shown == [path]


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        ("darwin", ("open", "-R", "/a b/c.wav")),
        ("win32", ("explorer", "/select,/a b/c.wav")),
        ("linux", ("xdg-open", "/a b")),
    ],
)
def test_a_file_is_shown_in_the_systems_own_browser(
    platform: str, command: tuple[str, ...]
) -> None:
    assert tuple(show_command("/a b/c.wav", platform)) == command


def test_a_clip_on_another_computer_is_told_and_kept(stage: Stage) -> None:
    stage.ask("generate", "prompt", "bass")
    stage.make("/far/away/c1.wav")
    stage.host.run_until(lambda: bool(stage.bridge.all("/magnet/clip/landed")))
    (note,) = stage.bridge.all("/magnet/clip/landed")
    assert note[1:4] == ("clip", "c1", "problem")
    assert "not on this computer" in note[4]


def test_a_landing_is_told_again_until_the_bridge_has_kept_it(stage: Stage, tmp_path: Path) -> None:
    path = str(tmp_path / "made.wav")
    fill_file(path)
    stage.ask("generate", "prompt", "bass")
    stage.make(path)
    lander = stage.host.surface._desk._lander
    stage.host.run_until(lambda: bool(stage.bridge.all("/magnet/clip/landed")))
    lander.tick(1e9)
    stage.host.run_until(lambda: len(stage.bridge.all("/magnet/clip/landed")) == 2)
    first, second = stage.bridge.all("/magnet/clip/landed")
    assert first == second == (first[0], "clip", "c1", "place", "track Drums, slot 1")
    stage.bridge.answer("/magnet/clip/noted", first[0], "c1")
    stage.host.run_until(lambda: not lander._notes)


def test_a_full_set_of_an_edition_that_allows_no_more_scenes(
    stage: Stage, live_set: LiveSet, tmp_path: Path
) -> None:
    live_set._max_scenes = 4
    for slot in range(4):
        fill(live_set, 0, slot, tmp_path / f"{slot}.wav")
    path = str(tmp_path / "made.wav")
    fill_file(path)
    stage.ask("generate", "prompt", "bass")
    stage.make(path)
    stage.host.run_until(lambda: bool(stage.me.all("failed")))
    assert "allows no more scenes" in stage.me.all("failed")[0][2]


def test_cancel_reaches_the_bridge_and_its_end_the_asker(stage: Stage) -> None:
    stage.ask("generate", "prompt", "bass")
    stage.me.say("cancel", 1)
    stage.host.run_until(lambda: bool(stage.bridge.all("/magnet/cancel")))
    stage.bridge.answer("/magnet/cancelled", 1)
    stage.host.run_until(lambda: bool(stage.me.all("failed")))
    assert stage.me.all("failed")[0][1] == "cancelled"


def test_a_stranger_cannot_answer_for_the_bridge(stage: Stage, tmp_path: Path) -> None:
    path = str(tmp_path / "made.wav")
    fill_file(path)
    stage.ask("generate", "prompt", "bass")
    with Listener() as stranger:
        stranger.sender = stage.bridge.sender
        stranger.answer("/magnet/ready", 1, "c1", path, 2.0, 1.0, 120.0, 120.0, 1.0, -14.0, 7)
        stranger.answer("/magnet/failed", 1, "internal", "no")
        for _ in range(20):
            stage.host.surface.update_display()
    assert stage.me.all("landed") == stage.me.all("failed") == []


def run_with_bridge(stage: Stage, done: Callable[[], bool]) -> None:
    """Let Live run, with a bridge that answers its pings."""

    def look() -> bool:
        stage.bridge.answer_pings()
        return done()

    stage.host.run_until(look)


def test_the_clock_can_be_switched_off_and_on(stage: Stage, live_set: LiveSet) -> None:
    run_with_bridge(stage, lambda: bool(stage.bridge.all("/magnet/clock/bpm")))
    stage.me.say("clock", 1, 0)
    run_with_bridge(stage, lambda: bool(stage.me.all("clocked")))
    live_set._tempo = 90.0
    for _ in range(5):
        stage.host.surface.update_display()
    assert len(stage.bridge.all("/magnet/clock/bpm")) == 1
    stage.me.say("clock", 2, 1)
    run_with_bridge(stage, lambda: len(stage.bridge.all("/magnet/clock/bpm")) == 2)
    assert stage.bridge.all("/magnet/clock/bpm")[-1] == (90.0,)


def test_what_the_bridge_did_not_do_is_shown_once(stage: Stage) -> None:
    run_with_bridge(stage, lambda: bool(stage.bridge.all("/magnet/clock/bpm")))
    text = "Live: dub tells the time here: you are followed when it stops or goes"
    for _ in range(3):
        stage.bridge.answer("/magnet/error", text)
    run_with_bridge(stage, lambda: f"MAGNeT: {text}" in stage.host.shown)
    for _ in range(5):
        stage.host.surface.update_display()
    assert stage.host.shown.count(f"MAGNeT: {text}") == 1
    assert stage.host.logged.count(f"MagnetBridge: the bridge says: {text}") == 1


def test_what_a_bridge_could_not_take_yet_is_told_again(stage: Stage) -> None:
    run_with_bridge(stage, lambda: bool(stage.bridge.all("/magnet/clock/bpm")))
    stage.bridge.answer("/magnet/error", NOT_YET)
    run_with_bridge(stage, lambda: len(stage.bridge.all("/magnet/clock/bpm")) == 2)
    assert len(stage.bridge.all("/magnet/clock/quantum")) == 2
    assert not any("not up yet" in text for text in stage.host.shown)


def test_the_clock_is_told_to_a_bridge_that_answers_and_anew_when_it_comes_back(
    stage: Stage,
) -> None:
    tick, told = stage.host.surface._desk.tick, lambda: stage.bridge.all("/magnet/clock/bpm")
    tick(100.0)
    assert told() == []
    for seconds in (102.0, 104.0):
        stage.bridge.answer_pings()
        tick(seconds)
    assert told() == [(120.0,)]
    for seconds in (106.0, 108.0, 110.0):  # nobody answers these
        tick(seconds)
    stage.bridge.answer_pings()
    tick(111.0)
    assert told() == [(120.0,)] * 2


def test_a_token_is_shown_before_anything_is_asked(live_set: LiveSet, tmp_path: Path) -> None:
    listen = free_port()
    with (
        running_server(tmp_path, token="open sesame") as server,
        live(tmp_path, live_set, port=server.port, listen=listen, token="open sesame") as host,
        Asker(listen) as me,
    ):
        me.say("generate", 1, "prompt", "bass", "bars", 1)
        host.run_until(lambda: bool(me.all("landed")) or bool(me.all("failed")))
        assert me.all("failed") == []


def test_when_the_set_is_closed_jobs_are_cancelled_and_the_clock_stops(stage: Stage) -> None:
    run_with_bridge(stage, lambda: bool(stage.bridge.all("/magnet/clock/bpm")))
    stage.ask("generate", "prompt", "bass")
    stage.host.surface.disconnect()
    assert stage.bridge.all("/magnet/cancel") == [(1,)]
    assert stage.bridge.listen()[-1].address == "/magnet/clock/stop"


def fill_file(path: str) -> None:
    """A clip as the server leaves it on disk, with its sidecar."""
    wav(Path(path), 4, 120)
    request = {"prompt": "bass", "key": "", "loop": True}
    measured = {"seconds": 2.0, "bars": 1.0, "bpm": 120.0}
    sidecar = {"request": request, "model_prompt": "bass", "measured": measured}
    Path(path).with_suffix(".json").write_text(json.dumps(sidecar))
