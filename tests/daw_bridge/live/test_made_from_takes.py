"""What the server makes of a deck's take, its own clip or captured audio: with the real one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from daw_bridge.delivery.folder_sink import save_samples
from daw_bridge.live.takes import HeldTake
from tests.daw_bridge.live.test_conductor import BAR, play

TONES = {"own clip": False, "captured": True}


def tone(seconds=2.0, hz=220.0):
    time = np.arange(round(seconds * 48000)) / 48000
    beat = np.exp(-6 * (time % 0.5))
    return (0.3 * np.sin(2 * np.pi * hz * time) * beat).astype(np.float32)[:, None]


async def take_on(live, server, captured):
    """A take of one bar that plays, and a second it goes on for."""
    if captured:
        path = save_samples(tone(), 48000, server.clips / "captures" / "deck-1_captured.wav")
        take = HeldTake(str(path), path, "", Fraction(4), 120.0, seed=0)
        await live.conductor.take_in(take, Fraction(0))
    else:
        live.conductor.ask("pad")
    await live.cued()
    live.hear(BAR + 1000)
    live.conductor.look()


def press(live, button):
    {
        "vary": live.conductor.vary,
        "continue": live.conductor.go_on,
        "infill": live.conductor.infill,
        "loop": live.conductor.close_loop,
    }[button]()


@pytest.mark.parametrize("captured", TONES.values(), ids=TONES)
@pytest.mark.parametrize("button", ["vary", "continue", "infill", "loop"])
def test_each_button_makes_the_next_take_of_the_take(tone_server, button, captured):
    async def talk(live):
        live.state.infill_from, live.state.infill_to = 1.0, 2.0
        live.state.bars = 2.0
        await take_on(live, tone_server, captured)
        press(live, button)
        await live.until(lambda: len(live.state.history.takes) == 2 or live.state.next == "none")
        await live.cued()
        live.hear(2 * BAR)
        return live.state.history.takes, live.live_set.state.message, live.rig.deck.playing

    takes, message, playing = play(tone_server, talk, seed=3)
    assert len(takes) == 2, message
    n_bars = {"continue": 2}.get(button, 2 if not captured else 1)
    assert (takes[1].beats, takes[1].bpm) == (4 * n_bars, 120)
    assert playing.n_samples == n_bars * BAR
    assert not takes[1].is_captured


def test_an_infill_keeps_what_was_captured_outside_of_it_to_the_sample(tone_server):
    async def talk(live):
        live.state.infill_from, live.state.infill_to = 1.0, 2.0
        await take_on(live, tone_server, captured=True)
        press(live, "infill")
        await live.cued()
        return live.state.history.current.loop.samples

    samples = play(tone_server, talk)
    assert np.array_equal(samples[:20_000], tone()[:20_000].repeat(samples.shape[1], axis=1))
    assert not np.array_equal(samples[24_000:48_000], tone()[24_000:48_000])


def test_a_continuation_begins_where_a_round_of_its_take_ends_without_a_fade(tone_server):
    async def talk(live):
        await take_on(live, tone_server, captured=True)
        first = live.rig.deck.playing
        press(live, "continue")
        await live.cued()
        heard = live.hear(2 * BAR)
        return first, live.rig.deck.playing, heard

    first, second, heard = play(tone_server, talk)
    before = BAR - 1000
    assert np.array_equal(heard[:before], first.samples[1000:, 0])
    assert np.array_equal(heard[before : before + BAR], second.samples[:, 0])


def test_a_file_outside_of_the_servers_folders_is_refused_with_what_to_do(tone_server, tmp_path):
    async def talk(live):
        path = save_samples(tone(), 48000, tmp_path / "elsewhere.wav")
        take = HeldTake(str(path), path, "", Fraction(4), 120.0, seed=0)
        await live.conductor.take_in(take, Fraction(0))
        await live.cued()
        live.conductor.vary()
        await live.until(lambda: "--audio-folders" in live.live_set.state.message)
        return live.hear(BAR)

    assert play(tone_server, talk).any()
