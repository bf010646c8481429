"""Several decks over the fader dialect, heard through the offline output, sample by sample."""

from __future__ import annotations

import itertools
from typing import get_args

import numpy as np
import pytest

from daw_bridge.live.deck_moves import MOVES, Doing, Event, after
from osc_server.contract.errors import BadRequest, Late, StorageFailed
from osc_server.contract.fader_rows import DECK_STATES
from tests.daw_bridge.live.sets import BAR, play

FADE = 240


def test_the_table_of_moves_has_every_state_and_leads_to_no_other():
    assert tuple(MOVES) == get_args(Doing) == DECK_STATES
    assert {event for moves in MOVES.values() for event in moves} == set(get_args(Event))
    assert {to for moves in MOVES.values() for to in moves.values()} == set(DECK_STATES)


@pytest.mark.parametrize(
    ("doing", "event"),
    [
        (doing, event)
        for doing, event in itertools.product(get_args(Doing), get_args(Event))
        if event not in MOVES[doing]
    ],
)
def test_what_the_table_does_not_have_is_refused(doing, event):
    with pytest.raises(BadRequest, match=f"a deck that is {doing}"):
        after(doing, event)


def test_a_deck_without_a_take_falls_back_to_empty():
    assert after("rendering", "failed", has_take=False) == "empty"
    assert after("rendering", "failed", has_take=True) == "stopped"


def test_a_deck_goes_from_empty_to_playing_and_to_stopped():
    async def talk(live):
        seen = [live.ask("deck/1/state")]
        live.hear(1000)
        live.send("deck/1/prompt", "pad")
        live.send("deck/1/generate", 1)
        seen.append(live.ask("deck/1/state"))
        await live.until(lambda: live.made)
        await live.deliver(1, 0.5)
        seen.append(live.ask("deck/1/state"))
        live.hear(BAR)
        seen.append(live.ask("deck/1/state"))
        live.send("deck/1/stop", 1)
        seen.append(live.ask("deck/1/state"))
        live.hear(2 * BAR)
        seen.append(live.ask("deck/1/state"))
        return seen

    assert play(talk) == ["empty", "rendering", "cued", "playing", "fading", "stopped"]


def test_each_deck_sounds_on_its_own_output():
    async def talk(live):
        await live.take(1, 0.25)
        await live.take(2, 0.5)
        return live.hear(BAR)

    heard = play(talk)
    assert (heard == np.array([0.25, 0.5], np.float32)).all()


