"""The conductor of a deck: what is asked for becomes its next loop, on the quantum."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from daw_bridge.audio.conform import conform_loop, is_near
from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.load import load_loop
from daw_bridge.audio.loop import Loop
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.delivery.deck_sink import LEAD_SECONDS, PRESS_LEAD_SECONDS, DeckSink
from daw_bridge.live import asking
from daw_bridge.live.asking import Ask
from daw_bridge.live.deck_moves import Event
from daw_bridge.live.maker import TakeMaker
from daw_bridge.live.state import DeckState, LiveState, NextClip
from daw_bridge.live.takes import HeldTake, History
from osc_server.contract.errors import (
    BadRequest,
    MagnetError,
    StorageFailed,
)

_LOOK_SECONDS = 0.05
_LOADING_SECONDS = 0.25

Tempo = Callable[[], float | None]
"""The tempo that a loop must have, of whom is followed or of the other decks that sound; None where
it may lead."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A loop that begins when the transport does.

    Attributes:
        loop: which one.
        song_beat: the beat of the song on which its first sample lay; None for one that begins on
            a quantum.
    """

    loop: Loop
    song_beat: Fraction | None = None


class Conductor:
    """Turns wishes into loops on a deck, one at a time; the newest wish wins.

    The deck never waits for it: until a new take is whole and cued the old one plays on, also
    while the server is away.

    Args:
        state: of the whole set.
        deck_state: what surfaces and the screen show of this deck; its settings are read from it.
        maker: gets clips from the server.
        sink: where clips go.
        deck: the deck behind the sink.
        shape: the deck's rate in Hz, and its channels.
        tempo: asked whenever a take is cued.
        outputs: of the sound device, as the musician counts them.
    """

    def __init__(  # noqa: PLR0913  # what it connects
        self,
        state: LiveState,
        deck_state: DeckState,
        maker: TakeMaker,
        sink: DeckSink,
        deck: Deck,
        shape: tuple[int, int],
        tempo: Tempo = lambda: None,
        outputs: str = "1,2",
    ) -> None:
        self.state = deck_state
        self.maker = maker
        self.deck = deck
        self.outputs = outputs
        self.sink = sink
        self._set = state
        self._shape = shape
        self._tempo = tempo
        self._ask: Ask | None = None
        self.cued: Loop | None = None
        """The loop that plays, or waits for its quantum or for the transport."""
        self.cued_beat = Fraction(0)
        """The clock's beat on which it was last cued to begin."""
        self.waiting: Waiting | None = None
        self._task: asyncio.Task[None] | None = None

    # Wishes

    def ask(self, prompt: str = "") -> None:
        """Make a take of this prompt, as the settings stand, instead of what is under way.

        Raises:
            BadRequest: where there are no words, no list of them and no preset.
        """
        deck = self.state
        listed = asking.prompt_list(deck.prompts)
        deck.prompt = prompt or deck.prompt or (listed[0] if listed else "")
        if not deck.prompt and not deck.preset:
            raise BadRequest(f"deck {deck.number} has no prompt yet: say what you want to hear")
        self._begin(Ask(deck.prompt, deck.bars, self._set.bpm, deck.seed))

    def vary(self) -> None:
        """Make a variation of the take. Raises BadRequest where there is none."""
        self._begin(self._of_a_take(asking.variation(self.state, self._set.bpm)))

    def infill(self) -> None:
        """Make a part of the take anew. Raises BadRequest where there is none."""
        self._begin(self._of_a_take(asking.infill(self.state, self._set.bpm)))

    def stop(self) -> None:
        """Give up what is under way, and let the deck fall silent on the next quantum."""
        self._give_up()
        self.state.move("stop")
        self.cued = self.waiting = None
        self.sink.cue(None, lead_seconds=PRESS_LEAD_SECONDS)

    def launch(self) -> None:
        """Begin the take that waits, or the present one anew, on the next quantum.

        Raises:
            BadRequest: for a deck without a take.
        """
        self.recall(self.state.history.place)

    def recall(self, place: int) -> None:
        """Begin a take of the history on the next quantum.

        Raises:
            BadRequest: where there is no such take.
            StorageFailed: where its audio cannot be read any more.
        """
        take = self.take_at(place)
        loop = self.loop_of(take, self._tempo() or self.sink.bpm)
        self.adopt(place)
        self.begin(loop, take.prompt, lead_seconds=PRESS_LEAD_SECONDS)
        self.follow()

    def undo(self) -> None:
        """The take before, on the next quantum. Raises BadRequest where there is none."""
        self._go(self.state.history.before, "before")

    def redo(self) -> None:
        """The take after, on the next quantum. Raises BadRequest where there is none."""
        self._go(self.state.history.after, "after")

    def keep(self) -> None:
        """Keep the take, or let go of it again. Raises BadRequest where there is none."""
        take = self.take_at(self.state.history.place)
        take.kept = not take.kept
        if not take.kept:
            self.follow()

    def follow(self) -> None:
        """Begin to follow, where follow actions were set while a take plays already."""
        busy = self._task is not None and not self._task.done()
        loop, ask = self.cued, self._ask
        if not busy and loop is not None and ask is not None and self.state.every_bars:
            self._replace_task(self._follow_on(loop, ask))

    async def close(self) -> None:
        """Give up what is under way."""
        self._replace_task(None)

    # What several decks do together

    def restore(self, takes: list[HeldTake], place: int) -> None:
        """Take over a history, of a deck that is empty; its state is then ``stopped``."""
        self.state.history = History(takes, place)
        if takes:
            self.state.move("held")

    def take_at(self, place: int) -> HeldTake:
        """A take of the history. Raises BadRequest where there is none."""
        takes = self.state.history.takes
        if not takes:
            raise BadRequest(f"deck {self.state.number} is empty: generate a take first")
        if not 0 <= place < len(takes):
            raise BadRequest(f"deck {self.state.number} has takes 1 to {len(takes)}")
        return takes[place]

    def loop_of(self, take: HeldTake, bpm: float) -> Loop:
        """A take's audio at a tempo; read again where memory has let it go.

        Raises:
            StorageFailed: where it cannot be read any more.
            BadRequest: where its tempo is too far off.
        """
        rate_hz, n_channels = self._shape
        if take.loop is None:
            if take.path is None:
                raise StorageFailed(f"the audio of {take.prompt!r} is not on this computer")
            loop = load_loop(take.path, take.beats, take.bpm, rate_hz, n_channels)
            take.loop = replace(loop, name=take.prompt or take.clip)
        if self._set.follows and is_near(take.loop, bpm):
            return take.loop
        return conform_loop(take.loop, bpm, rate_hz)

    def adopt(self, place: int) -> None:
        """A take of the history is on, and about to be cued; what is under way is given up."""
        self._give_up()
        take = self.state.history.go(place)
        if self._ask is None or self._ask.prompt != take.prompt:
            self._ask = Ask(take.prompt, self.state.bars, take.bpm, take.seed)

    def cue_for(self, loop: Loop | None, beat: Fraction) -> Cue | None:
        """The cue of a scene: the deck is moved here, and the mixer hands the cue over.

        None where it waits for the transport.
        """
        self.waiting = None
        if loop is None:
            self._give_up()
            self.state.move("stop")
        elif self._set.halted:
            self._wait(loop, loop.name)
            return None
        else:
            self.expect(loop, loop.name, beat)
        self.cued = loop
        if loop is not None:
            self.follow()
        return self.sink.cue_at(loop, beat)

    @property
    def tempo_to_be(self) -> float | None:
        """The tempo of the loop that plays or is cued; None in silence."""
        sounds = self.deck.playing is not None or self.state.doing == "cued"
        return self.cued.bpm if sounds and self.cued is not None else None

    def retuned(self, bpm: float) -> Loop | None:
        """The take that sounds, from its original audio, at another tempo; None in silence.

        Raises:
            BadRequest: where the tempo is too far off.
        """
        take = self.state.history.current
        if self.tempo_to_be is None or take is None or take.loop is None:
            return None
        return self.loop_of(take, bpm)

    def retune(self, loop: Loop, beat: Fraction) -> Cue:
        """The cue that goes on with the same take at another tempo, wherever in it ``beat`` is."""
        origin = self.deck.origin_beat
        self.cued = loop
        return replace(self.sink.cue_at(loop, beat), origin_beat=origin)

    def look(self) -> None:
        """Let the state follow what is heard; called many times a second."""
        state, playing = self.state, self.deck.playing
        if playing is not None and playing is self.cued and not self.deck.waits:
            if state.doing != "playing":
                state.move("begun")
            if state.next_clip is not None and state.next_clip.cued_bar:
                state.next_clip = None
        elif playing is None and state.doing in ("playing", "fading") and self.deck.idle:
            state.move("silent")
            if state.next == "rendering":
                state.move("ask")

    # Making takes, one after another

    def following(self, ask: Ask, began: Fraction) -> Ask:
        """The wish for the next take, where the clip of this one began on beat ``began``."""
        every_beats = Fraction(self.state.every_bars) * self._set.meter.beats_per_bar
        return asking.following(self.state, ask, self._set.bpm, began + every_beats)

    def _begin(self, ask: Ask) -> None:
        self.state.move("ask")
        self._replace_task(self._play(ask))

    async def _play(self, ask: Ask) -> None:
        """Make a take and cue it; then follow, if that is wanted."""
        loop = await self._take(ask)
        if loop is not None:
            await self._follow_on(loop, ask)

    async def _follow_on(self, loop: Loop | None, ask: Ask) -> None:
        """Once a take is heard make the next, again and again."""
        while loop is not None:
            while self.deck.playing is not self.cued:  # which a change of tempo replaces
                await asyncio.sleep(_LOOK_SECONDS)
            self.look()
            deck, take = self.state, self.state.history.current
            if not deck.every_bars or deck.follow == "none" or (take is not None and take.kept):
                return
            ask = self.following(ask, self.deck.origin_beat or Fraction(0))
            loop = await self._take(ask)

    async def _take(self, ask: Ask) -> Loop | None:
        """Make a take and cue it, or hold it; the cued loop."""
        deck = self.state
        deck.next_clip = NextClip(ask.prompt)
        try:
            left_seconds = self.sink.seconds_until(ask.earliest) - _LOADING_SECONDS
            clip = await self.maker.make_in_time(ask, left_seconds)
            await self.maker.look()
            take = HeldTake.of(clip, await asyncio.to_thread(self.sink.load, clip))
            take.prompt = take.prompt or deck.prompt
            # Alone it sets the tempo: that which holds now, not when it was asked for.
            loop = await asyncio.to_thread(self.loop_of, take, self._tempo() or self._set.bpm)
            deck.history.add(take)
            self._ask = ask
            self._set.message = _in_short(clip)
            if deck.hold:
                deck.move("held")
                deck.next_clip = NextClip(take.prompt, fraction=1.0, held=True)
                return None
            self.begin(loop, take.prompt, "whole", earliest=ask.earliest)
        except MagnetError as error:
            deck.next_clip = None
            deck.move("failed")
            self._set.message = str(error)
            return None
        return loop

    def begin(
        self,
        loop: Loop,
        prompt: str,
        event: Event = "launch",
        *,
        earliest: Fraction = Fraction(0),
        lead_seconds: float = LEAD_SECONDS,
    ) -> None:
        """Let a loop begin on the next quantum, or with the transport where that stands."""
        if self._set.halted:
            self._wait(loop, prompt, event)
            return
        self.waiting = None
        beat = self.sink.cue(loop, earliest=earliest, lead_seconds=lead_seconds)
        self.expect(loop, prompt, beat, event)

    def _wait(self, loop: Loop, prompt: str, event: Event = "launch") -> None:
        """Let a loop begin with the transport, which stands."""
        if event == "whole":
            self.state.move("held")
        self.cued, self.waiting = loop, Waiting(loop)
        self.state.next_clip = NextClip(prompt, fraction=1.0, held=True)

    def expect(self, loop: Loop, prompt: str, beat: Fraction, event: Event = "launch") -> None:
        """Take note of a loop that somebody cues for a beat."""
        self.state.move(event)
        self.cued, self.cued_beat = loop, beat
        bar = self.sink.bar_of(beat)
        self.state.next_clip = NextClip(prompt, fraction=1.0, cued_bar=bar)

    def _go(self, place: int | None, where: str) -> None:
        if place is None:
            raise BadRequest(f"deck {self.state.number} has no take {where} this one")
        self.recall(place)

    def _of_a_take(self, ask: Ask | None) -> Ask:
        if ask is None:
            raise BadRequest(f"deck {self.state.number} is empty: generate a take first")
        return ask

    def _give_up(self) -> None:
        self._replace_task(None)

    def _replace_task(self, work: Coroutine[Any, Any, None] | None) -> None:
        if self._task is not None:
            self._task.cancel()  # which cancels its job on the server
        self.state.next_clip = None
        self._task = None if work is None else asyncio.create_task(work)
        if self._task is not None:
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._set.message = f"something broke in the bridge: {error!r}"


def _in_short(clip: ClipResult) -> str:
    """What a clip is, for the line of messages."""
    said = [f"seed {clip.seed}, {clip.lufs:.1f} LUFS, RTF {clip.rtf:.2f}"]
    if clip.notes:
        said.append(clip.notes)
    if clip.unknown_words:
        said.append(f"the model never learned: {' '.join(clip.unknown_words)}")
    return "; ".join(said)
