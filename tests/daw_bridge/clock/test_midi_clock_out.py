"""MIDI clock that is sent: on its beat, without drift, with a start on the bar."""

from __future__ import annotations

from itertools import pairwise

import pytest

from daw_bridge.clock.midi_clock import MidiClockFollower
from daw_bridge.clock.midi_clock_out import MidiClockOut
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.clock.senders import Sender, Stage, jittered, ticks_of
from tests.daw_bridge.clock.test_steered_clock import Leader


def sent_while(stage, seconds, ticks):
    sent = []
    while stage.seconds < seconds:
        stage.run_to(stage.seconds + 0.02)
        sent += ticks.due(stage.seconds, stage.seconds + 0.02)
    return sent


def test_24_ticks_a_beat_and_none_drifts():
    stage = Stage(bpm=128.5).run_to(1.0)
    sent = sent_while(stage, 121.0, MidiClockOut(stage.clock, stage.clock.time))
    clocks = [at for at, message in sent if message == "clock"]
    beats = (len(clocks) - 1) / 24
    assert clocks[-1] - clocks[0] == pytest.approx(beats * 60 / 128.5 / 1.00005, abs=0.002)


def test_the_ticks_of_a_tempo_change_are_followed_by_our_own_follower():
    stage = Stage(Leader(bpm=126.0)).run_to(1.0)
    follower = MidiClockFollower()
    for at, message in sent_while(stage, 12.0, MidiClockOut(stage.clock, stage.clock.time)):
        follower.feed(message, at)
    reading = follower.reading(12.0)
    assert abs(reading.bpm - 126) < 0.1
    beats_per_bar_off = (reading.beat - stage.song_beat) % 4
    assert min(beats_per_bar_off, 4 - beats_per_bar_off) * 60 / 126 < 0.005


@pytest.mark.parametrize("meter", [Meter(3, 4), Meter(7, 8)])
def test_a_start_comes_just_before_the_tick_of_a_bar_line(meter):
    stage = Stage(bpm=120.0, meter=meter).run_to(1.3)
    sent = sent_while(stage, 6.0, MidiClockOut(stage.clock, stage.clock.time))
    index = [message for _, message in sent].index("start")
    beat = stage.clock.beat_at(round(stage.clock.time.sample_of(sent[index][0])))
    phase = float(stage.clock.grid.phase_at(beat)) / float(meter.beats_per_bar)
    assert min(phase, 1 - phase) < 0.01
    assert sent[index + 1] == (sent[index][0], "clock")


def test_a_leap_of_the_beats_is_a_stop_and_a_start_and_no_burst_of_ticks():
    stage = Stage(Leader("link", beat=1.3, there=(5.0, 1e9))).run_to(1.0)
    sent = sent_while(stage, 12.0, MidiClockOut(stage.clock, stage.clock.time))
    transport = [message for _, message in sent if message != "clock"]
    assert transport == ["start", "stop", "start"]
    assert all(after[0] >= before[0] for before, after in pairwise(sent))
    assert max(sum(1 for at, _ in sent if t <= at < t + 0.1) for t in range(2, 11)) <= 9


def test_a_leader_that_stops_is_passed_on():
    due = ticks_of(lambda _: 125.0, 14.0)
    sender = Sender(jittered(due, 0.0005))
    stage = Stage(sender).run_to(2.0)
    ticks = MidiClockOut(stage.clock, stage.clock.time)
    sent = sent_while(stage, 6.0, ticks)
    sender.follower.feed("stop", stage.seconds)
    sent += sent_while(stage, 8.0, ticks)
    assert [message for _, message in sent if message != "clock"] == ["start", "stop"]
