"""Decks that follow whoever leads the clock: what is heard, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from daw_bridge.clock.source import Reading
from tests.daw_bridge.live.sets import clip, play

RATE_HZ = 48000


class Leader:
    """Somebody who keeps perfect time, and can be told to do anything."""

    def __init__(self, name="midi", bpm=120.0):
        self.name, self.bpm = name, bpm
        self.there, self.playing, self.known = True, True, "bar"
        self.locates = 0
        self._beat, self._since = 0.0, 0.0

    def beat_at(self, seconds):
        return self._beat + (seconds - self._since) * self.bpm / 60

    def put(self, beat, seconds):
        """Play from a beat of the song, now."""
        self._beat, self._since, self.playing = beat, seconds, True
        self.locates += 1

    def turn_to(self, bpm, seconds):
        self._beat, self._since, self.bpm = self.beat_at(seconds), seconds, bpm

    def reading(self, seconds):
        if not self.there:
            return None
        beat = self.beat_at(seconds)
        return Reading(beat, self.bpm, self.bpm, self.playing, self.locates, self.known)


def clicks(beats=4, bpm=120.0):
    """A take with a click on each beat, the first of them louder."""
    take = clip(0.0, beats=beats, bpm=bpm)
    for beat in range(beats):
        take.streamed[round(beat * 60 / bpm * RATE_HZ)] = 1.0 if beat == 0 else 0.5
    return take


def clicked(heard, begins_seconds):
    """When clicks were heard, and how loud; stretched ones are several samples wide."""
    level = np.abs(heard).max(axis=1)
    found, place = [], 0
    while (after := np.flatnonzero(level[place:] > 0.1)).size:
        first = place + int(after[0])
        loudest = first + int(level[first : first + 2000].argmax())
        found.append((begins_seconds + loudest / RATE_HZ, float(level[loudest])))
        place = first + 4000
    return found


def off_beats(leader, heard):
    """How far each click is from the leader's nearest beat, in ms."""
    beats = [leader.beat_at(seconds) for seconds, _ in heard]
    return [(beat - round(beat)) * 60_000 / leader.bpm for beat in beats]


async def loops(live, number=1, **facts):
    """A loop of clicks plays on a deck."""
    live.send(f"deck/{number}/prompt", "clicks")
    live.send(f"deck/{number}/generate", 1)
    await live.until(lambda: live.made and not live.made[-1].done())
    live.made[-1].set_result(clicks(**facts))
    await live.until(lambda: live.state.decks[number - 1].history.takes)
    await live.until(lambda: live.state.decks[number - 1].next != "rendering")


async def heard(live, seconds):
    begins = live.seconds
    return clicked(await live.follow(seconds), begins)


def led(*, bpm=120.0, n_decks=1, **facts):
    """Run ``await talk(live, leader)`` where somebody leads and a loop of clicks plays."""

    def run(talk):
        async def whole(live):
            await live.follow(0.5)
            await loops(live, **facts)
            await live.follow(3.0)
            return await talk(live, live.leader)

        leader = Leader(bpm=bpm)
        return play(_with(leader, whole), n_decks, (leader,))

    return run


def _with(leader, talk):
    async def named(live):
        live.leader = leader
        return await talk(live)

    return named


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
