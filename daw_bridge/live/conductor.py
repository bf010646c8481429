"""The conductor: what is asked for becomes the next loop, on its bar."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from daw_bridge.audio.deck import Deck
from daw_bridge.audio.loop import Loop
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.options import GenerateOptions
from daw_bridge.delivery.deck_sink import DeckSink
from daw_bridge.live.server_link import ServerLink
from daw_bridge.live.state import LiveState, NextClip
from osc_server.contract.errors import Cancelled, DeviceUnavailable, MagnetError
from osc_server.contract.replies import Progress
from osc_server.contract.requests import RATES_HZ, Delivery

_LANE = "deck 1"
_LOOK_SECONDS = 0.05
_COMMON_RATE_HZ = 48000


@dataclass(frozen=True, slots=True)
class Ask:
    """One wish: a prompt with the settings that held when it was made.

    Attributes:
        prompt: what the musician wants to hear.
        bars: its length.
        bpm: its tempo.
        seed: None = another each time.
        earliest: the clock's beat before which it shall not begin.
    """

    prompt: str
    bars: float
    bpm: float
    seed: int | None
    earliest: Fraction = Fraction(0)


class Conductor:
    """Turns wishes into loops on a deck, one at a time; the newest wish wins.

    The deck never waits for it: until a new clip is cued the old one plays on, also while the
    server is away.

    Args:
        state: what the screen shows; the settings of the next clip are read from it.
        link: the way to the server.
        sink: where clips go.
        deck: the deck behind the sink.
        shape: the deck's rate in Hz, and its channels.
        delivery: ``"stream"`` where the server's disk is not this computer's.
    """

    def __init__(
        self,
        state: LiveState,
        link: ServerLink,
        sink: DeckSink,
        deck: Deck,
        shape: tuple[int, int],
        delivery: Delivery = "path",
    ) -> None:
        rate_hz, n_channels = shape
        self._state = state
        self._link = link
        self._sink = sink
        self._deck = deck
        self._rate_hz = rate_hz if rate_hz in RATES_HZ else _COMMON_RATE_HZ
        self._n_channels = min(n_channels, 2)
        self._delivery: Delivery = delivery
        self._task: asyncio.Task[None] | None = None

    def ask(self, prompt: str) -> None:
        """Make a clip of this prompt, as the settings stand, instead of what is under way."""
        state = self._state
        state.prompt = prompt
        self._replace_task(self._play(Ask(prompt, state.bars, state.bpm, state.seed)))

    def stop(self) -> None:
        """Give up what is under way, and let the deck fall silent on the next bar."""
        self._replace_task(None)
        self._sink.cue(None)

    async def close(self) -> None:
        """Give up what is under way."""
        self._replace_task(None)
        await self._link.close()

    async def make(self, ask: Ask) -> ClipResult:
        """A clip from the server, however often the server has to come back first.

        Raises:
            MagnetError: what the server named.
        """
        options: GenerateOptions = {
            "bars": ask.bars,
            "bpm": ask.bpm,
            "meter": str(self._state.meter),
            "lane": _LANE,
            "rate": self._rate_hz,
            "channels": self._n_channels,
            "delivery": self._delivery,
        }
        if ask.seed is not None:
            options["seed"] = ask.seed
        while True:
            client = await self._link.client()
            self._state.next_clip = NextClip(ask.prompt)
            try:
                return await client.generate(ask.prompt, on_progress=self._progress, **options)
            except (DeviceUnavailable, Cancelled):
                # Nobody here cancels without cancelling this task: the server went away.
                await self._link.lost()

    async def _play(self, ask: Ask) -> None:
        """Make a clip and cue it; then, if a new take is wanted every so many bars, go on."""
        state = self._state
        while (loop := await self._cue(ask)) is not None:
            while self._deck.playing is not loop:
                await asyncio.sleep(_LOOK_SECONDS)
            state.next_clip = None
            if not state.every_bars:
                return
            ask = self.following(ask, self._deck.origin_beat or Fraction(0))

    def following(self, ask: Ask, began: Fraction) -> Ask:
        """The wish for the next take, where the clip of this one began on beat ``began``."""
        state = self._state
        every_beats = Fraction(state.every_bars) * state.meter.beats_per_bar
        seed = None if ask.seed is None else ask.seed + 1
        return Ask(ask.prompt, state.bars, state.bpm, seed, began + every_beats)

    async def _cue(self, ask: Ask) -> Loop | None:
        state = self._state
        try:
            clip = await self.make(ask)
            await self._link.look()
            loop = await asyncio.to_thread(self._sink.load, clip)
            beat = self._sink.cue(loop, earliest=ask.earliest)
        except MagnetError as error:
            state.next_clip = None
            state.message = str(error)
            return None
        bar = int(beat / state.meter.beats_per_bar) + 1
        state.next_clip = NextClip(ask.prompt, fraction=1.0, cued_bar=bar)
        state.message = f"seed {clip.seed}, {clip.lufs:.1f} LUFS, RTF {clip.rtf:.2f}" + (
            f"; {clip.notes}" if clip.notes else ""
        )
        return loop

    def _progress(self, progress: Progress) -> None:
        current = self._state.next_clip
        if current is not None:
            self._state.next_clip = replace(
                current, fraction=progress.fraction, eta_seconds=progress.eta_seconds
            )

    def _replace_task(self, work: Coroutine[Any, Any, None] | None) -> None:
        if self._task is not None:
            self._task.cancel()  # which cancels its job on the server
        self._state.next_clip = None
        self._task = None if work is None else asyncio.create_task(work)
        if self._task is not None:
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._state.message = f"something broke in the bridge: {error!r}"
