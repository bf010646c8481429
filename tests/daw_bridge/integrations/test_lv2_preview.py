"""The LV2 plugin lets a preview sound until its first loop is whole, and goes on in its place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.daw_bridge.integrations.lv2 import (
    Built,
    Lv2Host,
    Song,
    build,
    lv2_host,
    read_clip,
    repeated,
)
from tests.daw_bridge.integrations.lv2_liar import (
    BAR,
    Answer,
    Liar,
    chunks,
    good,
    lying,
    preview,
    ready,
    sent,
    tone,
)
from tests.daw_bridge.servers import RunningServer

SONG = Song(48000, 120)
BEAT = 24000
COARSE = tone() * np.float32(0.5)
"""The same music as ``tone``, but softer."""
DECLICK, CHANGE_OVER = 72, 240


def coarse(request: int) -> bytes:
    return preview(request, COARSE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("lv2"))


@pytest.fixture
def liar() -> Iterator[Liar]:
    """A server that answers with a preview at first, and honestly when it is pushed."""
    with lying(coarse) as server:
        yield server


@pytest.fixture
def plugin(built: Built, liar: Liar, tmp_path: Path) -> Iterator[Lv2Host]:
    """The plugin in the kernel's jail."""
    with lv2_host(built, tmp_path, 48000, liar.port, jailed=True) as running:
        yield running
        assert running.faults() == ""


def ask(plugin: Lv2Host, prompt: str = "dusty") -> None:
    plugin.tell(f"prompt {prompt}")
    plugin.control(generate=0, bars=1)
    plugin.tell("run 0")
    plugin.control(generate=1)
    plugin.tell("run 0")


def until_preview(plugin: Lv2Host, seconds: float = 20.0) -> None:
    """Wait until it has been handed over, and the audio thread has taken it."""
    end = time.monotonic() + seconds
    while "coarse" not in plugin.messages().get("message", ""):
        assert time.monotonic() < end, plugin.messages()
        plugin.tell("run 0")
        time.sleep(0.01)
    plugin.texts.clear()


def requests(liar: Liar) -> list[tuple[object, ...]]:
    return [message.args for message in liar.asked if message.address == "/magnet/generate"]


def test_where_nothing_plays_the_preview_sounds_at_once_in_its_place_of_the_song(
    plugin: Lv2Host,
) -> None:
    plugin.move(SONG.at(0))
    assert not plugin.play_and_hear(1000).any()
    ask(plugin)
    assert plugin.ports()["underrun"] == 1
    until_preview(plugin)
    heard = plugin.play_and_hear(2 * BAR)
    whole = repeated(COARSE, 0, range(1000, 1000 + 2 * BAR))
    assert np.array_equal(heard[DECLICK:], whole[DECLICK:])
    assert np.abs(heard[:DECLICK]).max() <= np.abs(whole[:DECLICK]).max()
    assert (plugin.state, plugin.ports()["underrun"]) == ("waiting", 0)


def test_the_whole_loop_goes_on_from_the_preview_on_the_next_beat_without_a_dent(
    plugin: Lv2Host, liar: Liar
) -> None:
    plugin.move(SONG.at(0))
    plugin.control(quantum=16)
    ask(plugin)
    until_preview(plugin)
    before = plugin.play_and_hear(1000)
    liar.push(good)
    plugin.wait("cued")
    heard = np.concatenate([before, plugin.play_and_hear(2 * BAR)])
    assert np.array_equal(heard[: BEAT - CHANGE_OVER], COARSE[: BEAT - CHANGE_OVER])
    part = ((np.arange(CHANGE_OVER) + 0.5) / CHANGE_OVER)[:, None]
    where = slice(BEAT - CHANGE_OVER, BEAT)
    assert heard[where] == pytest.approx(
        (1 - part) * COARSE[where] + part * tone()[where], abs=1e-6
    )
    assert np.array_equal(heard[BEAT:], repeated(tone(), 0, range(BEAT, len(heard))))
    assert plugin.state == "playing"
    assert plugin.messages()["clip"] == "good"


def test_a_host_that_stands_begins_with_the_preview(plugin: Lv2Host, liar: Liar) -> None:
    plugin.move(SONG.at(0, speed=0))
    ask(plugin)
    until_preview(plugin)
    assert not plugin.play_and_hear(500).any()
    plugin.move(SONG.at(BEAT))
    assert np.array_equal(plugin.play_and_hear(1000), COARSE[BEAT : BEAT + 1000])
    plugin.move(SONG.at(BEAT, speed=0))
    liar.push(good)
    plugin.wait("ready")
    plugin.move(SONG.at(0))
    assert np.array_equal(plugin.play_and_hear(BAR), tone())


def test_a_loop_that_plays_already_is_not_replaced_by_a_preview(
    plugin: Lv2Host, liar: Liar
) -> None:
    liar.answers[:] = [good]
    plugin.move(SONG.at(0))
    plugin.generate("dusty", bars=1)
    plugin.play(2 * BAR)
    ask(plugin, "harder")
    plugin.wait("cued")
    assert "preview" in requests(liar)[0]
    assert "preview" not in requests(liar)[1]


