"""What a deck plays and is to play next, and what its state says of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from fractions import Fraction

from daw_bridge.audio.conform import conform_loop, is_near
from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.loop import Loop
from daw_bridge.delivery.deck_sink import LEAD_SECONDS, PRESS_LEAD_SECONDS, DeckSink
from daw_bridge.live.deck_moves import Event
from daw_bridge.live.placing import after_the_round, in_place
from daw_bridge.live.state import DeckState, LiveState, NextClip

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Waiting:
    """A loop that goes on, or begins, with the transport.

    Attributes:
        loop: which one.
        song_beat: the beat of the song on which its first sample lay; None for one that begins on
            a quantum.
    """

    loop: Loop
    song_beat: Fraction | None = None


class Cueing:
    """Cues loops on a deck, and moves the deck's state along.

    Where the transport of who leads the clock stands, what is cued waits for its start.

    Args:
        whole: the set's state.
        state: the deck's.
        deck: what sounds.
        sink: cues on it.
        rate_hz: the deck's rate.
    """

    def __init__(
        self, whole: LiveState, state: DeckState, deck: Deck, sink: DeckSink, rate_hz: int
    ) -> None:
        self._set = whole
        self._state = state
        self._deck = deck
        self._sink = sink
        self._rate_hz = rate_hz
        self.loop: Loop | None = None
        """The loop that plays, is cued or waits, whichever was last; None for silence."""
        self.beat = Fraction(0)
        """The clock's beat on which it was last cued to begin."""
        self.waiting: Waiting | None = None
        """What begins with the transport, which stands."""
        self._source: Loop | None = None  # the same loop as it was made
        self._is_preview = False

    @property
    def is_heard(self) -> bool:
        """Whether that is what plays; what is cued is not yet."""
        return self._deck.playing is self.loop

    @property
    def is_preview(self) -> bool:
        """Whether that is the preview of a take that is still to come."""
        return self._is_preview

    @property
    def tempo_to_be(self) -> float | None:
        """The tempo of the loop that plays or is cued; None in silence."""
        sounds = self._deck.playing is not None or self._state.doing == "cued"
        return self.loop.bpm if sounds and self.loop is not None else None

    # Cues

    def cue(
        self,
        loop: Loop,
        prompt: str,
        event: Event = "launch",
        *,
        earliest: Fraction = Fraction(0),
        lead_seconds: float = LEAD_SECONDS,
    ) -> None:
        """Let a loop begin on a quantum, or with the transport where that stands."""
        if self._set.halted:
            self._wait(loop, prompt, event)
            return
        beat = self._sink.cue(loop, earliest=earliest, lead_seconds=lead_seconds)
        self.expect(loop, prompt, beat, event)

    def hand(self, cue: Cue, loop: Loop, event: Event) -> None:
        """Let a loop begin as a cue says, or with the transport where that stands."""
        if self._set.halted:
            self._wait(loop, loop.name, event)
            return
        self._sink.put(cue)
        self.expect(loop, loop.name, cue.at_beat, event)

    def expect(self, loop: Loop, prompt: str, beat: Fraction, event: Event = "launch") -> None:
        """A loop will begin on a beat: its cue is handed over."""
        self._state.move(event)
        self._hold_on_to(loop)
        self.beat, self.waiting = beat, None
        bar = self._sink.bar_of(beat)
        self._state.next_clip = NextClip(prompt, fraction=1.0, cued_bar=bar)

    def silence(self) -> None:
        """Let the deck fall silent on the next quantum."""
        self._state.move("stop")
        self.loop = self.waiting = None
        self._sink.cue(None, lead_seconds=PRESS_LEAD_SECONDS)

    def scene_cue(self, loop: Loop | None, beat: Fraction) -> Cue | None:
        """The cue of a scene: the state is moved here, and the mixer hands it over.

        None where the loop waits for the transport.
        """
        if loop is None:
            self._state.move("stop")
            self.loop = self.waiting = None
        elif self._set.halted:
            self._wait(loop, loop.name, "launch")
            return None
        else:
            self.expect(loop, loop.name, beat)
        return self._sink.cue_at(loop, beat)

    def _wait(self, loop: Loop, prompt: str, event: Event) -> None:
        if event == "whole":
            self._state.move("held")
        self._hold_on_to(loop)
        self.waiting = Waiting(loop)
        self._state.next_clip = NextClip(prompt, fraction=1.0, held=True)

    def _hold_on_to(self, loop: Loop) -> None:
        take = self._state.history.current
        self.loop, self._is_preview = loop, False
        self._source = None if take is None else take.loop

    # Another tempo

    def retuned(self, bpm: float) -> Loop | None:
        """What sounds, from its original audio, at another tempo; None in silence.

        Raises:
            BadRequest: where the tempo is too far off.
        """
        if self.tempo_to_be is None or self._source is None:
            return None
        return self.at_tempo(self._source, bpm)

    def at_tempo(self, loop: Loop, bpm: float) -> Loop:
        """A loop at a tempo; as it is where it follows somebody whose tempo is as good as its own.

        Raises:
            BadRequest: where the tempo is too far off.
        """
        if self._set.follows and is_near(loop, bpm):
            return loop
        return conform_loop(loop, bpm, self._rate_hz)

    def retune(self, loop: Loop, beat: Fraction) -> Cue:
        """The cue that goes on with the same take at another tempo, wherever in it ``beat`` is."""
        self.loop = loop
        return replace(self._sink.cue_at(loop, beat), origin_beat=self._deck.origin_beat)

    # A take that is whole, and its preview before it

    def preview(
        self, loop: Loop, as_made: Loop, earliest: Fraction, progress: NextClip
    ) -> Fraction:
        """Let a take's preview begin on a quantum; the beat."""
        beat = self._sink.cue(loop, earliest=earliest)
        self.expect(loop, progress.prompt, beat)
        self._source, self._is_preview = as_made, True
        bar = self._sink.bar_of(beat)
        self._state.next_clip = replace(progress, cued_bar=bar, is_preview=True)
        return beat

    async def replace_preview(self, loop: Loop, beat: Fraction) -> None:
        """Let a take that is whole begin in its preview's place, which begins on ``beat``."""
        if not self.is_heard and self._sink.place(earliest=beat) == beat:
            self.hand(self._sink.cue_at(loop, beat), loop, "whole")
            return
        while not self.is_heard:  # too late for the bar itself
            await asyncio.sleep(LOOK_SECONDS)
        self.hand(in_place(loop, self._deck, self._sink), loop, "whole")

    def go_on(self, loop: Loop, source: Loop | None) -> bool:
        """Let a loop begin where a round of its source ends; False where that does not play."""
        if source is None or source is not self._source or not self.is_heard:
            return False
        cue = after_the_round(loop, self._deck, self._sink)
        if cue is not None:
            self.hand(cue, loop, "whole")
        return cue is not None

    # The run

    def look(self) -> None:
        """Let the state follow what is heard; called many times a second."""
        state, playing = self._state, self._deck.playing
        self._look_when()
        if playing is not None and self.is_heard and not self._deck.waits:
            if state.doing != "playing":
                state.move("begun")
            if (coming := state.next_clip) is not None and coming.cued_bar:
                waits = replace(coming, cued_bar=0, is_preview=False)
                state.next_clip = waits if coming.is_preview else None
        elif playing is None and state.doing in ("playing", "fading") and self._deck.idle:
            state.move("silent")
            if state.next == "rendering":
                state.move("ask")

    def _look_when(self) -> None:
        """What came too late for its quantum waits for the next one: say so."""
        beat, coming = self._deck.cued_beat, self._state.next_clip
        if beat is None or beat == self.beat or self._deck.cued is not self.loop:
            return
        self.beat = beat
        if coming is not None and coming.cued_bar:
            self._state.next_clip = replace(coming, cued_bar=self._sink.bar_of(beat))
