"""Preview first with the embedded model: what it previews is what it then makes."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from daw_bridge.audio.loop import Loop
from tests.daw_bridge.live.test_conductor import BAR, play
from tests.daw_bridge.servers import running_server


@pytest.fixture(scope="module")
def embedded_server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("embedded"), "--model", "embedded") as server:
        yield server


async def until(reached):
    async with asyncio.timeout(120):
        while not reached():
            await asyncio.sleep(0.02)


def likeness(first: Loop, second: Loop) -> float:
    """Correlation of the loudness of both, from 20 ms to 20 ms."""
    tracks = [
        np.sqrt((loop.samples[:, 0].reshape(-1, 960) ** 2).mean(axis=1)) for loop in (first, second)
    ]
    return float(np.corrcoef(*tracks)[0, 1])


def test_a_late_take_of_the_embedded_model_is_previewed_and_then_whole(embedded_server):
    async def talk(live):
        live.state.bars = 4
        live.conductor.ask("techno drums")
        await until(lambda: live.state.next == "cued")
        live.hear(4 * BAR - 15_000)
        live.conductor.look()
        first = live.rig.deck.playing
        # Time stands still meanwhile, a third of a second before the bar, so the model is late.
        await until(lambda: live.state.next_clip is not None and live.state.next_clip.is_preview)
        message = live.live_set.state.message
        live.hear(15_000 + BAR // 2)
        live.conductor.look()
        preview, n_takes = live.rig.deck.playing, len(live.state.history.takes)
        await until(lambda: len(live.state.history.takes) == 2)
        await asyncio.sleep(0.2)
        live.hear(BAR)
        return first, preview, live.rig.deck.playing, n_takes, message

    first, preview, whole, n_takes, message = play(embedded_server, talk, every_bars=4.0, seed=5)
    assert "from bar 5 on you hear its preview" in message
    assert n_takes == 1
    assert len({id(loop) for loop in (first, preview, whole)}) == 3
    assert preview.n_samples == whole.n_samples == 4 * BAR
    # The same music, coarse and fine; the take before it has the same words alone.
    assert likeness(preview, whole) > max(0.8, likeness(first, whole))