def test_it_can_be_switched_off(plugin: Lv2Host, liar: Liar) -> None:
    liar.answers.clear()
    plugin.control(preview=0)
    plugin.generate("dusty", bars=1)
    assert "preview" not in requests(liar)[0]


def loud(request: int) -> bytes:
    samples = COARSE.copy()
    samples[7, 1] = np.nan
    return preview(request, samples)


WRONG: dict[str, Answer] = {
    "not a number": loud,
    "too short": lambda request: preview(request, COARSE[:-5]),
    "another rate": lambda request: preview(request, COARSE, 44100),
    "no audio": lambda request: sent("/magnet/preview", request, "", 1),
    "words for numbers": lambda r: sent("/magnet/preview/audio", r, "a", "b") + coarse(r),
    "half of it": lambda r: sent("/magnet/preview/audio", r, 0, 9, 48000, 2, b"1234" * 8) + good(r),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_preview_that_is_none_is_left_out_and_the_loop_comes(
    plugin: Lv2Host, liar: Liar, wrong: str
) -> None:
    liar.answers[:] = [WRONG[wrong]]
    plugin.move(SONG.at(0))
    ask(plugin)
    if wrong != "half of it":
        time.sleep(0.2)  # the worker looks every 20 ms
        assert not plugin.play_and_hear(1000).any()
        liar.push(good)
    plugin.wait("cued")
    plugin.play(2 * BAR - len(plugin.heard()))
    assert np.array_equal(plugin.play_and_hear(BAR), tone())


def test_where_the_loop_fails_the_preview_goes_on_and_the_reason_is_told(
    plugin: Lv2Host, liar: Liar
) -> None:
    plugin.move(SONG.at(0))
    ask(plugin)
    until_preview(plugin)
    liar.push(lambda request: sent("/magnet/failed", request, "out_of_memory", "too little memory"))
    plugin.wait("error")
    assert plugin.messages()["message"] == "too little memory"
    assert np.array_equal(plugin.play_and_hear(BAR)[DECLICK:], COARSE[DECLICK:])


def test_other_words_meanwhile_have_a_preview_of_their_own_and_the_first_never_comes(
    plugin: Lv2Host, liar: Liar
) -> None:
    other = COARSE[::-1].copy()
    liar.answers.append(lambda request: preview(request, other))
    plugin.move(SONG.at(0))
    ask(plugin)
    until_preview(plugin)
    plugin.play(1000)
    ask(plugin, "harder")
    until_preview(plugin)
    heard = plugin.play_and_hear(5000)
    assert np.array_equal(heard[DECLICK:], other[1000 + DECLICK : 6000])
    jump = np.abs(np.diff(np.concatenate([plugin.heard()[-5100:]]), axis=0)).max()
    assert jump < 2 * np.abs(np.diff(tone(), axis=0)).max() + 1 / DECLICK
    liar.push(lambda request: chunks(1, tone()) + ready(1) + good(request))
    plugin.wait("cued")
    plugin.play(BEAT - 6000)
    assert np.array_equal(plugin.play_and_hear(1000), tone()[BEAT : BEAT + 1000])
    plugin.wait("playing")


def test_a_session_keeps_the_whole_loop_and_never_a_preview(
    plugin: Lv2Host, built: Built, liar: Liar, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    plugin.move(SONG.at(0, speed=0))
    ask(plugin)
    until_preview(plugin)
    plugin.tell(f"save {tmp_path / 'state'}")
    assert not (tmp_path / "state" / "loop.wav").exists()
    assert "dusty" in (tmp_path / "state" / "prompt").read_text()


def test_the_real_server_is_heard_first_coarse_and_then_whole(
    built: Built, tone_server: RunningServer, tmp_path: Path
) -> None:
    with lv2_host(built, tmp_path, 44100, tone_server.port, jailed=True) as plugin:
        song = Song(44100, 93.7)
        plugin.move(song.at(0))
        plugin.wait("idle")
        ask(plugin)
        until_preview(plugin)
        clip = plugin.next_clip("")
        plugin.play(2 * song.bar_starts(1))
        plugin.wait("playing")
        heard = plugin.play_and_hear(20000)
        place = 2 * song.bar_starts(1)
        whole = read_clip(tone_server.clips, clip)
        assert np.array_equal(heard, repeated(whole, 0, range(place, place + 20000)))
        assert plugin.faults() == ""


def test_previews_are_handed_over_without_a_fault_of_memory(tmp_path: Path, liar: Liar) -> None:
    flags = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    checked = build(tmp_path, *flags, watched=False)
    with lv2_host(checked, tmp_path, 48000, liar.port) as plugin:
        plugin.move(SONG.at(0))
        for prompt in ("one", "two", "three"):
            ask(plugin, prompt)
            until_preview(plugin)
            plugin.play(3000)
            liar.answers[:] = [coarse]
        liar.push(good)
        plugin.wait("cued")
        plugin.play(BAR)
        ask(plugin, "four")
        liar.answers.clear()
    with lying(coarse) as other, lv2_host(checked, tmp_path, 48000, other.port) as plugin:
        ask(plugin)  # a preview that is never taken goes with the plugin
        time.sleep(0.3)
