"""A live set of several decks that is pulled by hand, on clips made here and no server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.clock.clock_words import ClockWords
from daw_bridge.clock.tap_tempo import TapTempo
from daw_bridge.clock.tellers import Tellers
from daw_bridge.config import BridgeConfig
from daw_bridge.live.clock_controls import clock_controls
from daw_bridge.live.following import Following
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.panel import Panel
from daw_bridge.live.state import DeckState, LiveState
from daw_bridge.session import building
from osc_server.contract.musical_time import beats_to_samples
from osc_server.contract.packets import OscMessage, decode

BAR = 96_000  # samples at 120 BPM and 48 kHz
NOBODY = ("127.0.0.1", 9)  # the discard port: no server answers


class Ear:
    """A surface that keeps what it is told."""

    def __init__(self):
        self.heard = []

    def send(self, packet):
        (message,) = decode(packet)
        self.heard.append((message.address, *message.args))

    def last(self, address):
        return next((args for at, *args in reversed(self.heard) if at == address), None)


class PulledSet:
    """Decks, each on its own output, a panel and an ear; takes come as the test hands them over."""

    def __init__(self, n_decks=2, leaders=(), **settings):
        outputs = tuple((number + 1,) for number in range(n_decks))
        config = BridgeConfig(decks=n_decks, outputs=(1,), deck_outputs=outputs, bars=1)
        self.output = OfflineOutput(48000, len(config.live_outputs()), 1024)
        self.osc, self.tap = Tellers(), TapTempo()
        self.rig = building.build_rig(config, self.output, (*leaders, self.osc, self.tap))
        self.output.start(self.rig.mixer)
        decks = [DeckState(number=n + 1, bars=1, **settings) for n in range(n_decks)]
        self.state = LiveState(decks=decks)
        self.live: LiveSet = building.build_set(config, self.state, self.rig, NOBODY)
        self.following = Following(self.live)
        clock, live = self.rig.clock, self.live
        words = ClockWords(
            *(clock, live.set_bpm, live.set_meter, self._set_quantum, self.state.say),
            *(self.osc, self.tap),
        )
        controls = clock_controls(live, words, lambda: self.seconds)
        self.panel = Panel(live, controls, words.forget)
        self.ear = Ear()
        self.asked, self.deadlines, self.previews = [], [], []
        self.made: list[asyncio.Future[ClipResult]] = []
        for conductor in self.live.conductors:
            conductor.maker.make = self._make_of(conductor)

    def _set_quantum(self, quantum):
        self.live.quantum = quantum

    @property
    def seconds(self):
        """Now, as a clock on the wall would say: what was pulled has been heard."""
        return self.output.heard_sample() / 48000

    def send(self, address, *args):
        self.panel.receive(OscMessage(f"/magnet/{address}", args), self.ear)

    def ask(self, address):
        self.ear.heard.clear()
        self.send(address)
        return self.ear.heard[-1][1]

    async def follow(self, seconds):
        """Pull, and let the clock follow who leads and the decks the clock, as they do in a run."""
        blocks, end = [], round(self.seconds * 48000) + round(seconds * 48000)
        while (left := end - self.output.heard_sample()) > 0:
            blocks.append(self.output.render(min(left, 1024)))
            self.rig.clock.update(self.seconds)
            self.following.look(self.seconds)
            await asyncio.sleep(0.0005)
        return np.concatenate(blocks)

    def hear(self, n_samples):
        """Pull, and let the states follow as they do in a run."""
        blocks = []
        while n_samples > 0:
            count = min(n_samples, 4096)
            blocks.append(self.output.render(count))
            self.live.look()
            n_samples -= count
        return np.concatenate(blocks)

    async def until(self, reached: Callable[[], object]):
        async with asyncio.timeout(10):
            while not reached():
                await asyncio.sleep(0.002)

    async def take(self, number, value, **facts):
        """Generate on a deck, and let the take come at once."""
        self.send(f"deck/{number}/prompt", f"take {value}")
        self.send(f"deck/{number}/generate", 1)
        await self.until(lambda: self.made and not self.made[-1].done())
        await self.deliver(number, value, **facts)

    async def deliver(self, number, value, **facts):
        """What was asked for last is there."""
        deck = self.state.decks[number - 1]
        n_takes = len(deck.history.takes)
        self.made[-1].set_result(clip(value, prompt=self.asked[-1].prompt, **facts))
        await self.until(lambda: len(deck.history.takes) > n_takes and deck.next != "rendering")

    def _make_of(self, conductor):
        async def make(ask, deadline_seconds=None, on_preview=None):
            self.asked.append(ask)
            self.deadlines.append(deadline_seconds)
            self.previews.append(on_preview)
            self.made.append(asyncio.get_running_loop().create_future())
            return await self.made[-1]

        return make


def clip(value, prompt="pad", beats=4, bpm=120.0):
    """A clip that holds one value everywhere."""
    n_samples = beats_to_samples(Fraction(beats), bpm, 48000)
    return ClipResult(
        id=f"clip-{value}",
        prompt=prompt,
        path=None,
        seconds=n_samples / 48000,
        bars=beats / 4,
        beats=Fraction(beats),
        bpm=bpm,
        bpm_measured=0.0,
        seam=1.0,
        lufs=-14.0,
        seed=7,
        rate_hz=48000,
        rtf=0.4,
        notes="",
        streamed=np.full((n_samples, 1), value, np.float32),
    )


def play(talk, *args, **settings):
    """Run ``await talk(set)``."""

    async def run():
        live = PulledSet(*args, **settings)
        try:
            return await talk(live)
        finally:
            live.following.close()
            await live.live.close()

    return asyncio.run(run())
