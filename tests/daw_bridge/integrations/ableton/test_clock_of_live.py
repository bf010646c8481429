"""What the bridge hears of Live's clock, and that the bridge's own clock understands it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daw_bridge.clock.quantum import Quantum
from daw_bridge.integrations.ableton.MagnetBridge.clock import ClockTeller, Moment, quantum
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.clock.test_clock_words import spoken_to

STILL = Moment(bpm=128.5, meter="7/8", quantization=4, playing=False, beat=16.0)


def words(messages) -> list:
    return [(address.removeprefix("/magnet/clock/"), *args) for address, args in messages]


def test_all_is_told_at_first_and_then_only_what_changes() -> None:
    clock = ClockTeller()
    assert words(clock.tell(STILL)) == [
        ("name", "Live"),
        ("bpm", 128.5),
        ("meter", "7/8"),
        ("quantum", "bar"),
        ("position", 16.0),
        ("stop",),
    ]
    assert clock.tell(STILL) == []
    assert words(clock.tell(replace(STILL, bpm=130.0))) == [("bpm", 130.0)]
    assert words(clock.tell(replace(STILL, bpm=130.0, beat=0.0))) == [("position", 0.0)]


def test_while_it_plays_the_beat_is_told_at_each_look() -> None:
    clock = ClockTeller()
    clock.tell(STILL)
    playing = replace(STILL, playing=True, beat=16.1)
    assert words(clock.tell(playing)) == [("position", 16.1), ("play",)]
    assert words(clock.tell(replace(playing, beat=16.3))) == [("beat", 16.3)]
    assert words(clock.tell(replace(STILL, beat=17.0))) == [("position", 17.0), ("stop",)]


def test_a_bridge_that_was_away_is_told_everything_again() -> None:
    clock = ClockTeller()
    first = clock.tell(STILL)
    clock.forget()
    assert clock.tell(STILL) == first


def test_a_server_that_keeps_no_clock_is_left_in_peace() -> None:
    clock = ClockTeller()
    clock.tell(STILL)
    assert clock.refuse("/magnet/clock/bpm: the first argument must be your request id")
    assert clock.tell(replace(STILL, bpm=130.0)) == []
    assert not clock.refuse("unknown address '/magnet/generat'")


@pytest.mark.parametrize("number", range(14))
def test_every_quantization_of_live_is_a_quantum_of_the_bridge(number: int) -> None:
    bars = {1: 8, 2: 4, 3: 2, 4: 1}.get(number)
    beats = Quantum.parse(quantum(number)).beats(Meter())
    assert beats == (4 * bars if bars else 1)


def test_the_bridges_clock_follows_live_by_these_words() -> None:
    stage, ears = spoken_to()
    clock = ClockTeller()
    for tenth in range(40):
        beat = 32 + tenth / 10 * 93.75 / 60
        live = Moment(bpm=93.75, meter="3/4", quantization=4, playing=True, beat=beat)
        for word, *args in words(clock.tell(live)):
            ears.take(word, args, stage.seconds, "Live")
        stage.run_to(stage.seconds + 0.1)
    heard = stage.clock.now()
    assert (stage.clock.source, stage.clock.bpm) == ("osc", 93.75)
    assert stage.clock.meter == Meter(3, 4)
    assert float(heard.beat) % 3 == pytest.approx((beat + 0.1 * 93.75 / 60) % 3, abs=0.05)
