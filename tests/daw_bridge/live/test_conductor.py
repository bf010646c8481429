"""The conductor with the real server, heard through the offline output."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.config import BridgeConfig
from daw_bridge.live.state import DeckState, LiveState
from daw_bridge.session import building
from daw_bridge.session.live import live_offline

BAR = 96_000  # samples at 120 BPM and 48 kHz


class Set:
    """A live set that is pulled by hand."""

    def __init__(self, port, **state):
        self.output = OfflineOutput(48000, 2, 1024)
        config = BridgeConfig(bars=1, decks=1)
        self.rig = building.build_rig(config, self.output)
        self.output.start(self.rig.mixer)
        self.state = DeckState(bars=1, **state)
        whole = LiveState(decks=[self.state])
        self.live_set = building.build_set(config, whole, self.rig, ("127.0.0.1", port))
        self.conductor = self.live_set.conductors[0]

    async def until(self, reached):
        async with asyncio.timeout(15):
            while not reached():
                await asyncio.sleep(0.01)

    async def cued(self):
        await self.until(lambda: self.state.next_clip is not None and self.state.next_clip.cued_bar)

    def hear(self, n_samples):
        return self.output.render(n_samples)[:, 0]


def play(server, talk, **state):
    async def run():
        live_set = Set(server.port, **state)
        try:
            return await talk(live_set)
        finally:
            await live_set.live_set.close()

    return asyncio.run(run())


def test_a_prompt_is_heard_from_the_next_bar_on(tone_server):
    async def talk(live):
        live.hear(1000)
        live.conductor.ask("pad")
        await live.cued()
        return live.hear(4 * BAR)

    heard = play(tone_server, talk, seed=1)
    assert not heard[: BAR - 1000 - 240].any()
    assert np.array_equal(
        heard[BAR - 1000 : 2 * BAR - 1000], heard[2 * BAR - 1000 : 3 * BAR - 1000]
    )


def test_a_newer_prompt_takes_the_place_of_the_one_under_way(tone_server):
    async def talk(live):
        live.conductor.ask("first")
        await asyncio.sleep(0)
        live.conductor.ask("second")
        await live.cued()
        live.hear(2 * BAR)
        return live.rig.deck.playing.name

    assert play(tone_server, talk) == "second"


def test_the_old_loop_plays_until_the_new_one_takes_over_at_the_bar(tone_server):
    async def talk(live):
        live.conductor.ask("first")
        await live.cued()
        live.hear(BAR + 5000)
        live.conductor.ask("second")
        await live.until(lambda: live.state.prompt == "second")
        await live.cued()
        heard = live.hear(2 * BAR)
        return heard, live.rig.deck.playing

    heard, second = play(tone_server, talk)
    bar = BAR - 5000
    assert second.name == "second"
    assert np.array_equal(heard[bar : bar + BAR], second.samples[:, 0])


def test_a_new_take_comes_every_so_many_bars(tone_server):
    async def talk(live):
        live.conductor.ask("pad")
        begins = []
        for _ in range(3):
            await live.cued()
            begins.append(live.state.next_clip.cued_bar)
            while live.state.next_clip is not None and live.state.next_clip.cued_bar:
                live.hear(BAR // 2)
                await asyncio.sleep(0.06)  # the conductor looks 20 times a second
        return begins

    assert play(tone_server, talk, every_bars=2.0) == [1, 3, 5]


def test_a_refusal_is_a_message_and_the_loop_plays_on(tone_server):
    async def talk(live):
        live.conductor.ask("pad")
        await live.cued()
        live.hear(2 * BAR)
        live.state.bars = 9999
        live.conductor.ask("too long")
        await live.until(lambda: "256" in live.live_set.state.message)
        return live.hear(BAR)

    assert play(tone_server, talk).any()


def test_stop_is_silence_from_the_next_bar_on(tone_server):
    async def talk(live):
        live.conductor.ask("pad")
        await live.cued()
        live.hear(BAR + 1000)
        live.conductor.stop()
        return live.hear(2 * BAR)

    heard = play(tone_server, talk)
    assert heard[: BAR - 2000].any()
    assert not heard[BAR:].any()


@pytest.mark.parametrize("every", [0.0, 1.0])
def test_offline_writes_what_would_be_heard(tone_server, tmp_path, every):
    import soundfile

    config = BridgeConfig(server=f"127.0.0.1:{tone_server.port}", bars=1, bpm=120)
    wish = building.LiveWish("pad", every_bars=every, seed=11)
    path = tmp_path / "out.wav"
    asyncio.run(live_offline(config, wish, 8.0, path, lambda line: None))
    heard, rate_hz = soundfile.read(path, dtype="float32")
    assert (len(heard), rate_hz) == (8 * 48000, 48000)
    bars = heard[:, 0].reshape(4, BAR)[:, : BAR - 240]
    same = [np.array_equal(bars[0], bar) for bar in bars[1:]]
    assert same == ([True] * 3 if not every else [False] * 3)
    assert bars.any(axis=1).all()
