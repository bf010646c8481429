"""What is said to the clock by OSC."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from daw_bridge.clock.clock_words import ClockWords
from daw_bridge.clock.quantum import Quantum
from daw_bridge.clock.tap_tempo import TapTempo
from daw_bridge.clock.tellers import Tellers
from osc_server.contract.errors import BadRequest, DeviceUnavailable
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.clock.senders import Stage
from tests.daw_bridge.clock.test_steered_clock import Leader


class Spoken(Stage):
    """A clock that is spoken to, and what it says and sets."""

    def __init__(self, *leaders):
        self.osc, self.tap = Tellers(), TapTempo()
        super().__init__(*leaders, self.osc, self.tap)
        self.said, self.quantum = [], Quantum()

    def set_bpm(self, bpm):
        self.clock.set_bpm(bpm, Fraction(math.ceil(self.beat)))

    def set_quantum(self, quantum):
        self.quantum = quantum


def spoken_to(*leaders):
    stage = Spoken(*leaders)
    words = ClockWords(
        *(stage.clock, stage.set_bpm, stage.clock.set_meter, stage.set_quantum, stage.said.append),
        *(stage.osc, stage.tap),
        no_link="install it",
    )
    return stage, words


def test_where_nobody_else_leads_a_tempo_is_set():
    stage, words = spoken_to()
    stage.run_to(1.0)
    words.take("bpm", [60.0], stage.seconds)
    assert stage.run_to(1.6).clock.bpm == 60


def test_a_tempo_that_is_set_ends_the_tapping():
    stage, words = spoken_to()
    for tap in range(4):
        words.take("tap", [], stage.run_to(1.0 + tap * 0.6).seconds)
    assert (stage.run_to(3.0).clock.source, round(stage.clock.bpm)) == ("tap", 100)
    words.take("bpm", [90.0], stage.seconds)
    assert (stage.run_to(5.0).clock.source, stage.clock.bpm) == ("internal", 90)


def test_a_patch_that_says_no_tempo_plays_on_at_the_one_there_is():
    stage, words = spoken_to()
    words.take("play", [], stage.run_to(1.0).seconds)
    assert (stage.run_to(2.0).clock.source, stage.clock.bpm) == ("osc", 120)


def test_an_offset_lets_the_clock_sound_later():
    stage, words = spoken_to(Leader("midi"))
    stage.run_to(3.0)
    before = stage.song_beat
    words.take("offset", [25], stage.seconds)
    assert stage.run_to(6.0).song_beat == pytest.approx(before + 3.0 * 2 - 0.05, abs=0.002)


def test_link_that_is_not_there_is_asked_for_in_vain_with_what_to_do():
    _, words = spoken_to()
    with pytest.raises(DeviceUnavailable, match="install it"):
        words.take("source", ["link"], 0.0)


def test_a_patch_takes_the_lead_with_play_and_gives_it_back_with_stop():
    stage, words = spoken_to()
    stage.run_to(1.0)
    words.take("bpm", [93], stage.seconds)
    words.take("play", [], stage.seconds)
    assert (stage.run_to(2.0).clock.source, stage.clock.bpm) == ("osc", 93)
    words.take("stop", [1], stage.seconds)
    assert (stage.run_to(3.0).clock.source, stage.clock.bpm) == ("internal", 93)


def test_the_sender_of_midi_clock_cannot_be_told_a_tempo():
    stage, words = spoken_to(Leader("midi"))
    stage.run_to(1.0)
    with pytest.raises(BadRequest, match="comes from MIDI clock: change it there"):
        words.take("bpm", [90], stage.seconds)


@pytest.mark.parametrize(("leader", "called"), [("midi", "MIDI clock"), ("link", "Link")])
@pytest.mark.parametrize(("word", "args"), [("play", []), ("stop", []), ("position", [8.0])])
def test_a_hand_starts_no_transport_unheard_beside_one_that_plays(leader, called, word, args):
    stage, words = spoken_to(Leader(leader, there=(0.0, 3.0)))
    stage.run_to(1.0)
    with pytest.raises(BadRequest, match=f"the transport comes from {called}"):
        words.take(word, args, stage.seconds)
    assert stage.run_to(4.0).clock.source == "internal"  # and nothing plays on when it is gone


def test_taps_that_would_not_count_are_refused_with_what_to_do():
    stage, words = spoken_to(Leader("midi"))
    stage.run_to(1.0)
    with pytest.raises(BadRequest, match="while MIDI clock leads: choose tap"):
        words.take("tap", [], stage.seconds)
    words.take("source", ["internal"], stage.seconds)
    with pytest.raises(BadRequest, match="the clock is set to internal: choose tap"):
        words.take("tap", [], stage.seconds)


def test_taps_count_where_tap_was_chosen_whoever_else_is_there():
    stage, words = spoken_to(Leader("midi"))
    words.take("source", ["tap"], stage.run_to(1.0).seconds)
    for tap in range(4):
        words.take("tap", [], stage.run_to(1.0 + tap * 0.6).seconds)
    assert (stage.run_to(3.0).clock.source, round(stage.clock.bpm)) == ("tap", 100)


def test_a_release_of_a_button_is_ignored():
    stage, words = spoken_to()
    words.take("play", [0.0], 1.0)
    words.take("bpm", [90], 1.0)
    assert stage.run_to(2.0).clock.source == "internal"


def test_a_meter_is_set_by_its_name():
    stage, words = spoken_to()
    words.take("meter", ["7/8"], 0.0)
    assert stage.clock.meter == Meter(7, 8)


@pytest.mark.parametrize(
    ("word", "args", "sentence"),
    [
        ("bpm", ["fast"], "takes a number"),
        ("bpm", [], "takes a number"),
        ("bpm", [1000], "20 to 400"),
        ("position", [float("nan")], "quarter notes"),
        ("source", ["lnik"], "there are auto"),
        ("meter", ["seven"], "3/4"),
        ("plya", [], "did you mean play"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(word, args, sentence):
    _, words = spoken_to()
    with pytest.raises(BadRequest, match=sentence):
        words.take(word, args, 0.0)
