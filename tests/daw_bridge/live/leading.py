"""Somebody who leads, and decks of clicks that follow: what is heard, sample by sample."""

from __future__ import annotations

import numpy as np

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
