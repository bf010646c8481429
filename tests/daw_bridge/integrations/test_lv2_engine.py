"""The LV2 plugin's playing, sample by sample, in a small host of our own with the real server."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.daw_bridge.integrations.lv2 import (
    Built,
    Lv2Host,
    Samples,
    Song,
    build,
    lv2_host,
    read_clip,
    repeated,
)
from tests.daw_bridge.servers import RunningServer

ODD_BLOCKS = (1, 1024, 63, 517, 4096, 7)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("lv2"))


@pytest.fixture
def plugin(built: Built, tone_server: RunningServer, tmp_path: Path) -> Iterator[Lv2Host]:
    """The plugin at 48 kHz, its audio thread in the kernel's jail."""
    with lv2_host(built, tmp_path, 48000, tone_server.port, jailed=True) as running:
        yield running
        assert running.faults() == ""


def loop_of(
    plugin: Lv2Host, server: RunningServer, song: Song, prompt: str, bars: int, seed: int = 7
) -> Samples:
    """Let a loop be made while the host stands at the beginning of the song."""
    plugin.move(song.at(0, speed=0))
    return read_clip(server.clips, plugin.generate(prompt, bars=bars, seed=seed))


def relock(rate_hz: int) -> int:
    return round(0.0015 * rate_hz)


@pytest.mark.parametrize(
    ("song", "bars"),
    [
        (Song(48000, 120), 1),
        (Song(44100, 120), 2),
        (Song(48000, 128.5), 2),
        (Song(44100, 173.3), 1),
        (Song(96000, 93.7), 1),
        (Song(88200, 140), 1),
        (Song(48000, 128.5, 3), 2),
        (Song(44100, 151, 7, 8), 1),
        (Song(48000, 128.3, ticks=1920), 1),
        (Song(44100, 99.9, 6, 8, ticks=960), 1),
    ],
    ids=str,
)
def test_every_round_of_a_loop_lies_on_its_bar_to_the_sample(
    built: Built, tone_server: RunningServer, tmp_path: Path, song: Song, bars: int
) -> None:
    rate_hz = song.rate_hz
    with lv2_host(built, tmp_path, rate_hz, tone_server.port, jailed=True) as plugin:
        clip = loop_of(plugin, tone_server, song, "dusty breakbeat", bars)
        plugin.block = ODD_BLOCKS
        plugin.move(song.at(0))
        heard = plugin.play_and_hear(song.bar_starts(5 * bars))
        assert plugin.faults() == ""
    assert np.abs(clip).max() > 0.1
    for turn in range(5):
        begins, ends = song.bar_starts(turn * bars), song.bar_starts((turn + 1) * bars)
        assert abs(ends - begins - len(clip)) <= 1
        joined = ends - begins == len(clip)
        sure = ends - begins if joined else len(clip) - relock(rate_hz) - 1
        assert np.array_equal(heard[begins : begins + sure], clip[:sure])


