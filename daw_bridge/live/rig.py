"""The sounding half of a live set."""

from __future__ import annotations

from dataclasses import dataclass

from daw_bridge.audio.deck import Deck
from daw_bridge.audio.mixer import Mixer
from daw_bridge.audio.output import AudioOutput
from daw_bridge.clock.internal_clock import InternalClock
from daw_bridge.delivery.deck_sink import DeckSink


@dataclass(frozen=True, slots=True)
class Rig:
    """One deck on the internal clock.

    Attributes:
        output: where the sound goes; it pulls from the mixer.
        clock: counts what the output has played.
        deck: plays the loops.
        mixer: sums the decks.
        sink: loads and cues clips on the deck.
    """

    output: AudioOutput
    clock: InternalClock
    deck: Deck
    mixer: Mixer
    sink: DeckSink
