"""Where a take begins that has to do with what plays: in its place, or where its round ends."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.loop import Loop
from daw_bridge.delivery.deck_sink import PRESS_LEAD_SECONDS, DeckSink


def in_place(loop: Loop, deck: Deck, sink: DeckSink) -> Cue:
    """The next beat, going on in the loop where the one that plays is: for one that is like it."""
    beat = sink.place(quantum_beats=sink.beat_beats)
    cue = sink.cue_at(loop, beat)
    return replace(cue, quantum_beats=sink.beat_beats, origin_beat=deck.origin_beat, alike=True)


def as_if_begun(loop: Loop, began: Fraction, sink: DeckSink) -> Cue:
    """The next beat, entered as if the loop had begun on the beat ``began``."""
    beat = sink.place(lead_seconds=PRESS_LEAD_SECONDS, quantum_beats=sink.beat_beats)
    cue = sink.cue_at(loop, beat)
    return replace(cue, quantum_beats=sink.beat_beats, origin_beat=began)


def after_the_round(loop: Loop, deck: Deck, sink: DeckSink) -> Cue | None:
    """Where a round of what plays ends, without a fade: for what goes on from there.

    None where nothing plays.
    """
    playing, origin = deck.playing, deck.origin_beat
    if playing is None or origin is None:
        return None
    soonest = sink.place(quantum_beats=sink.beat_beats)
    rounds = math.ceil((soonest - origin) / playing.beats)
    cue = sink.cue_at(loop, origin + max(1, rounds) * playing.beats)
    return replace(cue, quantum_beats=playing.beats, gapless=True)
