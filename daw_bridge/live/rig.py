"""The sounding half of a live set."""

from __future__ import annotations

from dataclasses import dataclass

from daw_bridge.audio.deck import Deck
from daw_bridge.audio.mixer import Columns, Mixer
from daw_bridge.audio.output import AudioOutput
from daw_bridge.clock.steered_clock import SteeredClock
from daw_bridge.delivery.deck_sink import DeckSink


@dataclass(frozen=True, slots=True)
class Rig:
    """Decks on a clock.

    Attributes:
        output: where the sound goes; it pulls from the mixer.
        clock: counts what the output has played, in step with whoever leads.
        decks: play the loops; at least one.
        mixer: sums the decks.
        sinks: load and cue clips, one for each deck.
        routes: the columns of the output's blocks that each deck plays on.
    """

    output: AudioOutput
    clock: SteeredClock
    decks: tuple[Deck, ...]
    mixer: Mixer
    sinks: tuple[DeckSink, ...]
    routes: tuple[Columns, ...]

    @property
    def deck(self) -> Deck:
        """The first deck."""
        return self.decks[0]

    @property
    def sink(self) -> DeckSink:
        """The first deck's."""
        return self.sinks[0]
