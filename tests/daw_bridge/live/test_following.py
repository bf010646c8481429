"""Decks that follow the tempo and the beats of whoever leads the clock."""

from __future__ import annotations

import numpy as np
import pytest

from tests.daw_bridge.live.leading import (
    heard,
    led,
    loops,
    off_beats,
)
from tests.daw_bridge.live.sets import play


def test_a_loop_begins_on_the_bar_of_who_leads_and_stays_on_the_beat():
    async def talk(live, leader):
        leader.put(leader.beat_at(live.seconds) + 1.3, live.seconds)
        await live.follow(3.0)
        found = await heard(live, 8.0)
        return off_beats(leader, found), [
            round(leader.beat_at(seconds)) % 4 for seconds, level in found if level > 0.8
        ]

    off, downbeats = led()(talk)
    assert len(off) == 16
    assert np.abs(off).max() < 1
    assert downbeats == [0, 0, 0, 0]


def test_takes_are_asked_for_at_the_tempo_of_who_leads():
    async def talk(live, leader):
        return live.asked[-1].bpm, live.ask("clock/bpm")

    assert led(bpm=133.25)(talk) == (133.25, 133.25)


def test_another_tempo_is_followed_from_the_audio_as_it_was_made():
    async def talk(live, leader):
        for bpm in (126.0, 118.0):
            leader.turn_to(bpm, live.seconds)
            await live.follow(4.0)
        found = await heard(live, 6.0)
        take = live.state.decks[0].history.current
        return off_beats(leader, found), live.rig.decks[0].playing.bpm, take.loop.bpm

    off, playing_bpm, made_bpm = led()(talk)
    assert len(off) >= 11
    assert np.abs(off).max() < 5
    assert (playing_bpm, made_bpm) == (118.0, 120.0)


def test_a_tempo_that_moves_all_the_time_is_followed_without_stretching_all_the_time(monkeypatch):
    async def talk(live, leader):
        stretched = []
        conductor = live.live.conductors[0]
        retuned = conductor.retuned
        monkeypatch.setattr(
            conductor, "retuned", lambda bpm: [stretched.append(bpm), retuned(bpm)][1]
        )
        off = []
        for step in range(80):  # 120 to 128 BPM in 8 s
            leader.turn_to(120 + step / 10, live.seconds)
            off += off_beats(leader, await heard(live, 0.1))
        return len(stretched), off

    n_stretched, off = led()(talk)
    assert 3 <= n_stretched <= 8 / 0.25
    assert np.abs(off).max() < 25


def test_a_tempo_out_of_reach_is_told_once_and_the_loop_is_left_as_it_is():
    async def talk(live, leader):
        leader.turn_to(250.0, live.seconds)
        n_said = live.state.n_said
        await live.follow(4.0)
        told = [text for text in live.state.said_since(n_said) if "too far" in text]
        return len(told), live.rig.decks[0].playing.bpm

    assert led()(talk) == (1, 120.0)


def test_a_tempo_that_comes_back_into_reach_is_followed_again():
    async def talk(live, leader):
        n_said = live.state.n_said
        for bpm in (250.0, 251.0, 126.0):
            leader.turn_to(bpm, live.seconds)
            await live.follow(4.0)
        found = await heard(live, 6.0)
        told = [text for text in live.state.said_since(n_said) if "too far" in text]
        return off_beats(leader, found), live.rig.decks[0].playing.bpm, len(told)

    off, playing_bpm, n_told = led()(talk)
    assert playing_bpm == 126.0
    assert len(off) >= 11
    assert np.abs(off).max() < 5
    assert n_told == 1


def test_when_who_leads_is_lost_the_loop_goes_on_and_it_is_said():
    async def talk(live, leader):
        leader.there = False
        found = await heard(live, 8.0)
        return off_beats(leader, found), live.state.message, live.ask("clock/leader")

    off, said, leads = led()(talk)
    assert len(off) == 16
    assert np.abs(off).max() < 1
    assert said == "midi is silent: the clock goes on alone at 120 BPM"
    assert leads == "internal"


def test_a_loop_that_has_come_off_its_beats_is_laid_anew_on_the_next_one():
    async def talk(live, leader):
        await loops(live, beats=64)
        while live.ask("deck/1/next") != "none":
            await live.follow(0.1)
        leader.turn_to(leader.bpm, live.seconds)
        leader._beat += 0.06  # 30 ms: made good by playing faster, not by a leap
        await live.follow(1.5)
        return off_beats(leader, await heard(live, 6.0))

    off = led()(talk)
    assert len(off) == 12
    assert np.abs(off).max() < 3.5


def test_a_surface_that_sets_the_tempo_of_a_midi_clock_is_told_what_to_do():
    async def talk(live, leader):
        live.send("clock/bpm", 90)
        return live.ear.last("/magnet/error")[0], live.ask("clock/bpm")

    error, bpm = led()(talk)
    assert "comes from MIDI clock: change it there" in error
    assert bpm == 120.0


def test_surfaces_are_told_who_leads_and_where_the_song_is():
    async def talk(live, leader):
        leader.put(33.0, live.seconds)
        await live.follow(1.0)
        words = ("leader", "description", "source", "playing", "bar", "beat", "meter", "bpm")
        return [live.ask(f"clock/{word}") for word in words]

    assert led()(talk) == ["midi", "midi", "auto", 1, 9, 34, "4/4", 120.0]


def test_taps_set_the_tempo_of_what_sounds():
    async def talk(live):
        await loops(live)
        await live.follow(3.0)
        for _ in range(6):
            live.send("clock/tap", 1)
            await live.follow(0.6)
        await live.follow(6.0)
        return live.ask("clock/leader"), round(live.rig.clock.bpm), live.rig.decks[0].playing.bpm

    leader, bpm, playing_bpm = play(talk, 1)
    assert (leader, bpm) == ("internal", 100)
    assert playing_bpm == pytest.approx(100, abs=0.5)


def test_another_meter_holds_for_takes_and_for_the_quantum():
    async def talk(live, leader):
        live.send("clock/meter", "7/8")
        await live.follow(4.0)
        await loops(live, beats=4)
        return str(live.state.meter), live.rig.sinks[0].quantum_beats

    assert led()(talk) == ("7/8", 3.5)


def test_nothing_is_sent_twice_to_a_deck_that_is_in_its_place():
    async def talk(live, leader):
        changes = []
        deck = live.rig.decks[0]
        take = deck.take
        deck.take = lambda cue, now, beat: [changes.append(cue), take(cue, now, beat)]
        await live.follow(8.0)
        return len(changes)

    assert led()(talk) == 0
