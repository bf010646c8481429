"""A clock that follows: never back, never a stumble, and on alone where nobody leads."""

from __future__ import annotations

from fractions import Fraction

import pytest

from daw_bridge.clock.clock import next_boundary
from daw_bridge.clock.source import Reading
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.clock.senders import Sender, Stage, beats_of, jittered, ticks_of


class Leader:
    """A source without jitter, for what lies behind the measurement."""

    def __init__(self, name="link", bpm=120.0, beat=0.0, known="bar", there=(0.0, 1e9)):
        self.name = name
        self.bpm, self.beat, self.known, self.there = bpm, beat, known, there
        self.locates = 0

    def reading(self, seconds):
        if not self.there[0] <= seconds < self.there[1]:
            return None
        beat = self.beat + seconds * self.bpm / 60
        return Reading(beat, self.bpm, self.bpm, True, self.locates, self.known)


def test_it_agrees_with_a_jittery_midi_sender_to_5_ms_and_a_tenth_of_a_bpm():
    due = ticks_of(lambda _: 125.0, 20.0, begin=0.5)
    stage = Stage(Sender(jittered(due, 0.003)))
    stage.run_to(0.5 + 8 * 60 / 125 + 0.5)
    while stage.seconds < 19:
        stage.run_to(stage.seconds + 0.5)
        off_seconds = (stage.song_beat - beats_of(due, stage.seconds)) * 60 / 125
        assert abs(off_seconds) < 0.005
        assert abs(stage.clock.bpm - 125) < 0.1


def test_beats_never_go_back_whatever_the_source_does():
    due = ticks_of(lambda now: 120.0 if now < 6 else 150.0, 14.0)
    arrivals = [at for at in jittered(due, 0.003) if not 8 < at < 10]
    stage, beats = Stage(Sender(arrivals)), []
    while stage.seconds < 14:
        beats.append(stage.run_to(stage.seconds + 0.02).beat)
    assert beats == sorted(beats)


def test_a_lost_source_leaves_tempo_and_phase_as_they_were():
    leader = Leader(bpm=133.0, there=(0.0, 10.0))
    stage = Stage(leader)
    stage.run_to(9.9)
    jumps = stage.clock.jumps
    stage.run_to(20.0)
    assert (stage.clock.source, stage.clock.bpm) == ("internal", 133.0)
    assert stage.clock.jumps == jumps
    off_seconds = (stage.song_beat - 20.0 * 133 / 60) * 60 / 133
    assert abs(off_seconds) < 0.002


def test_a_source_lost_while_it_is_being_met_leaves_its_tempo_and_not_the_haste():
    leader = Leader(bpm=133.0, there=(0.0, 2.0))
    stage = Stage(leader)
    stage.run_to(1.8)
    leader.beat += 0.1  # to be made good within half a second
    stage.run_to(2.0)
    assert (stage.clock.source, stage.clock.bpm) == ("internal", 133.0)


def test_a_source_that_comes_back_in_phase_makes_no_jump():
    due = ticks_of(lambda _: 125.0, 20.0)
    stage = Stage(Sender([at for at in jittered(due, 0.001) if not 8 < at < 12]))
    stage.run_to(7.0)
    jumps = stage.clock.jumps
    assert stage.run_to(11.0).clock.source == "internal"
    assert stage.run_to(19.0).clock.source == "midi"
    assert stage.clock.jumps == jumps
    assert abs(stage.song_beat - beats_of(due, 19.0)) < 0.01


def test_another_source_is_met_within_less_than_a_bar():
    stage = Stage(Leader("link", there=(5.0, 1e9), beat=1.3))
    before = stage.run_to(4.98).beat
    stage.run_to(6.0)
    assert stage.clock.jumps == 1
    assert 0 < stage.beat - before - 1.02 * 2 < 4
    assert stage.beat % 4 == pytest.approx((1.3 + 12.0) % 4, abs=0.005)


def test_bars_are_those_of_the_source():
    stage = Stage(Leader(beat=33.5), meter=Meter(3, 4)).run_to(3.0)
    heard = stage.clock.grid.bar_at(stage.clock.beat_at(stage.song_sample))
    assert heard == 39 // 3


def test_a_source_without_bars_is_met_on_a_beat():
    stage = Stage(Leader("midi", beat=2.9, known="beat", there=(2.0, 1e9))).run_to(5.0)
    assert stage.beat % 1 == pytest.approx(0.9, abs=0.005)
    assert "beats only" in stage.clock.description


def test_four_bars_begin_where_the_source_begins_them():
    stage = Stage(Leader(beat=5.0)).run_to(3.0)  # song beat 11
    boundary = next_boundary(stage.clock, stage.song_sample, Fraction(16))
    seconds = stage.clock.time.seconds_of(boundary.sample)
    assert seconds == pytest.approx((16 - 5) / 2, abs=0.001)


def test_auto_takes_the_best_one_present_and_says_which():
    stage = Stage(Leader("link", there=(4.0, 8.0)), Leader("midi"))
    heard = [stage.run_to(seconds).clock.source for seconds in (3.0, 6.0, 9.0)]
    assert heard == ["midi", "link", "midi"]


def test_a_chosen_source_is_waited_for():
    stage = Stage(Leader("link", there=(4.0, 8.0)), Leader("midi"))
    stage.clock.choose("link")
    stage.run_to(1.0)
    assert stage.clock.description == "internal clock: nothing comes from link"
    assert stage.run_to(5.0).clock.source == "link"


def test_an_unknown_source_is_refused_with_the_nearest():
    with pytest.raises(BadRequest, match="did you mean midi"):
        Stage(Leader("midi")).clock.choose("mdi")


def test_it_takes_no_tempo_from_a_loop_while_it_follows():
    stage = Stage(Leader(bpm=120.0, there=(0.0, 4.0))).run_to(2.0)
    stage.clock.set_bpm(90.0, Fraction(8))
    assert stage.run_to(3.0).clock.bpm == 120.0
    stage.run_to(5.0)
    stage.clock.set_bpm(90.0, Fraction(16))
    assert stage.run_to(9.0).clock.bpm == 90.0


def test_what_is_about_to_be_heard_is_never_moved():
    due = ticks_of(lambda _: 125.0, 10.0)
    stage = Stage(Sender(jittered(due, 0.003)))
    stage.run_to(4.0)
    sample = stage.song_sample + 4000  # inside the 100 ms that are rendered already
    before = stage.clock.beat_at(sample)
    stage.run_to(4.08)
    assert stage.clock.beat_at(sample) == before


def test_where_nothing_changes_nothing_is_bent():
    stage = Stage(Leader()).run_to(5.0)
    beat = Fraction(1000)
    before = stage.clock.sample_at(beat)
    assert abs(stage.run_to(60.0).clock.sample_at(beat) - before) < 48000
    assert len(stage.clock._timeline) < 40
