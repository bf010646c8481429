"""What is said to the clock by OSC."""

from __future__ import annotations

import pytest

from daw_bridge.clock.clock_words import ClockWords
from daw_bridge.clock.osc_transport import OscTransport
from daw_bridge.clock.tap_tempo import TapTempo
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.clock.senders import Stage
from tests.daw_bridge.clock.test_steered_clock import Leader


def spoken_to(*leaders):
    osc, tap = OscTransport(), TapTempo()
    stage = Stage(*leaders, osc, tap)
    return stage, ClockWords(stage.clock, osc, tap)


def test_a_tempo_holds_from_the_next_bar_on():
    stage, words = spoken_to()
    stage.run_to(1.0)  # beat 2
    words.take("bpm", [60.0], stage.seconds)
    assert stage.run_to(1.9).clock.bpm == 120
    assert stage.run_to(2.2).clock.bpm == 60


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
    with pytest.raises(BadRequest, match="change it where that is sent"):
        words.take("bpm", [90], stage.seconds)


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
