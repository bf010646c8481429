"""MIDI clock from a sender that trembles, drops out, stops and goes on."""

from __future__ import annotations

import pytest

from daw_bridge.clock.midi_clock import MidiClockFollower
from tests.daw_bridge.clock.senders import beats_of, jittered, ticks_of

BPM = 125.0


def follow(arrivals, *, start=True):
    follower = MidiClockFollower()
    if start:
        follower.feed("start", arrivals[0] - 0.001)
    for seconds in arrivals:
        follower.feed("clock", seconds)
    return follower


@pytest.mark.parametrize("bpm", [70.0, 125.0, 174.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_3_ms_jitter_tempo_and_phase_are_right_after_two_bars(bpm, seed):
    due = ticks_of(lambda _: bpm, 8 * 60 / bpm)
    arrivals = jittered(due, 0.003, seed)
    reading = follow(arrivals).reading(due[-1])
    assert abs(reading.bpm - bpm) < 0.1
    assert abs(reading.beat - beats_of(due, due[-1])) * 60 / bpm < 0.005


def test_a_longer_tempo_is_a_better_known_one():
    due = ticks_of(lambda _: BPM, 30.0)
    assert abs(follow(jittered(due, 0.003)).reading(due[-1]).bpm - BPM) < 0.03


def test_the_tempo_shown_stands_still_while_the_ticks_tremble():
    due = ticks_of(lambda _: BPM, 60.0)
    follower, shown = MidiClockFollower(), set()
    for seconds in jittered(due, 0.001):
        follower.feed("clock", seconds)
        if seconds > 20 and (reading := follower.reading(seconds)):
            shown.add(reading.bpm)
    assert len(shown) <= 3


@pytest.mark.parametrize("lost", [1, 2, 7])
def test_lost_ticks_are_counted(lost):
    due = ticks_of(lambda _: BPM, 12.0)
    arrivals = jittered(due, 0.001)
    del arrivals[300 : 300 + lost]
    reading = follow(arrivals).reading(due[-1])
    assert abs(reading.beat - beats_of(due, due[-1])) * 60 / BPM < 0.005


def test_ticks_held_up_and_delivered_in_a_burst_are_no_lost_ones():
    due = ticks_of(lambda _: BPM, 12.0)
    arrivals = jittered(due, 0.001)
    arrivals[300:307] = [arrivals[307] - 1e-5] * 7
    reading = follow(arrivals).reading(due[-1])
    assert abs(reading.beat - beats_of(due, due[-1])) * 60 / BPM < 0.002


def test_a_silence_of_three_seconds_keeps_the_beat():
    due = ticks_of(lambda _: BPM, 16.0)
    arrivals = [at for at in jittered(due, 0.001) if not 8 < at < 11]
    follower = MidiClockFollower()
    follower.feed("start", 0.0)
    present = []
    for seconds in arrivals:
        present.append(follower.reading(seconds) is not None)
        follower.feed("clock", seconds)
    assert not all(present[20:])
    reading = follower.reading(due[-1])
    assert abs(reading.beat - beats_of(due, due[-1])) * 60 / BPM < 0.005


@pytest.mark.parametrize(("before", "after"), [(120.0, 126.0), (120.0, 240.0), (160.0, 80.0)])
def test_another_tempo_is_followed_within_two_bars(before, after):
    due = ticks_of(lambda now: before if now < 8 else after, 8 + 8 * 60 / after)
    reading = follow(jittered(due, 0.001)).reading(due[-1])
    assert abs(reading.bpm - after) < 0.5
    assert abs(reading.beat - beats_of(due, due[-1])) * 60 / after < 0.01


def test_a_tempo_that_glides_is_followed():
    due = ticks_of(lambda now: 100 + 2 * now, 20.0)
    reading = follow(jittered(due, 0.001)).reading(due[-1])
    assert abs(reading.speed_bpm - 140) < 3  # a window of a beat or two looks back
    assert abs(reading.beat - beats_of(due, due[-1])) * 60 / 140 < 0.01


def test_start_puts_the_song_to_its_first_beat():
    due = ticks_of(lambda _: BPM, 10.0)
    follower = follow(due[:200])
    follower.feed("start", due[200] - 0.001)
    for seconds in due[200:]:
        follower.feed("clock", seconds)
    assert follower.reading(due[200 + 48]).beat == pytest.approx(2.0, abs=1e-6)


def test_stop_and_continue_go_on_where_they_stopped():
    due = ticks_of(lambda _: BPM, 20.0)
    follower = follow(due[:240])  # ten beats
    follower.feed("stop", due[240] - 0.001)
    assert not follower.reading(due[239]).playing
    for seconds in due[240:300]:
        follower.feed("clock", seconds)
    follower.feed("continue", due[300] - 0.001)
    follower.feed("clock", due[300])
    reading = follower.reading(due[300])
    assert reading.playing
    assert reading.beat == pytest.approx(10.0, abs=1e-6)


def test_a_song_position_counts_sixteenths():
    due = ticks_of(lambda _: BPM, 10.0)
    follower = follow(due[:100])
    follower.feed("stop", due[100] - 0.003)
    follower.feed("songpos", due[100] - 0.002, 64)
    follower.feed("continue", due[100] - 0.001)
    follower.feed("clock", due[100])
    assert follower.reading(due[100]).beat == pytest.approx(16.0, abs=1e-6)


@pytest.mark.parametrize(
    ("told", "beat"),
    [
        ([40], 10.0),  # sixteenths, as it should be
        ([240], 10.0),  # ticks, as Ardour 7.3 has it: it goes on from the beat that it stopped on
        ([240, 24 * 16], 16.0),  # and is known from then on
        ([240, 64], 16.0),  # until it says what can be no beat in ticks
        ([24 * 16], 96.0),  # another place altogether: who can tell
    ],
)
def test_ardours_song_positions_in_ticks_are_seen_through(told, beat):
    due = ticks_of(lambda _: BPM, 10.0)
    follower = follow(due[:231])  # in the tenth beat
    follower.feed("stop", due[231] - 0.001)
    for position in told:
        follower.feed("songpos", due[232], position)
    follower.feed("continue", due[233] - 0.001)
    follower.feed("clock", due[233])
    assert follower.reading(due[233]).beat == pytest.approx(beat, abs=1e-6)


@pytest.mark.parametrize("silence_ticks", [1.5, 15.2, 28.4, 45.0])
def test_a_sender_that_is_silent_while_it_is_put_elsewhere_is_at_once_where_it_says(silence_ticks):
    period = 60 / BPM / 24
    due = ticks_of(lambda _: BPM, 10.0)
    follower = follow(jittered(due, 0.001))
    begins = due[-1] + silence_ticks * period
    follower.feed("stop", due[-1] + 0.002)
    follower.feed("songpos", begins - 0.002, 64)
    follower.feed("continue", begins - 0.001)
    assert follower.reading(begins - 0.001).beat <= 16
    for tick, seconds in enumerate(ticks_of(lambda _: BPM, begins + 4, begin=begins)):
        follower.feed("clock", seconds)
        beat = follower.reading(seconds).beat
        assert abs(beat - 16 - tick / 24) * 60 / BPM < 0.003
    assert abs(follower.reading(seconds).bpm - BPM) < 0.1


def test_without_a_start_only_the_beats_are_known_until_somebody_says():
    due = ticks_of(lambda _: BPM, 5.0)
    follower = follow(due, start=False)
    assert follower.reading(due[-1]).known == "beat"
    follower.align(due[-1], beat=4.0)
    reading = follower.reading(due[-1])
    assert (reading.known, round(reading.beat, 3)) == ("bar", 4.0)


def test_a_sender_that_fell_silent_is_not_there():
    due = ticks_of(lambda _: BPM, 5.0)
    assert follow(due).reading(due[-1] + 1.1) is None


def test_half_a_beat_is_too_little_to_tell_a_tempo():
    assert follow(ticks_of(lambda _: BPM, 0.2)).reading(0.2) is None


@pytest.mark.parametrize(("ceases", "plays"), [(True, True), (False, False)])
def test_who_sends_ticks_only_while_it_plays_goes_on_with_them(ceases, plays):
    follower = MidiClockFollower()
    follower.feed("start", 0.0)
    for seconds in ticks_of(lambda _: 120.0, 4.0):
        follower.feed("clock", seconds)
    follower.feed("stop", 4.0)
    for seconds in [] if ceases else ticks_of(lambda _: 120.0, 6.0, begin=4.02):
        follower.feed("clock", seconds)
    follower.feed("songpos", 9.0, 64)
    for seconds in ticks_of(lambda _: 120.0, 12.0, begin=10.0):
        follower.feed("clock", seconds)
    reading = follower.reading(12.0)
    assert reading.playing is plays
    if plays:
        assert reading.beat == pytest.approx(16 + 4, abs=0.05)
