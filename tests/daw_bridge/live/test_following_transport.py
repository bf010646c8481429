"""Decks that follow starts, stops and leaps of whoever leads the clock."""

from __future__ import annotations

import numpy as np
import pytest

from tests.daw_bridge.live.leading import (
    clicked,
    heard,
    led,
    loops,
)
from tests.daw_bridge.live.sets import play


def test_when_who_leads_stops_the_decks_fall_silent_at_once_and_begin_with_its_start():
    async def talk(live, leader):
        leader.playing = False
        await live.follow(0.3)
        silence = await live.follow(3.1)
        state, playing = live.ask("deck/1/state"), live.ask("clock/playing")
        leader.put(0.0, live.seconds)
        began = live.seconds
        found = await heard(live, 6.0)
        return silence, (state, playing), [seconds - began for seconds, _ in found], found

    silence, told, since, found = led(beats=8)(talk)
    assert not silence.any()
    assert told == ("stopped", 0)
    # Beat 0 itself is over before anybody can know of the start.
    assert since == pytest.approx(np.arange(1, 12) * 0.5, abs=0.001)
    assert [level > 0.8 for _, level in found] == [False] * 7 + [True] + [False] * 3


def test_a_song_position_enters_loops_where_they_would_be():
    async def talk(live, leader):
        leader.put(10.25, live.seconds)  # a loop of 8 beats that began on 4 is on 6.25
        await live.follow(0.2)
        found = await heard(live, 8.0)
        return [round(leader.beat_at(at), 2) for at, level in found if level > 0.8], found

    loud, found = led(beats=8)(talk)
    assert loud == [12.0, 20.0]
    assert len(found) == 16


def test_what_is_launched_while_who_leads_stands_waits_for_the_start():
    async def talk(live, leader):
        leader.playing = False
        await live.follow(0.5)
        live.send("deck/1/launch", 1)
        silence = await live.follow(2.0)
        waits = live.ask("deck/1/next")
        leader.put(0.0, live.seconds)
        await live.follow(0.5)
        return silence.any(), waits, len(await heard(live, 4.0))

    assert led()(talk) == (False, "ready", 8)


def test_a_take_that_comes_while_who_leads_stands_waits_too():
    async def talk(live, leader):
        leader.playing = False
        await live.follow(0.5)
        await loops(live)
        silence = await live.follow(2.0)
        leader.put(0.0, live.seconds)
        await live.follow(0.5)
        return silence.any(), len(await heard(live, 4.0)), live.ask("deck/1/take")

    assert led()(talk) == (False, 8, 2)


def test_a_deck_that_was_stopped_by_hand_stays_silent_when_who_leads_starts():
    async def talk(live, leader):
        leader.playing = False
        await live.follow(0.5)
        live.send("deck/1/stop", 1)
        leader.put(0.0, live.seconds)
        return (await live.follow(4.0)).any()

    assert not led()(talk)


def test_after_who_stopped_is_gone_a_deck_can_be_launched_and_plays_on_its_own():
    async def talk(live, leader):
        leader.playing = False
        await live.follow(0.5)
        leader.there = False
        silence = await live.follow(2.0)
        live.send("deck/1/launch", 1)
        await live.follow(2.5)
        return silence.any(), len(await heard(live, 4.0))

    assert led()(talk) == (False, 8)


def test_a_take_that_waits_for_its_bar_begins_on_the_bar_that_there_is_after_a_leap():
    async def talk(live, leader):
        live.send("clock/quantum", "4 bars")
        await loops(live)
        leader.put(2.5, live.seconds)
        await live.follow(0.2)
        while live.ask("deck/1/next") == "cued":
            await live.follow(0.02)
        return leader.beat_at(live.seconds)

    assert led()(talk) % 16 == pytest.approx(0, abs=0.2)


def test_two_decks_stay_together_through_a_start():
    async def talk(live, leader):
        await loops(live, 2, beats=8)
        await live.follow(2.5)
        leader.put(0.0, live.seconds)
        await live.follow(0.3)
        both = await live.follow(8.0)
        return [[round(2 * at, 2) for at, _ in clicked(both[:, [column]], 0)] for column in (0, 1)]

    first, second = led(n_decks=2)(talk)
    assert first == second


def test_a_patch_that_stops_its_transport_stops_the_decks():
    async def talk(live):
        await live.follow(0.1)
        live.send("clock/bpm", 90)
        live.send("clock/play", 1)
        await live.follow(0.5)
        await loops(live, bpm=90.0)
        await live.follow(3.0)
        live.send("clock/stop", 1)
        await live.follow(0.3)
        silence = await live.follow(3.0)
        live.send("clock/position", 0)
        live.send("clock/play", 1)
        began = live.seconds
        await live.follow(0.2)
        found = await heard(live, 3.0)
        return silence.any(), [round(at - began, 2) for at, _ in found], live.asked[-1].bpm

    silent, found, bpm = play(talk, 1)
    assert not silent
    assert found == [0.67, 1.33, 2.0, 2.67]
    assert bpm == 90
