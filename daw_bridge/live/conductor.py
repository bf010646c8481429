"""The conductor of a deck: what is asked for becomes its next loop, on the quantum."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from fractions import Fraction
from typing import Any

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.load import load_loop
from daw_bridge.audio.loop import Loop
from daw_bridge.client.clip_result import PreviewResult
from daw_bridge.delivery.deck_sink import PRESS_LEAD_SECONDS, DeckSink
from daw_bridge.live import asking
from daw_bridge.live.asking import Ask
from daw_bridge.live.cueing import LOOK_SECONDS, Cueing
from daw_bridge.live.maker import TakeMaker
from daw_bridge.live.placing import as_if_begun
from daw_bridge.live.stand_in import StandIn
from daw_bridge.live.state import DeckState, LiveState, NextClip
from daw_bridge.live.takes import HeldTake, History
from daw_bridge.making import in_short
from osc_server.contract.errors import (
    BadRequest,
    MagnetError,
    StorageFailed,
)
from osc_server.contract.requests import Continue

_LOADING_SECONDS = 0.25

Tempo = Callable[[], float | None]
"""The tempo of the other decks that sound; None where there are none."""


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
        self.cueing = Cueing(state, deck_state, deck, sink, shape[0])
        self._task: asyncio.Task[None] | None = None
        self._told_task: asyncio.Task[None] | None = None

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

    def go_on(self) -> None:
        """Make what comes after the take. Raises BadRequest where there is none."""
        self._begin(self._of_a_take(asking.continuation(self.state, self._set.bpm)))

    def close_loop(self) -> None:
        """Close the seam of the take. Raises BadRequest where there is none."""
        self._begin(self._of_a_take(asking.closed_loop(self.state, self._set.bpm)))

    def infill(self) -> None:
        """Make a part of the take anew. Raises BadRequest where there is none."""
        self._begin(self._of_a_take(asking.infill(self.state, self._set.bpm)))

    def stop(self) -> None:
        """Give up what is under way, and let the deck fall silent on the next quantum."""
        self._give_up()
        self.cueing.silence()

    async def take_in(self, take: HeldTake, began: Fraction) -> None:
        """Take over a take that came in: on the next beat, as if it had begun on beat ``began``.

        Raises:
            StorageFailed: where it cannot be read.
            BadRequest: where its tempo is too far off.
        """
        loop = await asyncio.to_thread(self.loop_of, take, self._tempo() or self._set.bpm)
        self._give_up()
        self.state.history.add(take)
        self._ask = Ask(self.state.prompt, self.state.bars, take.bpm, self.state.seed)
        if self.state.hold:
            self._hold(loop.name)
            return
        self.state.move("ask")
        self.cueing.hand(as_if_begun(loop, began, self.sink), loop, "whole")
        self.follow()

    def say_later(self, name: str) -> None:
        """A setting was moved: where a take is being made say, once, that it holds for the next."""
        if self.state.next == "rendering" and self._told_task is not self._task:
            self._told_task = self._task
            self._set.message = (
                f"deck {self.state.number} is making a take: {name}, and what else you set "
                "meanwhile, holds for the next one"
            )

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
        self.cueing.cue(loop, take.prompt, lead_seconds=PRESS_LEAD_SECONDS)
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
        loop, ask = self.cueing.loop, self._ask
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
            take.loop = replace(loop, name=take.prompt or loop.name)
        return self.cueing.at_tempo(take.loop, bpm)

    def adopt(self, place: int) -> None:
        """A take of the history is on, and about to be cued; what is under way is given up."""
        self._give_up()
        take = self.state.history.go(place)
        if self._ask is None or self._ask.prompt != take.prompt:
            self._ask = Ask(take.prompt, self.state.bars, take.bpm, take.seed)

    def cue_for(self, loop: Loop | None, beat: Fraction) -> Cue | None:
        """As ``Cueing.scene_cue``; what is under way is given up for silence."""
        if loop is None:
            self._give_up()
        cue = self.cueing.scene_cue(loop, beat)
        if loop is not None:
            self.follow()
        return cue

    @property
    def tempo_to_be(self) -> float | None:
        """The tempo of the loop that plays or is cued; None in silence."""
        return self.cueing.tempo_to_be

    def retuned(self, bpm: float) -> Loop | None:
        """As ``Cueing.retuned``."""
        return self.cueing.retuned(bpm)

    def retune(self, loop: Loop, beat: Fraction) -> Cue:
        """As ``Cueing.retune``."""
        return self.cueing.retune(loop, beat)

    def look(self) -> None:
        """Let the state follow what is heard; called many times a second."""
        self.cueing.look()

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
            while not self.cueing.is_heard:  # which a change of tempo replaces
                await asyncio.sleep(LOOK_SECONDS)
            self.look()
            deck, take = self.state, self.state.history.current
            if not deck.every_bars or deck.follow == "none" or (take is not None and take.kept):
                return
            ask = self.following(ask, self.deck.origin_beat or Fraction(0))
            loop = await self._take(ask)
            while loop is None and self._tries_again:
                while self.sink.seconds_until(ask.earliest) > 0:
                    await asyncio.sleep(LOOK_SECONDS)
                ask = self.following(ask, ask.earliest)
                loop = await self._take(ask)

    @property
    def _tries_again(self) -> bool:
        """Whether a follow action of which nothing came goes on: while the take before plays."""
        deck = self.state
        follows = deck.every_bars > 0 and deck.follow != "none" and not deck.hold
        return follows and self.deck.playing is not None

    async def _take(self, ask: Ask) -> Loop | None:
        """Make a take and cue it, or hold it; the cued loop."""
        deck = self.state
        deck.next_clip = NextClip(ask.prompt)
        stand_in = StandIn(self.sink, ask.earliest, lambda heard: self._stand_in(heard, ask))
        try:
            left_seconds = self.sink.seconds_until(ask.earliest) - _LOADING_SECONDS
            has_a_bar = ask.earliest > 0 and not deck.hold
            on_preview = stand_in.hear if has_a_bar else None
            clip = await self.maker.make_in_time(ask, left_seconds, on_preview)
            await self.maker.look()
            take = HeldTake.of(clip, await asyncio.to_thread(self.sink.load, clip))
            take.prompt = take.prompt or deck.prompt
            # Alone it sets the tempo: that which holds now, not when it was asked for.
            loop = await asyncio.to_thread(self.loop_of, take, self._tempo() or self._set.bpm)
            stand_in.close()
            before = deck.history.current
            deck.history.add(take)
            self._ask = ask
            self._set.rtf = clip.rtf
            self._set.message = in_short(clip)
            if deck.hold:
                self._hold(take.prompt)
                return None
            if stand_in.beat is not None and self.cueing.is_preview:
                await self.cueing.replace_preview(loop, stand_in.beat)
            elif not (
                isinstance(ask.start, Continue)
                and self.cueing.go_on(loop, None if before is None else before.loop)
            ):
                self.cueing.cue(loop, take.prompt, "whole", earliest=ask.earliest)
        except MagnetError as error:
            deck.next_clip = None
            deck.move("failed")
            self._set.message = str(error)
            self._go_back()
            return None
        finally:
            stand_in.close()
        return loop

    async def _stand_in(self, preview: PreviewResult, ask: Ask) -> Fraction:
        """Cue a preview; the beat on which it will begin."""
        deck = self.state
        take = deck.history.current
        as_long = ask.start is not None and not isinstance(ask.start, Continue)
        beats = Fraction(ask.bars) * self._set.meter.beats_per_bar
        beats = take.beats if as_long and take is not None else beats
        as_made = await asyncio.to_thread(
            self.sink.load_preview, preview, ask.prompt, beats, ask.bpm
        )
        bpm = self._tempo() or self._set.bpm
        loop = await asyncio.to_thread(self.cueing.at_tempo, as_made, bpm)
        while self._set.halted:
            await asyncio.sleep(LOOK_SECONDS)
        progress = deck.next_clip or NextClip(ask.prompt)
        beat = self.cueing.preview(loop, as_made, ask.earliest, progress)
        self._set.message = (
            f"deck {deck.number}: the next take is late, so from bar {self.sink.bar_of(beat)} on "
            "you hear its preview, which is coarse, until it is whole"
        )
        return beat

    def _go_back(self) -> None:
        """Nothing came of a take whose preview is heard: back to the take that was on."""
        take = self.state.history.current
        if self.cueing.is_preview and take is not None and take.loop is not None:
            bpm = self._tempo() or self._set.bpm
            self.cueing.cue(self.cueing.at_tempo(take.loop, bpm), take.prompt)

    def _hold(self, prompt: str) -> None:
        """A take is there, and waits for launch."""
        self.state.move("held")
        self.state.next_clip = NextClip(prompt, fraction=1.0, held=True)

    def _go(self, place: int | None, where: str) -> None:
        if place is None:
            raise BadRequest(f"deck {self.state.number} has no take {where} this one")
        self.recall(place)

    def _of_a_take(self, ask: Ask | None) -> Ask:
        if ask is None:
            raise BadRequest(f"deck {self.state.number} is empty: generate a take first")
        if ask.of_a_file and self.maker.is_remote:
            raise BadRequest(
                "this take was captured on this computer, and the server runs on another, which "
                "cannot read it: it plays, but nothing can be made from it"
            )
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