def test_a_round_that_is_a_sample_longer_is_joined_without_a_click(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    song = Song(48000, 128.5)
    clip = loop_of(plugin, tone_server, song, "warm pad", 2)
    plugin.move(song.at(0))
    heard = plugin.play_and_hear(song.bar_starts(8))
    lengths = {song.bar_starts(2 * k + 2) - song.bar_starts(2 * k) for k in range(4)}
    assert len(lengths) == 2  # this tempo's bars are no whole number of samples
    step = np.abs(np.diff(np.concatenate([clip, clip[:1]]), axis=0)).max()
    assert np.abs(np.diff(heard, axis=0)).max() < 1.05 * step


def test_a_place_in_the_song_sounds_the_same_however_it_was_reached(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    song = Song(48000, 117.3)
    loop_of(plugin, tone_server, song, "dusty breakbeat", 2)
    plugin.move(song.at(0))
    through = plugin.play_and_hear(song.bar_starts(6))
    bar = song.bar_starts(3)
    plugin.move(song.at(bar))
    jumped = plugin.play_and_hear(song.bar_starts(6) - bar)
    fade = relock(48000)
    assert np.array_equal(jumped[fade:], through[bar + fade :])
    difference = jumped[:fade] - through[bar : bar + fade]  # the old place rings out below
    assert np.abs(difference[-1]).max() < np.abs(difference).max() / 10


def test_a_jump_by_whole_rounds_is_not_heard_at_all(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    song = Song(48000, 120)
    clip = loop_of(plugin, tone_server, song, "dusty breakbeat", 1)
    plugin.move(song.at(0))
    plugin.play(song.bar_starts(4) - 200)
    plugin.move(song.at(song.bar_starts(1)), offset=200)  # a loop brace of three bars
    heard = plugin.play_and_hear(96000 + 200)
    assert np.array_equal(heard, repeated(clip, 200, range(96200)))


def test_a_jump_within_a_block_begins_on_its_sample(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    song = Song(48000, 120)
    clip = loop_of(plugin, tone_server, song, "dusty breakbeat", 2)
    plugin.move(song.at(0))
    plugin.play(1000)
    plugin.move(song.at(24000 * 3), offset=100)
    heard = plugin.play_and_hear(512)
    fade = relock(48000)
    assert np.array_equal(heard[:100], clip[1000:1100])
    assert np.array_equal(heard[100 + fade :], clip[72000 + fade : 72412])


def test_where_the_host_stops_there_is_silence(plugin: Lv2Host, tone_server: RunningServer) -> None:
    song = Song(48000, 120)
    clip = loop_of(plugin, tone_server, song, "warm pad", 1)
    assert not plugin.play_and_hear(5000).any()
    plugin.move(song.at(0))
    plugin.play(10000)
    plugin.move(song.at(10000, speed=0))
    heard = plugin.play_and_hear(5000)
    fade = relock(48000)
    assert not heard[fade:].any()
    assert np.abs(heard[:fade]).max() <= np.abs(clip[10000 : 10000 + fade]).max()
    assert plugin.state == "ready"
    plugin.move(song.at(48000))  # on a beat: whole at once
    assert np.array_equal(plugin.play_and_hear(5000), clip[48000:53000])
    assert plugin.state == "playing"


def test_a_new_loop_takes_over_on_the_next_bar_with_a_fade_that_ends_there(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    song = Song(48000, 128.5)
    old = loop_of(plugin, tone_server, song, "dusty breakbeat", 2)
    plugin.move(song.at(0))
    plugin.play(1000)
    new = read_clip(tone_server.clips, plugin.generate("harder", bars=2, seed=8))
    assert plugin.state == "cued"
    heard = np.concatenate([plugin.heard()[-1000:], plugin.play_and_hear(song.bar_starts(2))])
    bar, fade = song.bar_starts(1), 240
    assert np.array_equal(heard[: bar - fade], old[: bar - fade])
    assert np.array_equal(
        heard[bar : song.bar_starts(2) - 100], new[bar : song.bar_starts(2) - 100]
    )
    angle = ((np.arange(fade) + 0.5) / fade * math.pi / 2)[:, None]
    between = np.cos(angle) * old[bar - fade : bar] + np.sin(angle) * new[bar - fade : bar]
    assert heard[bar - fade : bar] == pytest.approx(between, abs=1e-6)
    assert plugin.state == "playing"


@pytest.mark.parametrize(("quantum", "begins"), [(0, 24000), (2, 192000), (4, 384000)])
def test_the_quantum_is_the_grid_of_the_change(
    plugin: Lv2Host, tone_server: RunningServer, quantum: int, begins: int
) -> None:
    song = Song(48000, 120)
    old = loop_of(plugin, tone_server, song, "dusty breakbeat", 1)
    plugin.move(song.at(0))
    plugin.play(1000)
    new = read_clip(tone_server.clips, plugin.generate("harder", seed=8, quantum=quantum))
    heard = plugin.play_and_hear(begins + 96000 - 1000)
    assert np.array_equal(heard[: begins - 1240], repeated(old, 0, range(1000, begins - 240)))
    after = range(begins, begins + 96000)
    assert np.array_equal(heard[begins - 1000 :], repeated(new, 0, after))


def test_in_a_brace_shorter_than_the_quantum_the_new_loop_takes_over_at_its_edge(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    song = Song(48000, 120)
    loop_of(plugin, tone_server, song, "dusty breakbeat", 1)
    plugin.move(song.at(96000))
    plugin.play(1000)
    new = read_clip(tone_server.clips, plugin.generate("harder", seed=8, quantum=16))
    plugin.play(95000)
    plugin.move(song.at(96000))
    heard = plugin.play_and_hear(20000)
    assert np.array_equal(heard[relock(48000) :], new[relock(48000) : 20000])


def test_at_another_tempo_it_plays_on_the_beat_with_cuts_and_is_made_again_from_its_seed(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    slow, fast = Song(48000, 120), Song(48000, 150)
    clip = loop_of(plugin, tone_server, slow, "dusty breakbeat", 1, seed=11)
    first = plugin.messages()["clip"]
    plugin.move(fast.at(0))
    heard = plugin.play_and_hear(2 * fast.bar_starts(1))
    beat, old_beat = 19200, 24000
    for turn in range(8):
        sure = beat - 240
        cut = clip[turn % 4 * old_beat :][:sure]
        assert np.array_equal(heard[turn * beat :][:sure], cut)
    again = read_clip(tone_server.clips, plugin.next_clip(first))
    assert plugin.ports()["seed_used"] == 11
    assert len(again) == fast.bar_starts(1)
    here = 2 * fast.bar_starts(1)
    heard = plugin.play_and_hear(2 * fast.bar_starts(1))
    bar = fast.bar_starts(1)
    assert np.array_equal(heard[bar:], repeated(again, 0, range(here + bar, here + 2 * bar)))


def test_at_a_slower_tempo_no_beat_is_heard_twice(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    fast, slow = Song(48000, 150), Song(48000, 120)
    clip = loop_of(plugin, tone_server, fast, "dusty breakbeat", 1)
    plugin.control(follow=0)
    plugin.move(slow.at(0))
    heard = plugin.play_and_hear(slow.bar_starts(2))
    for turn in range(8):
        sure, cut = 19200 - 240, clip[turn % 4 * 19200 :]
        assert np.array_equal(heard[turn * 24000 :][:sure], cut[:sure])
        assert not heard[turn * 24000 + 19200 : (turn + 1) * 24000 - 240].any()


def test_a_change_of_meter_keeps_the_downbeat_on_the_bar(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    four, three = Song(48000, 120), Song(48000, 120, 3)
    clip = loop_of(plugin, tone_server, four, "dusty breakbeat", 2)
    plugin.control(follow=0)
    plugin.move(three.at(0))
    heard = plugin.play_and_hear(three.bar_starts(4))
    for bar in range(4):
        begins, of_loop = bar * 72000, bar % 2 * 96000
        assert np.array_equal(heard[begins:][:71000], clip[of_loop:][:71000])


def test_a_tempo_change_while_it_plays_does_not_shift_the_beat(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    song = Song(48000, 120)
    clip = loop_of(plugin, tone_server, song, "dusty breakbeat", 1)
    plugin.control(follow=0)
    plugin.move(song.at(0))
    plugin.play(96000)
    after = "lframe=96000 fspeed=1 lbar=1 fbarBeat=0 fbeatsPerBar=4 ibeatUnit=4"
    plugin.move(f"{after} fbeatsPerMinute=100")
    heard = plugin.play_and_hear(28800 * 4)
    for beat in range(4):
        assert np.array_equal(heard[beat * 28800 :][:23000], clip[beat * 24000 :][:23000])


def test_without_a_tempo_of_the_host_the_plugins_own_holds(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    plugin.control(tempo=140)
    plugin.move("lframe=0 fspeed=0")
    clip = read_clip(tone_server.clips, plugin.generate("dusty breakbeat", bars=1, seed=3))
    assert len(clip) == Song(48000, 140).bar_starts(1)
    plugin.move("lframe=0 fspeed=1")
    assert np.array_equal(plugin.play_and_hear(len(clip) - 100), clip[:-100])


def test_before_the_host_has_said_where_it_is_there_is_silence(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    plugin.generate("dusty breakbeat", bars=1)
    assert not plugin.play_and_hear(48000).any()


def test_the_level_glides_and_ends_exactly(plugin: Lv2Host, tone_server: RunningServer) -> None:
    song = Song(48000, 120)
    clip = loop_of(plugin, tone_server, song, "warm pad", 1)
    plugin.move(song.at(0))
    plugin.play(4800)
    plugin.control(level=-6)
    heard = plugin.play_and_hear(4800)
    quiet = np.float32(10 ** (-6 / 20))
    assert heard[480:] == pytest.approx(clip[5280:9600] * quiet, abs=1e-6)
    assert np.abs(np.diff(heard, axis=0)).max() < 1.1 * np.abs(np.diff(clip, axis=0)).max()
    plugin.control(enabled=0)
    assert not plugin.play_and_hear(4800)[500:].any()
    plugin.control(enabled=1, level=0)
    assert np.array_equal(plugin.play_and_hear(4800)[500:], clip[14900:19200])


def test_late_is_silence_and_a_flag(plugin: Lv2Host, tone_server: RunningServer) -> None:
    song = Song(48000, 120)
    plugin.tell("prompt dusty breakbeat")
    plugin.wait("idle")
    plugin.move(song.at(0))
    plugin.play(512)
    assert plugin.ports()["underrun"] == 0  # nothing was asked for
    plugin.control(generate=1)
    plugin.tell("run 512")
    plugin.wait("waiting", "rendering")
    assert plugin.ports()["underrun"] == 1
    plugin.wait("cued")
    heard = plugin.play_and_hear(96000)
    assert plugin.ports()["underrun"] == 0
    assert heard.any()


def test_the_latency_is_reported_and_is_none(plugin: Lv2Host) -> None:
    plugin.tell("run 0")
    assert plugin.ports()["latency"] == 0
