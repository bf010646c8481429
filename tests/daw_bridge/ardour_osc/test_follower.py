"""A clock that follows what Ardour tells, message by message."""

from __future__ import annotations

import pytest

from daw_bridge.ardour_osc.follower import ArdourFollower
from osc_server.contract.musical_time import Meter
from osc_server.contract.packets import OscMessage
from tests.daw_bridge.ardour_osc.told import Song
from tests.daw_bridge.clock.test_clock_words import spoken_to

PLAYS, STANDS = OscMessage("/transport_play", (1.0,)), OscMessage("/transport_play", (0.0,))
STOPS = OscMessage("/transport_stop", (1.0,))
TOLERANCE_SECONDS = 0.006
"""The stage's sound card hears in blocks too: what is asked here is that nothing goes astray."""


class Listening:
    """A clock that hears of Ardour."""

    def __init__(self, meter=Meter()):  # noqa: B008
        self.stage, words = spoken_to()
        self.words = []

        def say(word, value, seconds):
            self.words.append(word)
            words.take(word, [value], seconds, "ardour")

        self.follower = ArdourFollower(say, meter)
        self.stage.run_to(1.0)
        self.follower.begin(1.0)
        self.hear(OscMessage("/session_name", ("song",)))

    def hear(self, *messages):
        for message in messages:
            self.follower.take(message, self.stage.seconds)

    def roll(self, song, seconds, from_sample=0, late_index=None):
        """Let a song roll for so long; by how many seconds the clock's song is off then."""
        begins = self.stage.seconds
        for index, (message, at) in enumerate(song.rolling(seconds, from_sample, begins)):
            late = 0.08 if index // 3 == late_index else 0.0
            self.stage.run_to(at)
            self.follower.take(message, at + late)
        beat = song.beat_at(self.stage.seconds - begins, from_sample)
        clock = self.stage.clock
        sample = round(clock.time.sample_of(self.stage.seconds))
        off = float(clock.beat_at(sample) - clock.grid.beat_of(0)) - beat
        return off * 60 / song.bpm


@pytest.mark.parametrize("song", [Song(131.25), Song(97.3, rate_hz=44100), Song(174, block=256)])
def test_the_clock_is_where_ardour_is(song):
    ear = Listening()
    ear.hear(PLAYS)
    assert abs(ear.roll(song, 8)) < TOLERANCE_SECONDS
    assert ear.stage.clock.leader == "osc (Ardour: song)"
    assert ear.stage.clock.bpm == pytest.approx(song.bpm, abs=0.01)


def test_nothing_is_played_to_before_a_tempo_is_known():
    ear = Listening()
    ear.hear(PLAYS)
    ear.roll(Song(97.3), 0.25)
    assert ear.words == ["name", "name"]
    ear.roll(Song(97.3), 1, 12 * 1024)
    assert ear.words[2:5] == ["bpm", "position", "play"]


def test_a_stop_is_heard_and_where_it_goes_on_from():
    ear, song = Listening(), Song(120.0)
    ear.hear(PLAYS)
    ear.roll(song, 4)
    ear.hear(STANDS, STOPS)
    ear.stage.run_to(ear.stage.seconds + 0.5)
    assert not ear.stage.clock.playing
    ear.hear(*song.at(480000), PLAYS)
    assert abs(ear.roll(song, 4, 480000)) < TOLERANCE_SECONDS
    assert ear.stage.clock.playing


@pytest.mark.parametrize("says_so", [True, False])
def test_a_jump_is_followed_whether_ardour_says_so_or_not(says_so):
    ear, song = Listening(), Song(120.0)
    ear.hear(PLAYS)
    ear.roll(song, 4)
    if says_so:
        ear.hear(STANDS, PLAYS)
    assert abs(ear.roll(song, 4, 30 * 48000)) < TOLERANCE_SECONDS
    assert "stop" not in ear.words


def test_a_place_that_was_held_up_on_its_way_is_left_out():
    ears = [Listening(), Listening()]
    for ear, late_index in zip(ears, (None, 30), strict=True):
        ear.hear(PLAYS)
        assert abs(ear.roll(Song(120.0), 6, late_index=late_index)) < TOLERANCE_SECONDS
    all_of_them, but_one = (ear.words.count("beat") for ear in ears)
    assert but_one == all_of_them - 1


def test_another_meter_is_counted_from_its_own_bar_lines():
    ear, song = Listening(), Song(120.0, (7, 8))
    ear.hear(PLAYS)
    assert abs(ear.roll(song, 12)) < TOLERANCE_SECONDS
    assert ear.stage.clock.meter == Meter(7, 8)
    assert ear.words.count("meter") == 1


def test_who_was_lost_says_all_of_it_again():
    ear = Listening()
    ear.hear(PLAYS)
    ear.roll(Song(97.3), 3)
    ear.follower.lost()
    ear.stage.run_to(ear.stage.seconds + 5)
    assert ear.stage.clock.source == "internal"
    ear.hear(PLAYS)
    assert abs(ear.roll(Song(150.0), 6)) < TOLERANCE_SECONDS
    assert ear.stage.clock.bpm == 150
