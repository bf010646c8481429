"""Ardour's three messages of a place."""

from __future__ import annotations

import pytest

from daw_bridge.ardour_osc.place import Place, PlaceReader
from osc_server.contract.packets import OscMessage
from tests.daw_bridge.ardour_osc.told import Song

TOLD = (  # by Ardour 7.3
    OscMessage("/position/bbt", ("001|02|1126",)),
    OscMessage("/position/time", ("00:00:00.725",)),
    OscMessage("/position/samples", ("34816",)),
)


def places_of(messages):
    reader = PlaceReader()
    read = (reader.take(message, float(at)) for at, message in enumerate(messages))
    return [place for place in read if place is not None]


def test_a_place_is_whole_with_its_samples_and_stands_where_its_first_message_came():
    assert places_of(TOLD) == [Place(1, 2, 1126, 34816, 48000, 0.0)]


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_place_of_which_a_message_was_lost_is_dropped(lost):
    messages = [*TOLD[:lost], *TOLD[lost + 1 :], *TOLD]
    assert [place.seconds for place in places_of(messages)] == [2.0]


@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000, 50000])
def test_the_rate_follows_from_samples_and_time(rate_hz):
    song = Song(rate_hz=rate_hz)
    messages = [message for at in (0, 5, 50, 500) for message in song.at(at * rate_hz // 10)]
    assert [place.rate_hz for place in places_of(messages)][-1] == pytest.approx(rate_hz, abs=1)


@pytest.mark.parametrize("text", ["", "-001|01|0000", "1.5", "one"])
def test_what_is_no_place_is_nothing(text):
    assert places_of([OscMessage("/position/bbt", (text,)), *TOLD[1:]]) == []
    assert places_of([TOLD[0], OscMessage("/position/time", (text,)), TOLD[2]]) == []
    assert places_of([*TOLD[:2], OscMessage("/position/samples", (text,))]) == []
    assert places_of([OscMessage("/position/samples")]) == []
