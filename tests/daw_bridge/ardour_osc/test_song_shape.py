"""Tempo and meter from places that Ardour tells."""

from __future__ import annotations

import pytest

from daw_bridge.ardour_osc.place import PlaceReader
from daw_bridge.ardour_osc.song_shape import SongShape
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.ardour_osc.told import Song


def shape_after(seconds, song, shape=None, from_sample=0):
    shape, reader = shape or SongShape(Meter()), PlaceReader()
    for message, at in song.rolling(seconds, from_sample):
        if (place := reader.take(message, at)) is not None:
            shape.take(place)
    return shape


@pytest.mark.parametrize("bpm", [60.0, 97.3, 128.537, 174.25, 240.0])
@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
def test_a_tempo_is_known_soon_and_then_better(bpm, rate_hz):
    song = Song(bpm, rate_hz=rate_hz)
    assert shape_after(1.0, song).bpm == pytest.approx(bpm, abs=0.11)
    assert shape_after(30.0, song).bpm == pytest.approx(bpm, abs=0.0021)


def test_of_what_the_ticks_allow_the_plainest_tempo_is_told():
    assert shape_after(2.0, Song(131.25)).bpm in (131.2, 131.3, 131.25)
    assert shape_after(10.0, Song(131.25)).bpm == 131.25
    assert shape_after(2.0, Song(128.0)).bpm == 128


def test_a_tempo_that_changes_is_found_again():
    shape = shape_after(8.0, Song(97.3))
    assert shape_after(4.0, Song(140.0), shape, 100 * 1024).bpm == 140
    shape.restart()
    assert shape_after(4.0, Song(70.5), shape).bpm == 70.5


@pytest.mark.parametrize(
    "meter", [(4, 4), (3, 4), (5, 4), (6, 8), (7, 8), (12, 8), (3, 2), (9, 16)], ids=str
)
@pytest.mark.parametrize("bpm", [70.0, 131.25])
def test_a_meter_is_known_once_a_bar_has_ended(meter, bpm):
    song = Song(bpm, meter)
    bar_seconds = float(Meter(*meter).beats_per_bar) * 60 / bpm
    shape = shape_after(bar_seconds + 1.5, song)
    assert (shape.meter, shape.has_bar) == (Meter(*meter), True)
    assert shape_after(bar_seconds * 4, song, shape, 7 * 1024).meter == Meter(*meter)


def test_a_place_lies_in_quarter_notes_from_the_beginning_of_the_song():
    song, reader = Song(120.0, (7, 8)), PlaceReader()
    (*_, place) = (reader.take(message, 0.0) for message in song.at(10 * 48000))
    assert place is not None
    assert SongShape(Meter(7, 8)).quarter(place) == 20
