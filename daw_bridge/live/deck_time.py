"""A deck in somebody else's time: when beats leap, when a tempo moves, when all stops."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from daw_bridge.audio.deck import Cue
from daw_bridge.audio.loop import Loop
from daw_bridge.delivery.deck_sink import PRESS_LEAD_SECONDS
from daw_bridge.live.conductor import Conductor
from daw_bridge.live.cueing import Waiting
from daw_bridge.live.state import NextClip

TICK = Fraction(1, 24)
"""The grid of what cannot wait for a beat, in quarter notes."""


def sounding(conductor: Conductor) -> Loop | None:
    """The loop that is heard and shall be, with nothing on its way to take its place."""
    deck, loop = conductor.deck, conductor.deck.playing
    lasts = loop is conductor.cueing.loop and conductor.state.doing == "playing" and not deck.waits
    return loop if lasts else None


def expected(conductor: Conductor) -> Loop | None:
    """The loop that waits for its quantum."""
    loop = conductor.cueing.loop
    return loop if conductor.state.next == "cued" and loop is not conductor.deck.playing else None


def lay(
    conductor: Conductor, loop: Loop, beat: Fraction, origin: Fraction, quantum: Fraction = TICK
) -> Cue:
    """The cue that enters a loop on ``beat``, wherever in it that is if it begins on ``origin``."""
    conductor.cueing.loop = loop
    cue = conductor.sink.cue_at(loop, beat)
    return replace(cue, origin_beat=origin, quantum_beats=quantum)


def expect_again(conductor: Conductor) -> None:
    """Cue what waits for its quantum once more: the grid has moved."""
    if conductor.state.doing == "fading":
        conductor.sink.cue(None, lead_seconds=PRESS_LEAD_SECONDS)
    elif (loop := expected(conductor)) is not None:
        conductor.cueing.cue(loop, loop.name, earliest=conductor.cueing.beat)


def halt(conductor: Conductor, beat: Fraction, song_begins: Fraction) -> Cue | None:
    """The cue of the silence in which a deck waits for the transport; None where it is silent.

    Args:
        conductor: of the deck.
        beat: the clock's beat from which on it is silent.
        song_begins: the clock's beat on which the song's first bar lies.
    """
    state, loop, origin = conductor.state, conductor.cueing.loop, conductor.deck.origin_beat
    doing = state.doing
    if doing not in ("playing", "cued", "fading"):
        return None
    state.move("stop")
    if doing != "fading" and loop is not None:
        heard = origin is not None and loop is conductor.deck.playing
        song_beat = origin - song_begins if heard and origin is not None else None
        conductor.cueing.waiting = Waiting(loop, song_beat)
        if state.next == "cued":
            state.next_clip = NextClip(loop.name, fraction=1.0, held=True)
    return replace(conductor.sink.cue_at(None, beat), quantum_beats=TICK)


def go_on(
    conductor: Conductor, beat: Fraction, song_begins: Fraction, *, from_the_top: bool
) -> Cue | None:
    """The cue of what waited for the transport; None where nothing did, or it waits for a quantum.

    Args:
        conductor: of the deck.
        beat: the clock's beat on which it is heard again.
        song_begins: the clock's beat on which the song's first bar lies.
        from_the_top: whether the song begins, and all loops with it.
    """
    waiting, conductor.cueing.waiting = conductor.cueing.waiting, None
    if waiting is None:
        return None
    loop, song_beat = waiting.loop, Fraction(0) if from_the_top else waiting.song_beat
    if song_beat is None:
        conductor.cueing.cue(loop, loop.name, lead_seconds=PRESS_LEAD_SECONDS)
        return None
    conductor.cueing.expect(loop, loop.name, beat)
    return lay(conductor, loop, beat, song_begins + song_beat)
