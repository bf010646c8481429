"""Preview first where a take is late: heard through the offline output, sample by sample."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from daw_bridge.client.clip_result import PreviewResult
from osc_server.contract.errors import GenerationFailed
from tests.daw_bridge.live.sets import BAR, clip, play

FADE = 240
BEAT = BAR // 4
OLD, COARSE = 0.25, 0.5
STEPS = np.repeat(np.arange(8, dtype=np.float32) / 16 + 0.5, BAR // 8)[:, None]


def preview():
    return PreviewResult(None, 1, (np.full((BAR, 1), COARSE, np.float32), 48000))


def whole():
    """A take of which every place can be told: it goes up in eight steps."""
    return replace(clip(0.75, prompt="pad"), streamed=STEPS)


async def waiting(live):
    """A take plays, and the next one is being made, for the bar two bars later."""
    live.send("deck/1/every", 2)
    live.send("deck/1/prompt", "pad")
    live.send("deck/1/generate", 1)
    await live.until(lambda: live.made)
    await live.deliver(1, OLD)
    live.hear(1000)
    await live.until(lambda: len(live.made) == 2)


async def coarse(live):
    """The preview is there, and cued."""
    live.previews[1](preview())
    await live.until(lambda: live.state.deck.next == "cued")


async def finished(live):
    live.made[1].set_result(whole())
    await live.until(lambda: len(live.state.deck.history.takes) == 2)
    await asyncio.sleep(0.1)  # twice the conductor's look


def test_a_first_take_has_no_bar_of_its_own_and_asks_for_no_preview():
    async def talk(live):
        await waiting(live)
        return [on_preview is not None for on_preview in live.previews]

    assert play(talk, 1) == [False, True]


def test_a_late_takes_preview_is_heard_from_its_bar_on_and_the_take_in_its_place():
    async def talk(live):
        await waiting(live)
        live.hear(2 * BAR - 1000 - 15_000)  # 0.31 s are left
        states = [(live.ask("deck/1/state"), live.ask("deck/1/next"), live.ask("live/message"))]
        await coarse(live)
        states.append((live.ask("deck/1/next"), live.ask("live/message")))
        before = live.hear(15_000 + BAR)
        states.append((live.ask("deck/1/state"), live.ask("deck/1/next"), live.ask("deck/1/takes")))
        live.hear(3000)
        await finished(live)
        heard = live.hear(2 * BAR - 3000)
        states.append((live.ask("deck/1/state"), live.ask("deck/1/takes")))
        return states, before[:, 0], heard[:, 0]

    states, before, heard = play(talk, 1)
    assert states[0][:2] == ("playing", "rendering")
    assert states[1][0] == "cued"
    assert "from bar 3 on you hear its preview" in states[1][1]
    assert states[2] == ("playing", "rendering", 1)
    assert states[3] == ("playing", 2)
    assert (before[: 15_000 - FADE] == np.float32(OLD)).all()
    assert (before[15_000:] == np.float32(COARSE)).all()
    # A cue needs a quarter of a second: of the beats from sample 3000 on it is the first or second.
    swapped = int(np.flatnonzero(heard != np.float32(COARSE))[0]) + 3000
    beat = round((swapped + FADE) / BEAT) * BEAT
    assert beat in (BEAT, 2 * BEAT)
    assert beat - FADE <= swapped <= beat
    took_over = np.concatenate([np.zeros(3000), heard])[beat : 2 * BAR]
    assert np.array_equal(took_over, np.tile(STEPS[:, 0], 2)[beat : 2 * BAR])


def test_the_take_replaces_its_preview_without_a_bump():
    async def talk(live):
        await waiting(live)
        live.hear(2 * BAR - 16_000)
        await coarse(live)
        live.hear(16_000 + BAR)
        same = replace(clip(COARSE, prompt="pad"), streamed=np.full((BAR, 1), COARSE, np.float32))
        live.made[1].set_result(same)
        await live.until(lambda: len(live.state.deck.history.takes) == 2)
        await asyncio.sleep(0.1)
        return live.hear(BAR)

    # Equal power would add up two like sounds to 1.41 times their amplitude.
    assert play(talk, 1) == pytest.approx(COARSE, abs=1e-6)


def test_a_take_that_comes_in_time_is_all_that_is_heard():
    async def talk(live):
        await waiting(live)
        live.previews[1](preview())
        await asyncio.sleep(0.1)
        early = live.ask("deck/1/next")
        live.hear(BAR)
        await finished(live)
        return early, live.hear(2 * BAR - 1000)[:, 0]

    early, heard = play(talk, 1)
    assert early == "rendering"
    bar = BAR - 1000
    assert (heard[: bar - FADE] == np.float32(OLD)).all()
    assert np.array_equal(heard[bar:], STEPS[:, 0])


def test_a_take_that_comes_after_the_last_call_but_before_its_bar_takes_that_bar():
    async def talk(live):
        await waiting(live)
        live.hear(2 * BAR - 1000 - 16_000)
        await coarse(live)
        await finished(live)
        return live.hear(16_000 + BAR)[:, 0]

    heard = play(talk, 1)
    assert np.array_equal(heard[16_000:], STEPS[:, 0])


def test_a_take_that_comes_too_late_for_the_bar_waits_for_its_preview_to_begin():
    async def talk(live):
        await waiting(live)
        live.hear(2 * BAR - 1000 - 16_000)
        await coarse(live)
        live.hear(10_000)  # an eighth of a second is left
        live.made[1].set_result(whole())
        await live.until(lambda: len(live.state.deck.history.takes) == 2)
        parts = [live.hear(6000 + 2000)]
        await asyncio.sleep(0.1)
        parts.append(live.hear(2 * BAR))
        return np.concatenate(parts)[6000:, 0]

    heard = play(talk, 1)
    assert (heard[: BEAT - FADE] == np.float32(COARSE)).all()
    assert np.array_equal(heard[BEAT : 2 * BAR], np.tile(STEPS[:, 0], 2)[BEAT : 2 * BAR])


def test_a_preview_that_is_late_itself_takes_the_next_bar():
    async def talk(live):
        await waiting(live)
        old = live.hear(2 * BAR + 1000)[:, 0]
        await coarse(live)
        return old, live.hear(BAR)[:, 0]

    old, heard = play(talk, 1)
    assert (old == np.float32(OLD)).all()
    assert (heard[: BAR - 2000 - FADE] == np.float32(OLD)).all()
    assert (heard[BAR - 2000 :] == np.float32(COARSE)).all()


def test_where_nothing_comes_of_it_the_take_before_comes_back_and_it_is_told():
    async def talk(live):
        await waiting(live)
        live.hear(2 * BAR - 16_000)
        await coarse(live)
        live.hear(16_000 + BAR // 2)
        live.made[1].set_exception(GenerationFailed("the model returned no numbers"))
        await live.until(lambda: "no numbers" in live.ask("live/message"))
        live.hear(BAR)
        return live.hear(BAR)[:, 0], live.ask("deck/1/takes"), live.ask("deck/1/state")

    heard, takes, state = play(talk, 1)
    assert (heard == np.float32(OLD)).all()
    assert (takes, state) == (1, "playing")


def test_stop_ends_a_preview_and_what_was_being_made():
    async def talk(live):
        await waiting(live)
        live.hear(2 * BAR - 16_000)
        await coarse(live)
        live.hear(16_000 + 1000)
        live.send("deck/1/stop", 1)
        live.hear(BAR)
        return live.hear(BAR), live.ask("deck/1/state"), live.ask("deck/1/next")

    heard, state, following = play(talk, 1)
    assert not heard.any()
    assert (state, following) == ("stopped", "none")


def test_a_preview_follows_the_tempo_and_so_does_the_take_in_its_place():
    async def talk(live):
        await waiting(live)
        live.hear(2 * BAR - 16_000)
        await coarse(live)
        live.hear(16_000 + 1000)
        live.send("clock/bpm", 100)
        await live.until(lambda: live.live._tempo_task.done())
        live.hear(2 * BAR)
        mean = float(live.hear(1000).mean())
        await finished(live)
        live.hear(2 * BAR)
        return mean, live.rig.clock.bpm, live.rig.deck.playing.n_samples, live.ask("deck/1/state")

    mean, *rest = play(talk, 1)
    assert mean == pytest.approx(COARSE, abs=0.1)  # stretching sways a constant a little
    assert rest == [100, 4 * 28_800, "playing"]
