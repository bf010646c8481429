"""Keeps the decks with whoever leads the clock: their tempo, their place, their start and stop."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable
from fractions import Fraction

from daw_bridge.audio.conform import is_near
from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.loop import Loop
from daw_bridge.audio.mixer import Scene
from daw_bridge.clock.steered_clock import INTERNAL, LEAD_SECONDS
from daw_bridge.live.conductor import Conductor
from daw_bridge.live.deck_time import expect_again, expected, go_on, halt, lay, sounding
from daw_bridge.live.live_set import LiveSet
from osc_server.contract.errors import BadRequest, MagnetError
from osc_server.contract.musical_time import Meter

_OFF_SECONDS = 0.003
"""A loop that lies further from its beats than this is laid anew on the next one."""
_FAR_OFF_SECONDS = 0.012
_ENTER_SECONDS = 0.3
_BREATH_SECONDS = 0.25
_SHARE = 3
"""Stretching takes at most one part in so many of a processor, however the tempo moves."""

Cues = Iterable[tuple[Conductor, Cue | None]]


class Following:
    """Looks at the clock many times a second, and brings the decks of a live set along.

    While somebody leads, loops are brought to their tempo, always from the audio as it was made;
    where the beats leap (a start, a song position, another leader) loops are entered anew where
    they would be; where the transport stops they fall silent, and go on with it. A loop that has
    come off its beats by more than 3 ms is laid anew on the next beat.

    Args:
        live: the decks and their clock; the clock has been updated when ``look`` is called.
    """

    def __init__(self, live: LiveSet) -> None:
        self._live = live
        self._clock = live.rig.clock
        self._leader = self._who = INTERNAL
        self._jumps = self._clock.jumps
        self._meter: Meter = self._clock.meter
        self._song_begins = self._clock.grid.beat_of(0)
        self._now_seconds = 0.0
        self._entered_seconds = -math.inf
        self._to_expect: list[Conductor] = []
        self._stretching: asyncio.Task[None] | None = None
        self._stretch_again_seconds = 0.0
        # The tempo that each loop could not be brought to; another one may be in its reach.
        self._out_of_reach: dict[str, float] = {}

    def look(self, seconds: float) -> None:
        """Let the decks follow. ``seconds`` is now, of any steady clock."""
        state, clock = self._live.state, self._clock
        self._now_seconds = seconds
        self._live.look()
        halted = clock.source != INTERNAL and not clock.playing
        self._tell(halted=halted)
        state.follows = clock.source != INTERNAL
        if state.follows:
            state.bpm = clock.bpm
        if halted and not state.halted:
            state.halted = True
            self._halt()
        state.halted = halted
        self._follow_leaps()
        if not halted and clock.source not in (INTERNAL, "tap"):
            self._go_on()
        if seconds > self._entered_seconds + _ENTER_SECONDS:
            self._cue_again()
            if state.follows:
                self._keep_in_place()
                self._keep_in_tempo(seconds)

    def close(self) -> None:
        """Stretch no more."""
        if self._stretching is not None:
            self._stretching.cancel()

    # Who leads

    def _tell(self, *, halted: bool) -> None:
        state, clock = self._live.state, self._clock
        leader, before = clock.source, self._leader
        who, who_before = clock.leader, self._who
        self._leader, self._who = leader, who
        if leader != before and leader == INTERNAL:
            if clock.wanted != INTERNAL and not state.halted:
                state.say(f"{who_before} is silent: the clock goes on alone at {_shown(clock.bpm)}")
            self._out_of_reach.clear()
        elif who != who_before:
            state.say(f"{who} leads the clock: {_shown(clock.bpm)}")
        if halted and not state.halted:
            state.say(f"{who} has stopped: the decks go on when it starts")

    # Start and stop

    def _halt(self) -> None:
        beat = self._soon()
        self._launch((one, halt(one, beat, self._song_begins)) for one in self._live.conductors)

    def _go_on(self) -> None:
        waiting = [one for one in self._live.conductors if one.cueing.waiting is not None]
        if waiting:
            beat, begins = self._soon(), self._song_begins
            top = self._begins_now(beat)
            self._enter((one, go_on(one, beat, begins, from_the_top=top)) for one in waiting)

    # The place

    def _follow_leaps(self) -> None:
        clock = self._clock
        before, jumps, meter = self._song_begins, self._jumps, self._meter
        self._song_begins = clock.grid.beat_of(0)
        self._jumps, self._meter = clock.jumps, clock.meter
        moved = self._song_begins - before if clock.meter == meter else Fraction(0)
        if moved or self._jumps != jumps:
            self._lay_anew(moved, leapt=self._jumps != jumps)

    def _lay_anew(self, moved: Fraction, *, leapt: bool) -> None:
        beat = self._soon()
        top = self._begins_now(beat)
        cues: list[tuple[Conductor, Cue | None]] = []
        for conductor in self._live.conductors:
            loop, origin = conductor.deck.playing, conductor.deck.origin_beat
            if conductor.state.doing == "fading" or expected(conductor) is not None:
                self._to_expect.append(conductor)  # on the new grid, once the leap is over
            if loop is None or origin is None or conductor.state.doing != "playing":
                continue
            wanted = self._song_begins if top else origin + moved
            if leapt or (wanted - origin) % loop.beats:
                to_come = conductor.cueing.loop
                cues.append((conductor, lay(conductor, loop, beat, wanted)))
                conductor.cueing.loop = to_come
        self._enter(cues)

    def _cue_again(self) -> None:
        conductors, self._to_expect = self._to_expect, []
        for conductor in conductors:
            expect_again(conductor)

    def _keep_in_place(self) -> None:
        """Lay loops anew that have come off their beats within their round."""
        rate_hz = self._live.rig.output.rate_hz
        beat = Fraction(math.ceil(self._soon()))
        cues: list[tuple[Conductor, Cue | None]] = []
        for conductor in self._live.conductors:
            loop, origin = sounding(conductor), conductor.deck.origin_beat
            if loop is None or origin is None or loop.name in self._out_of_reach:
                continue
            lies_at = conductor.deck.sample_of(beat)
            if lies_at is None or beat >= origin + loop.beats:
                continue  # the next round begins on its own beat
            # One that is being stretched is about to be laid anew anyway.
            off_seconds = _OFF_SECONDS if is_near(loop, self._clock.bpm) else _FAR_OFF_SECONDS
            if abs(lies_at - self._clock.sample_at(beat)) > off_seconds * rate_hz:
                cues.append((conductor, lay(conductor, loop, beat, origin, Fraction(1))))
        self._launch(cues)

    # The tempo

    def _keep_in_tempo(self, seconds: float) -> None:
        busy = self._stretching is not None and not self._stretching.done()
        if busy or seconds < self._stretch_again_seconds:
            return
        bpm = self._clock.bpm
        stray = [one for one in self._live.conductors if self._strays(one, bpm)]
        if stray:
            self._stretching = asyncio.create_task(self._stretch(stray, bpm))

    def _strays(self, conductor: Conductor, bpm: float) -> bool:
        loop = sounding(conductor) or expected(conductor)
        if loop is None:
            return False
        if is_near(loop, bpm):
            self._out_of_reach.pop(loop.name, None)
            return False
        return self._out_of_reach.get(loop.name) != bpm

    async def _stretch(self, conductors: list[Conductor], bpm: float) -> None:
        """Bring decks to a tempo: what sounds on the next beat, what waits on its quantum."""
        took_seconds = 0.0
        found: list[tuple[Conductor, Loop]] = []
        for conductor in conductors:
            try:
                loop, cpu_seconds = await asyncio.to_thread(_timed, conductor, bpm)
                took_seconds += cpu_seconds
            except BadRequest as error:
                self._give_up_on(conductor, bpm, str(error))
            except MagnetError as error:
                self._live.state.say(str(error))
            else:
                if loop is not None:
                    self._out_of_reach.pop(loop.name, None)
                    found.append((conductor, loop))
        beat = Fraction(math.ceil(self._soon()))
        cues: list[tuple[Conductor, Cue | None]] = []
        for conductor, loop in found:
            origin = conductor.deck.origin_beat
            if sounding(conductor) is not None and origin is not None:
                cues.append((conductor, lay(conductor, loop, beat, origin, Fraction(1))))
            elif expected(conductor) is not None:
                conductor.cueing.cue(loop, loop.name)
        self._launch(cues)
        pause = max(_BREATH_SECONDS, (_SHARE - 1) * took_seconds)
        self._stretch_again_seconds = self._now_seconds + pause

    def _give_up_on(self, conductor: Conductor, bpm: float, why: str) -> None:
        """Leave a loop as it is while the tempo is out of its reach; say so once."""
        loop = conductor.cueing.loop
        if loop is not None:
            if loop.name not in self._out_of_reach:
                self._live.state.say(why)
            self._out_of_reach[loop.name] = bpm

    # Both

    def _soon(self) -> Fraction:
        """The first beat on which nothing is on its way to the sound card yet."""
        output = self._live.rig.output
        ahead = round(LEAD_SECONDS * output.rate_hz) + output.block_size
        return self._clock.beat_at(output.heard_sample() + ahead)

    def _begins_now(self, beat: Fraction) -> bool:
        """Whether the song begins about now: loops then begin with it."""
        return abs(beat - self._song_begins) < 1

    def _enter(self, cues: Cues) -> None:
        """Launch what cannot wait for a beat, and leave it alone until it is heard."""
        self._entered_seconds = self._now_seconds
        self._launch(cues)

    def _launch(self, cues: Cues) -> None:
        orders: list[tuple[Deck, Cue]] = [
            (conductor.deck, cue) for conductor, cue in cues if cue is not None
        ]
        if orders:
            self._live.rig.mixer.launch(Scene(tuple(orders)))


def _shown(bpm: float) -> str:
    return f"{round(bpm, 2):g} BPM"


def _timed(conductor: Conductor, bpm: float) -> tuple[Loop | None, float]:
    """Its loop at a tempo, and the seconds of a processor that it took."""
    began = time.thread_time()
    return conductor.retuned(bpm), time.thread_time() - began
