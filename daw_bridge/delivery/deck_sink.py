"""A clip onto a deck: loaded, and cued for its bar."""

from __future__ import annotations

from fractions import Fraction

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.load import make_loop
from daw_bridge.audio.loop import Loop
from daw_bridge.client.clip_result import ClipResult, PreviewResult
from daw_bridge.clock.clock import Clock

LEAD_SECONDS = 0.25
"""A cue is placed at least this far ahead of what is heard: beyond what is already written."""
PRESS_LEAD_SECONDS = 0.0
"""The same for what a hand does, which means the next quantum: only the deck knows whether its
sound is already written, and then waits for the quantum after it."""


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
        self.quantum_beats = quantum_beats
        """The grid of change-overs, in quarter notes."""

    def deliver(self, clip: ClipResult) -> str:
        """Load a clip and cue it for the next bar; the bar, in words."""
        beat = self.cue(self.load(clip))
        return f"bar {self.bar_of(beat)}"

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

    def load_preview(self, preview: PreviewResult, name: str, beats: Fraction, bpm: float) -> Loop:
        """A clip's preview likewise; it has no name and no length of its own.

        Raises:
            StorageFailed: where the file cannot be read.
        """
        samples, rate_hz = preview.read()
        return make_loop(name, samples, rate_hz, beats, bpm, self._rate_hz, self._n_channels)

    def place(
        self,
        *,
        earliest: Fraction = Fraction(0),
        lead_seconds: float = LEAD_SECONDS,
        quantum_beats: Fraction | None = None,
    ) -> Fraction:
        """The next beat on which a quantum begins, at or after ``earliest``, in time for a cue.

        Args:
            earliest: the clock's beat.
            lead_seconds: how far ahead of what is heard it shall at least lie.
            quantum_beats: another grid than the sink's own.
        """
        now = self._clock.now()
        not_begun = now.beat == 0 and self._deck.playing is None
        lead_beats = 0.0 if not_begun else lead_seconds * self._clock.bpm / 60
        soonest = max(Fraction(now.beat + lead_beats), earliest)
        return self._clock.grid.next_boundary(soonest, quantum_beats or self.quantum_beats)

    def cue(
        self,
        loop: Loop | None,
        *,
        earliest: Fraction = Fraction(0),
        lead_seconds: float = LEAD_SECONDS,
    ) -> Fraction:
        """Let a loop begin with a quantum, and the clock take its tempo.

        Args:
            loop: the loop, or None to let the deck fall silent.
            earliest: the clock's beat.
            lead_seconds: as for ``place``.

        Returns:
            The beat on which it will begin.

        Raises:
            Busy: where the sound stream does not take orders.
        """
        beat = self.place(earliest=earliest, lead_seconds=lead_seconds)
        self._deck.cue(self.cue_at(loop, beat))
        return beat

    @property
    def bpm(self) -> float:
        """The tempo that is heard."""
        return self._clock.bpm

    def seconds_until(self, beat: Fraction) -> float:
        """How long a cue for a beat may take to be placed; negative where it is too late."""
        now = self._clock.now()
        return (float(beat) - now.beat) * 60 / self._clock.bpm - LEAD_SECONDS

    def bar_of(self, beat: Fraction) -> int:
        """The bar that a beat lies in, counted from 1."""
        return self._clock.grid.bar_at(beat) + 1

    @property
    def beat_beats(self) -> Fraction:
        """The meter's own beat, in quarter notes: an eighth in 7/8."""
        return Fraction(4, self._clock.meter.denominator)

    def put(self, cue: Cue) -> None:
        """Hand a cue to the deck. Raises Busy where the sound stream takes no orders."""
        self._deck.cue(cue)

    def cue_at(self, loop: Loop | None, beat: Fraction) -> Cue:
        """The cue for a beat, to be handed over by somebody else."""
        return Cue(loop, beat, self.quantum_beats, leads=True)
