"""What a page shows beyond faders: takes, what plays, the machine; told when it changes."""

from __future__ import annotations

from dataclasses import asdict

from daw_bridge.audio.loop import Loop
from daw_bridge.live.conductor import Conductor
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.state import DeckState
from daw_bridge.page.peaks import Peaks

Value = dict[str, object]


def takes_mark(deck: DeckState) -> object:
    """Something that differs where ``takes_of`` would: cheap to compare."""
    history = deck.history
    return history.place, tuple((id(take), take.kept) for take in history.takes)


def takes_of(deck: DeckState) -> Value:
    """A deck's history."""
    return {
        "deck": deck.number,
        "place": deck.history.place,
        "takes": [
            {
                "prompt": take.prompt,
                "seed": take.seed,
                "bpm": take.bpm,
                "beats": float(take.beats),
                "kept": take.kept,
                **asdict(take.facts),
            }
            for take in deck.history.takes
        ],
    }


def shown_loop(conductor: Conductor) -> Loop | None:
    """The loop whose waveform a deck shows: what is heard, else its take."""
    take = conductor.state.history.current
    return conductor.deck.playing or (take.loop if take is not None else None)


def wave_of(conductor: Conductor, loop: Loop | None, peaks: Peaks | None) -> Value:
    """A deck's waveform."""
    wave: Value = {"deck": conductor.state.number}
    if loop is None or peaks is None:
        return wave
    return wave | {
        "name": loop.name,
        "beats": float(loop.beats),
        "bpm": loop.bpm,
        "high": peaks.high,
        "rms": peaks.rms,
    }


def head_of(conductor: Conductor) -> Value:
    """A deck's playhead: the beats of a round, and a beat on which one began; 0 in silence.

    It is at ``(beat - origin) % beats``; the page reckons the beat itself.
    """
    loop, origin = conductor.deck.playing, conductor.deck.origin_beat
    head: Value = {"deck": conductor.state.number}
    if loop is None or origin is None:
        return head | {"beats": 0.0}
    return head | {"beats": float(loop.beats), "origin": round(float(origin % loop.beats), 6)}


def next_of(deck: DeckState) -> Value:
    """What comes next on a deck, beyond what its faders say."""
    clip = deck.next_clip
    if clip is None:
        return {"deck": deck.number}
    eta_seconds = round(clip.eta_seconds, 1)
    return {
        "deck": deck.number,
        "prompt": clip.prompt,
        "eta": eta_seconds,
        "bar": clip.cued_bar,
    }


def machine_of(live: LiveSet) -> Value:
    """Sound device, underruns, server; the RTF of the newest take."""
    output = live.rig.output
    return {
        "sound": output.description,
        "fault": output.fault,
        "underruns": output.underruns,
        "late": output.late_blocks,
        "server": live.state.server,
        "rtf": round(live.state.rtf, 3),
    }


def set_of(live: LiveSet) -> Value:
    """What holds for all: how many decks, and how bars are counted.

    Bar number ``bar``, from 0, begins on the clock's beat ``line``.
    """
    grid = live.rig.clock.grid
    meter = grid.meter
    return {
        "decks": len(live.conductors),
        "meter": str(meter),
        "bar_beats": float(meter.beats_per_bar),
        "beat_beats": 4 / meter.denominator,
        "line": float(grid.beat),
        "bar": grid.bar,
    }
