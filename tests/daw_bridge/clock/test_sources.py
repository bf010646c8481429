"""Sources that are told, tapped or joined: OSC transport, tap tempo, Ableton Link."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from daw_bridge.clock.link import LinkSource, open_link
from daw_bridge.clock.osc_transport import OscTransport
from daw_bridge.clock.tap_tempo import TapTempo
from osc_server.contract.errors import BadRequest, DeviceUnavailable
from tests.daw_bridge.clock.senders import Stage, jittered


class Session:
    """A Link session without a network."""

    def __init__(self, bpm=133.25, peers=1):
        self.enabled, self.bpm, self.others = False, bpm, peers
        self.now_micros = 0

    def micros(self):
        return self.now_micros

    def peers(self):
        return self.others if self.enabled else 0

    def state(self, micros, quantum_beats):
        return micros / 1e6 * self.bpm / 60 % quantum_beats + 100 * quantum_beats, self.bpm, False

    def set_tempo(self, bpm, micros):
        self.bpm = bpm


def tapped(times):
    tap = TapTempo()
    for seconds in times:
        tap.tap(seconds)
    return tap


# OSC


def test_a_patch_that_says_tempo_and_play_is_followed():
    osc = OscTransport()
    osc.bpm(97.5, 1.0)
    assert osc.reading(1.0) is None
    osc.play(2.0)
    reading = osc.reading(2.0 + 60 / 97.5)
    assert (reading.beat, reading.bpm, reading.known) == (pytest.approx(1.0), 97.5, "bar")


def test_tempo_and_phase_are_measured_where_only_beats_are_sent():
    osc = OscTransport()
    for beat, seconds in enumerate(jittered([beat * 0.5 for beat in range(33)], 0.002)):
        osc.beat(beat, seconds)
    reading = osc.reading(16.0)
    assert abs(reading.bpm - 120) < 0.1
    assert abs(reading.beat - 32) * 0.5 < 0.003


def test_a_tempo_that_changes_while_it_plays_does_not_move_the_beat():
    osc = OscTransport()
    osc.bpm(120, 0.0)
    osc.play(0.0)
    osc.bpm(60, 5.0)
    assert osc.reading(5.0).beat == pytest.approx(10.0)
    assert osc.reading(7.0).beat == pytest.approx(12.0)


def test_stop_keeps_the_place_and_play_goes_on_from_it():
    osc = OscTransport()
    osc.bpm(120, 0.0)
    osc.play(0.0)
    osc.stop(2.0)
    assert osc.reading(3.0) is None
    osc.play(10.0)
    assert osc.reading(10.0).beat == pytest.approx(4.0)


def test_a_position_while_it_plays_is_a_jump_on_purpose():
    osc = OscTransport()
    osc.bpm(120, 0.0)
    osc.play(0.0)
    before = osc.reading(1.0).locates
    osc.position(64.0, 2.0)
    reading = osc.reading(2.5)
    assert (reading.beat, reading.locates - before) == (pytest.approx(65.0), 1)


def test_places_that_come_often_and_unevenly_make_one_line():
    osc = OscTransport()  # ten times a second, each late by up to a block, as Ardour tells them
    late = np.random.default_rng(1).uniform(0, 0.03, 200)
    for index in range(200):
        osc.beat(0.1 * index * 125 / 60, 0.1 * index + late[index])
    reading = osc.reading(20.0)
    assert abs(reading.bpm - 125) < 0.1
    assert abs(reading.beat - (20 - 0.015) * 125 / 60) * 60 / 125 < 0.004


def test_a_short_stop_is_no_slower_tempo():
    osc = OscTransport()
    for beat in range(9):
        osc.beat(beat, beat * 0.5)
    osc.stop(4.1)
    osc.beat(9, 4.9)
    assert osc.reading(4.9) is None
    osc.beat(10, 5.4)
    assert osc.reading(5.4).bpm == pytest.approx(120)


def test_beats_that_stop_coming_are_a_sender_that_is_gone():
    osc = OscTransport()
    for beat in range(9):
        osc.beat(beat, beat * 0.5)
    assert osc.reading(5.0) is not None
    assert osc.reading(8.0) is None


def test_beats_that_come_in_twice_as_fast_are_another_tempo():
    osc = OscTransport()
    for beat in range(9):
        osc.beat(beat, beat * 1.0)
    for beat in range(1, 9):
        osc.beat(8 + beat, 8 + beat * 0.5)
    assert osc.reading(12.0).bpm == pytest.approx(120)


@pytest.mark.parametrize("beat", [float("nan"), float("inf")])
def test_what_is_no_beat_is_refused(beat):
    with pytest.raises(BadRequest, match="quarter notes"):
        OscTransport().beat(beat, 0.0)


# Tap


def test_taps_give_tempo_and_beat():
    tap = tapped(jittered([1 + beat * 0.5 for beat in range(9)], 0.01))
    reading = tap.reading(5.5)
    assert abs(reading.bpm - 120) < 2
    assert abs(reading.beat - 9) < 0.05


def test_two_taps_are_too_few():
    assert tapped([1.0, 1.5]).reading(1.6) is None


def test_a_tap_left_out_changes_nothing():
    assert tapped([0.0, 0.5, 1.0, 1.5, 2.5, 3.0]).reading(3.1).bpm == pytest.approx(120)


def test_after_a_pause_another_tempo_is_tapped():
    tap = tapped([0.0, 0.5, 1.0, 1.5, 10.0, 11.0, 12.0, 13.0])
    assert tap.reading(13.1).bpm == pytest.approx(60, rel=0.001)


def test_the_clock_keeps_what_was_tapped_when_the_tapping_is_over():
    tap = tapped([1.0, 1.6, 2.2, 2.8])
    stage = Stage(tap).run_to(4.0)
    assert stage.clock.source == "tap"
    stage.run_to(20.2)
    assert stage.clock.source == "internal"
    assert stage.clock.bpm == pytest.approx(100)
    assert abs((stage.beat - (20.2 - 1.0) / 0.6 + 0.5) % 1 - 0.5) * 0.6 < 0.005


# Link


def test_a_session_is_joined_only_after_it_had_time_to_settle():
    session = Session()
    link = LinkSource(session)
    assert link.reading(5.0) is None
    assert link.reading(5.9) is None
    assert not session.enabled
    link.reading(6.0)
    assert session.enabled


def test_joining_leaves_the_tempo_of_a_session_and_takes_it_over():
    session = Session(bpm=133.25)
    stage = Stage(LinkSource(session), bpm=97.0)
    while stage.seconds < 4:
        session.now_micros = round((stage.seconds + 0.02) * 1e6)
        stage.run_to(stage.seconds + 0.02)
    assert (session.bpm, stage.clock.bpm, stage.clock.source) == (133.25, 133.25, "link")
    assert stage.song_beat % 4 == pytest.approx(4 * 133.25 / 60 % 4, abs=0.005)


def test_alone_the_session_has_the_tempo_that_is_heard_and_with_others_keeps_its_own():
    session = Session(bpm=120.0, peers=0)
    link = LinkSource(session)
    for seconds in (0.0, 1.0):
        link.reading(seconds)
    link.keep(97.0, 3.0)  # others may not have been found yet
    assert session.bpm == 120.0
    link.keep(97.0, 4.0)
    assert session.bpm == 97.0
    session.others = 1
    link.keep(140.0, 5.0)
    assert session.bpm == 97.0


def test_alone_in_a_session_is_no_session():
    session = Session(peers=0)
    link = LinkSource(session)
    link.reading(0.0)
    link.reading(2.0)
    assert session.enabled
    assert link.reading(3.0) is None
    with pytest.raises(BadRequest, match="nobody else"):
        link.propose(120)


def test_a_tempo_is_proposed_only_when_asked_for():
    session = Session()
    link = LinkSource(session)
    link.reading(0.0)
    link.reading(2.0)
    link.propose(140)
    assert session.bpm == 140


def test_without_the_package_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "link", None)
    with pytest.raises(DeviceUnavailable, match="LinkPython-extern"):
        open_link(120)
