"""Beats on samples: exact, and without drift."""

from __future__ import annotations

from fractions import Fraction

import pytest

from daw_bridge.clock.clock import Boundary, next_boundary, next_multiple
from daw_bridge.clock.hand_clock import HandClock
from daw_bridge.clock.internal_clock import InternalClock
from daw_bridge.clock.steered_clock import SteeredClock
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter, Moment


def clock_at(sample=0, bpm=120.0, rate_hz=48000, meter=Meter(4, 4)):  # noqa: B008
    return InternalClock(rate_hz, bpm, meter, lambda: sample)


def test_beats_lie_on_the_nearest_sample_after_ten_hours():
    clock = clock_at(bpm=128.5, rate_hz=44100)
    beat = Fraction(77_100)  # ten hours at 128.5
    assert clock.sample_at(beat) == 36_000 * 44_100


@pytest.mark.parametrize("bpm", [20.0, 97.7, 120.0, 174.123, 400.0])
def test_samples_to_beats_and_back_is_the_same_sample(bpm):
    clock = clock_at(bpm=bpm)
    assert [clock.sample_at(clock.beat_at(sample)) for sample in (0, 1, 999, 10**9)] == [
        0,
        1,
        999,
        10**9,
    ]


def test_now_is_what_is_heard():
    assert clock_at(sample=48000 * 5).now() == Moment(10.0, 2, 2.0, 5.0)


def test_bars_are_counted_in_the_meter():
    moment = clock_at(sample=48000 * 2, meter=Meter(7, 8)).now()
    assert (moment.bar, moment.phase) == (1, 0.5)


def test_a_tempo_change_keeps_what_lies_before_it():
    clock = clock_at(bpm=120)
    clock.set_bpm(60, Fraction(8))
    assert clock.sample_at(Fraction(4)) == 96_000
    assert clock.sample_at(Fraction(8)) == 192_000
    assert clock.sample_at(Fraction(9)) == 192_000 + 48_000
    assert clock.beat_at(192_000 + 48_000) == 9


def test_a_later_plan_replaces_an_earlier_one():
    clock = clock_at(bpm=120)
    clock.set_bpm(60, Fraction(8))
    clock.set_bpm(90, Fraction(8))
    assert clock.sample_at(Fraction(9)) == 192_000 + 32_000


def test_the_tempo_that_is_heard_is_not_the_one_that_is_planned():
    clock = clock_at(sample=1000, bpm=120)
    clock.set_bpm(60, Fraction(8))
    assert clock.bpm == 120


def test_the_same_tempo_again_moves_no_beat():
    clock = clock_at(bpm=128.5)
    before = clock.sample_at(Fraction(1601))
    for bar in range(1, 400):
        clock.set_bpm(128.5, Fraction(4 * bar))
    assert clock.sample_at(Fraction(1601)) == before


def test_many_tempo_changes_are_not_kept_for_ever():
    clock = clock_at()
    for beat in range(1, 1000):
        clock.set_bpm(100 + beat % 7, Fraction(beat))
    assert len(clock._timeline) < 50


def test_a_tempo_out_of_range_is_refused():
    with pytest.raises(BadRequest, match="20 to 400"):
        clock_at().set_bpm(500, Fraction(4))


def test_the_hand_clock_moves_only_when_it_is_turned():
    clock = HandClock(bpm=90)
    assert clock.now().beat == 0
    clock.turn(beats=6)
    assert clock.now() == Moment(6.0, 1, 2.0, 4.0)


@pytest.mark.parametrize(("beat", "expected"), [(0, 0), (Fraction(1, 3), 4), (4, 4), (9, 12)])
def test_the_next_multiple_of_a_bar(beat, expected):
    assert next_multiple(Fraction(beat), Fraction(4)) == expected


@pytest.mark.parametrize("meter", [Meter(3, 4), Meter(6, 8), Meter(7, 8)])
def test_the_next_bar_lies_on_its_sample_in_any_meter(meter):
    clock = clock_at(bpm=128.5, rate_hz=44100, meter=meter)
    bar = meter.beats_per_bar
    expected = round(5 * bar * 60 * 44100 / Fraction(128.5))
    assert next_boundary(clock, expected - 1000, bar) == Boundary(5 * bar, expected)
    assert next_boundary(clock, expected, bar).sample >= expected


def test_a_boundary_never_lies_before_the_sample_asked_about():
    clock = clock_at(bpm=127.3, rate_hz=44100)
    samples = [clock.sample_at(Fraction(beat)) + shift for beat in range(64) for shift in (0, 1)]
    assert all(next_boundary(clock, one, Fraction(1)).sample >= one for one in samples)


def test_another_meter_begins_on_the_next_bar_line_and_bars_go_on_counting():
    clock = SteeredClock(48000, 60, Meter(4, 4), lambda: 48000 * 3)  # beat 3 of 4/4
    clock.set_meter(Meter(7, 8))
    assert (clock.grid.beat, clock.grid.bar) == (4, 1)
    assert next_boundary(clock, 48000 * 5, Fraction(7, 2)).beat == Fraction(15, 2)
