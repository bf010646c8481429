"""Beats, bars, seconds and samples convert exactly; a wrong meter or tempo is refused."""

import math
from fractions import Fraction

import pytest

from osc_server.contract.errors import (
    ERRORS_BY_CODE,
    BadRequest,
    Busy,
    MagnetError,
    error_from_code,
)
from osc_server.contract.musical_time import (
    Meter,
    beats_to_samples,
    beats_to_seconds,
    check_bpm,
    seconds_to_beats,
)
from osc_server.contract.requests import GenerateClip


@pytest.mark.parametrize(
    ("beats", "bpm", "rate", "n_samples"),
    [
        (16, 120.0, 48000, 384000),
        (16, 128.5, 48000, 358599),  # 358599.2
        (16, 127.3, 44100, 332569),  # 332568.7
        (Fraction(7, 2), 99.5, 96000, 202613),  # 202613.07
        (Fraction(1, 10**9), 400.0, 32000, 1),
    ],
)
def test_a_length_in_samples_is_rounded_once(beats, bpm, rate, n_samples):
    assert beats_to_samples(beats, bpm, rate) == n_samples


def test_a_thousand_bars_do_not_drift():
    assert beats_to_samples(4000, 128.5, 48000) == round(4000 * 60 / 128.5 * 48000)


def test_seconds_and_beats_are_inverse():
    assert seconds_to_beats(beats_to_seconds(7, 90.0), 90.0) == pytest.approx(7, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "beats"), [("4/4", 4), ("3/4", 3), ("7/8", Fraction(7, 2)), (" 6 / 8 ", 3)]
)
def test_a_meter_says_how_many_quarter_notes_a_bar_has(text, beats):
    assert Meter.parse(text).beats_per_bar == beats


@pytest.mark.parametrize("text", ["", "4", "4/5", "0/4", "33/4", "a/b", "4/4/4", "-4/4"])
def test_what_is_no_meter_is_refused(text):
    with pytest.raises(BadRequest, match="write it like 4/4"):
        Meter.parse(text)


@pytest.mark.parametrize("bpm", [19.99, 400.01, 0, -120, math.nan, math.inf])
def test_a_tempo_out_of_range_is_refused(bpm):
    with pytest.raises(BadRequest, match="20 to 400"):
        check_bpm(bpm)


@pytest.mark.parametrize(
    ("length", "beats"),
    [({}, 14), ({"bars": 2}, 7), ({"beats": 5.5}, 5.5), ({"seconds": 3.0}, 6)],
)
def test_a_request_is_as_long_as_asked_and_4_bars_otherwise(length, beats):
    request = GenerateClip(1, bpm=120.0, meter=Meter(7, 8), **length)
    assert request.length_beats == beats


@pytest.mark.parametrize("code", ERRORS_BY_CODE)
def test_an_error_is_the_same_after_the_wire(code):
    error = error_from_code(code, "what to do")
    assert (error.code, str(error)) == (code, "what to do")


def test_an_error_of_a_later_version_is_still_an_error():
    assert type(error_from_code("too_loud", "softer")) is MagnetError
    assert isinstance(error_from_code("busy", "wait"), Busy)