def test_the_old_loop_goes_on_until_the_new_one_is_whole_and_changes_on_the_bar():
    async def talk(live):
        await live.take(1, 0.25)
        live.hear(BAR // 2)
        live.send("deck/1/generate", 1)
        await live.until(lambda: len(live.made) == 2)
        before = live.hear(3 * BAR)  # it is still being made
        doing = (live.ask("deck/1/state"), live.ask("deck/1/next"))
        await live.deliver(1, 0.5)
        return before, doing, live.hear(BAR)

    before, doing, after_it = play(talk)
    assert doing == ("playing", "rendering")
    assert (before[:, 0] == np.float32(0.25)).all()
    bar = BAR // 2
    assert (after_it[: bar - FADE, 0] == np.float32(0.25)).all()
    assert (after_it[bar:, 0] == np.float32(0.5)).all()


def test_stop_and_launch_fall_on_the_bar_to_the_sample():
    async def talk(live):
        await live.take(1, 0.5)
        live.hear(1000)
        live.send("deck/1/stop", 1.0)
        stopped = live.hear(2 * BAR - 1000 + 1)
        live.send("deck/1/launch", 1.0)
        live.hear(1000 - 1)
        return stopped, live.hear(2 * BAR - 1000)

    stopped, launched = play(talk)
    assert (stopped[: BAR - 1000 - FADE, 0] == 0.5).all()
    assert not stopped[BAR - 1000 :, 0].any()
    assert not launched[: BAR - 1000 - FADE, 0].any()
    assert (launched[BAR - 1000 :, 0] == 0.5).all()


@pytest.mark.parametrize(("quantum", "at"), [("beat", 24_000), ("bar", BAR), ("2 bars", 2 * BAR)])
def test_the_quantum_is_a_beat_a_bar_or_bars(quantum, at):
    async def talk(live):
        await live.take(1, 0.5)
        live.hear(1000)
        live.send("clock/quantum", quantum)
        live.send("deck/1/stop", 1)
        return live.ask("clock/quantum"), live.hear(3 * BAR)[:, 0]

    held, heard = play(talk)
    assert held == quantum
    assert np.flatnonzero(heard)[-1] == at - 1000 - 1


@pytest.mark.parametrize("ahead", [2400, 480, FADE])
def test_a_press_is_meant_for_the_coming_bar_as_long_as_its_fade_has_room(ahead):
    async def talk(live):
        await live.take(1, 0.5)
        live.hear(BAR - ahead)
        live.send("deck/1/stop", 1)
        return live.hear(2 * BAR)[:, 0]

    assert np.flatnonzero(play(talk))[-1] == ahead - 1


def test_a_press_that_is_too_late_for_its_bar_takes_the_next_and_the_deck_says_which():
    async def talk(live):
        await live.take(1, 0.5)
        await live.take(1, 0.25)
        live.hear(2 * BAR - FADE + 1)
        live.send("deck/1/undo", 1)
        meant = live.state.decks[0].next_clip.cued_bar
        heard = live.hear(1000)
        return meant, live.state.decks[0].next_clip.cued_bar, heard, live.hear(2 * BAR)

    meant, bar, heard, later = play(talk)
    assert (meant, bar) == (3, 4)
    assert set(heard[:, 0]) == {np.float32(0.25)}
    before = BAR + FADE - 1 - 1000
    assert set(later[: before - FADE, 0]) == {np.float32(0.25)}
    assert set(later[before:, 0]) == {np.float32(0.5)}


def test_a_take_that_is_held_waits_for_launch():
    async def talk(live):
        live.send("deck/1/hold", 1)
        await live.take(1, 0.5)
        silent = live.hear(2 * BAR)
        doing = (live.ask("deck/1/state"), live.ask("deck/1/next"))
        live.send("deck/1/launch", 1)
        return silent, doing, live.hear(BAR + 5000)

    silent, doing, heard = play(talk)
    assert not silent.any()
    assert doing == ("stopped", "ready")
    assert heard[-1, 0] == 0.5


def test_level_mute_and_solo_are_heard_at_once_and_glide():
    async def talk(live):
        for number, value in ((1, 0.25), (2, 0.5)):
            await live.take(number, value)
        live.hear(5000)
        sounds = []
        for address, value in (
            ("deck/1/mute", 1), ("deck/1/mute", 0), ("deck/2/solo", 1), ("deck/1/solo", 1),
            ("deck/2/solo", 0), ("deck/1/solo", 0), ("deck/2/level", -200),
        ):  # fmt: skip
            live.send(address, value)
            heard = live.hear(2048)
            sounds.append(tuple(heard[-1]))
            assert np.abs(np.diff(heard, axis=0)).max() < 0.5 / 900  # 20 ms are 960 samples
        return sounds

    assert play(talk) == [
        (0.0, 0.5), (0.25, 0.5), (0.0, 0.5), (0.25, 0.5), (0.25, 0.0), (0.25, 0.5), (0.25, 0.0),
    ]  # fmt: skip


def test_a_scene_launches_its_takes_and_stops_the_others_on_one_sample():
    async def talk(live):
        for number, value in ((1, 0.125), (2, 0.25)):
            await live.take(number, value)
        live.hear(1000)
        live.send("scene/1/store", 1)
        live.send("deck/2/stop", 1)
        live.send("deck/3/prompt", "third")
        await live.take(3, 0.5)
        live.hear(2 * BAR - 1000)
        before = live.hear(1000)
        live.send("scene/1/launch", 1)
        return before[-1], live.hear(BAR)

    before, heard = play(talk, 3)
    assert tuple(before) == (0.125, 0.0, 0.5)
    bar = BAR - 1000
    expected = np.array([0.125, 0.25, 0.0], np.float32)
    assert (heard[bar:] == expected).all()
    assert (heard[: bar - FADE] == before).all()


def test_undo_and_redo_bring_takes_back_on_the_bar():
    async def talk(live):
        heard = []
        for value in (0.125, 0.25, 0.5):
            await live.take(1, value)
            heard.append(live.hear(2 * BAR)[-1, 0])
        for button in ("undo", "undo", "redo"):
            live.send(f"deck/1/{button}", 1)
            heard.append(live.hear(2 * BAR)[-1, 0])
        live.send("deck/1/take", 3)
        heard.append(live.hear(2 * BAR)[-1, 0])
        return heard, live.ask("deck/1/take"), live.ask("deck/1/takes")

    assert play(talk) == ([0.125, 0.25, 0.5, 0.25, 0.125, 0.25, 0.5], 3, 3)


@pytest.mark.parametrize(
    ("follow", "asked"),
    [
        ("take", ("one", 1, False)),
        ("vary", ("one", 1, True)),
        ("grow", ("one", 2, False)),
        ("next", ("two", 1, False)),
    ],
)
def test_follow_actions_ask_for_the_next_take_of_their_kind(follow, asked):
    async def talk(live):
        live.send("deck/1/follow", follow)
        live.send("deck/1/every", 2)
        live.send("deck/1/prompts", "one; two ; three")
        live.send("deck/1/generate", 1)
        await live.until(lambda: live.made)
        await live.deliver(1, 0.25)
        live.hear(1000)
        await live.until(lambda: len(live.asked) == 2)
        await live.deliver(1, 0.5)
        heard = live.hear(3 * BAR)[:, 0]
        ask = live.asked[1]
        return (ask.prompt, ask.bars, ask.start is not None), int(np.argmax(heard == 0.5))

    assert play(talk) == (asked, 2 * BAR - 1000)


def test_the_next_take_has_its_bar_for_a_deadline_and_the_old_one_plays_on_where_it_is_late():
    async def talk(live):
        live.send("deck/1/every", 2)
        live.send("deck/1/prompt", "pad")
        live.send("deck/1/generate", 1)
        await live.until(lambda: live.made)
        await live.deliver(1, 0.25)
        live.hear(1000)
        await live.until(lambda: len(live.made) == 2)
        live.made[1].set_exception(Late("no time is left"))
        await live.until(lambda: len(live.made) == 3)
        old = live.hear(3 * BAR)
        await live.deliver(1, 0.5)
        return live.deadlines, old, live.hear(2 * BAR)

    deadlines, old, heard = play(talk)
    # Two bars are 4 s; of them a quarter of a second each for loading and for the cue.
    assert deadlines == [None, pytest.approx(4 - 1000 / 48000 - 0.5, abs=1e-3), None]
    assert (old[:, 0] == np.float32(0.25)).all()
    assert int(np.argmax(heard[:, 0] == 0.5)) == BAR - 1000


def test_a_follow_action_of_which_nothing_came_is_tried_again_on_its_next_turn():
    async def talk(live):
        live.send("deck/1/every", 2)
        live.send("deck/1/prompt", "pad")
        live.send("deck/1/generate", 1)
        await live.until(lambda: live.made)
        await live.deliver(1, 0.25)
        live.hear(1000)
        await live.until(lambda: len(live.made) == 2)
        live.made[1].set_exception(StorageFailed("the disk is full"))
        await live.until(lambda: live.state.message == "the disk is full")
        old = live.hear(2 * BAR)
        await live.until(lambda: len(live.made) == 3)
        await live.deliver(1, 0.5)
        return old, live.hear(3 * BAR), live.asked[2].earliest

    old, heard, earliest = play(talk)
    assert (old[:, 0] == np.float32(0.25)).all()
    assert earliest == 16  # beats: the turn after the one of which nothing came
    assert int(np.argmax(heard[:, 0] == 0.5)) == 2 * BAR - 1000


def test_a_kept_take_is_not_followed_until_it_is_let_go():
    async def talk(live):
        live.send("deck/1/every", 1)
        live.send("deck/1/hold", 1)
        await live.take(1, 0.5)
        live.send("deck/1/keep", 1)
        live.send("deck/1/launch", 1)
        live.hear(BAR)
        await live.until(lambda: live.live.conductors[0]._task.done())
        kept = len(live.asked)
        live.send("deck/1/keep", 1)
        await live.until(lambda: len(live.asked) == 2)
        return kept

    assert play(talk) == 1


def test_a_new_tempo_takes_all_that_sounds_along_from_the_next_bar_on():
    async def talk(live):
        for number in (1, 2):
            await live.take(number, 0.5, beats=8)
        live.hear(BAR // 2)
        live.send("clock/bpm", 100)
        await live.until(lambda: live.live._tempo_task.done())
        live.hear(BAR)
        decks = live.rig.decks
        return live.rig.clock.bpm, [deck.playing.n_samples for deck in decks], [
            (deck._reader.beat, deck._reader.starts_at) for deck in decks
        ]  # fmt: skip

    bpm, lengths, places = play(talk)
    assert bpm == 100
    assert lengths == [8 * 28_800] * 2
    # Beat 4 lies on sample 96,000: in the middle of the loop, which would have begun 4 beats ago.
    assert places == [(0, 96_000 - 4 * 28_800)] * 2


def test_tempo_after_tempo_is_stretched_from_the_audio_as_it_was_made():
    async def talk(live):
        await live.take(1, 0.5)
        live.hear(1000)
        for bpm in (90, 150, 120):
            live.send("clock/bpm", bpm)
            await live.until(lambda: live.live._tempo_task.done())
            live.hear(3 * BAR)
        return live.rig.deck.playing is live.state.decks[0].history.current.loop

    assert play(talk, 1)


def test_a_take_of_another_tempo_is_brought_to_that_of_the_decks_that_sound():
    async def talk(live):
        await live.take(1, 0.5)
        live.hear(1000)
        await live.take(2, 0.25, bpm=100.0)
        live.hear(2 * BAR)
        return live.rig.clock.bpm, [deck.playing.n_samples for deck in live.rig.decks]

    assert play(talk) == (120, [BAR, BAR])
