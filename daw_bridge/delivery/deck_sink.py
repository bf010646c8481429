"""A clip onto a deck: loaded, and cued for its bar."""

from __future__ import annotations

from fractions import Fraction

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.load import make_loop
from daw_bridge.audio.loop import Loop
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.clock.clock import Clock, next_multiple

LEAD_SECONDS = 0.25
"""A cue is placed at least this far ahead of what is heard: beyond what is already written."""


class DeckSink:
    """Cues clips on a deck, each for the next multiple of the quantum, and the tempo with them.

    Args:
        deck: which one.
        clock: where the beats lie; it takes a clip's tempo as the clip begins.
        rate_hz: the deck's rate.
        n_channels: the deck's channels.
        quantum_beats: the grid of change-overs; a bar where nothing else is said.
    """

    def __init__(
        self,
        deck: Deck,
        clock: Clock,
        rate_hz: int,
        n_channels: int,
        quantum_beats: Fraction,
    ) -> None:
        self._deck = deck
        self._clock = clock
        self._rate_hz = rate_hz
        self._n_channels = n_channels
        self._quantum_beats = quantum_beats

    def deliver(self, clip: ClipResult) -> str:
        """Load a clip and cue it for the next bar; the bar, in words."""
        beat = self.cue(self.load(clip))
        return f"bar {beat / self._clock.meter.beats_per_bar + 1}"

    def load(self, clip: ClipResult) -> Loop:
        """A clip as a loop at the deck's rate.

        Raises:
            StorageFailed: where the file cannot be read.
        """
        return make_loop(
            clip.prompt or clip.id,
            clip.read(),
            clip.rate_hz,
            clip.beats,
            clip.bpm,
            self._rate_hz,
            self._n_channels,
        )

    def cue(self, loop: Loop | None, *, earliest: Fraction = Fraction(0)) -> Fraction:
        """Let a loop begin on the next multiple of the quantum at or after ``earliest``.

        Args:
            loop: the loop, or None to let the deck fall silent.
            earliest: the clock's beat.

        Returns:
            The beat on which it will begin.

        Raises:
            Busy: where the sound stream does not take orders.
        """
        now = self._clock.now()
        not_begun = now.beat == 0 and self._deck.playing is None
        lead_beats = 0.0 if not_begun else LEAD_SECONDS * self._clock.bpm / 60
        soonest = max(Fraction(now.beat + lead_beats), earliest)
        beat = next_multiple(soonest, self._quantum_beats)
        self._deck.cue(Cue(loop, beat, self._quantum_beats, leads=True))
        return beat
