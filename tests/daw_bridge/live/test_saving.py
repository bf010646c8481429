"""A live set saved and restored to the same sound."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from daw_bridge.live.saving import Keeper, read_session, restore
from osc_server.contract.errors import StorageFailed
from tests.daw_bridge.live.sets import BAR, clip, play


async def take_on_disk(live, number, folder, seed):
    """A take whose clip is a file, as the server leaves it."""
    path = folder / f"take-{seed}.wav"
    samples = np.random.default_rng(seed).normal(0, 0.1, (BAR, 1)).astype(np.float32)
    soundfile.write(path, samples, 48000, subtype="FLOAT")
    live.send(f"deck/{number}/prompt", f"noise {seed}")
    live.send(f"deck/{number}/generate", 1)
    await live.until(lambda: live.made and not live.made[-1].done())
    deck = live.state.decks[number - 1]
    n_takes = len(deck.history.takes)
    live.made[-1].set_result(replace(clip(0.5, prompt=f"noise {seed}"), path=path, streamed=None))
    await live.until(lambda: len(deck.history.takes) > n_takes)


def saved_set(folder):
    """Save a set of two decks that play, with scenes and levels; what it sounds like."""

    async def talk(live):
        await take_on_disk(live, 1, folder, 1)
        await take_on_disk(live, 2, folder, 2)
        live.hear(1000)
        await take_on_disk(live, 2, folder, 3)
        for address, value in (
            ("deck/2/level", -6), ("deck/1/keep", 1), ("deck/2/seed", 41), ("scene/2/store", 1),
            ("clock/quantum", "2 bars"), ("mix/level", -3), ("deck/2/follow", "vary"),
        ):  # fmt: skip
            live.send(address, value)
        live.hear(3 * BAR - 1000)
        Keeper(live.live, folder / "session.json").save()
        return live.hear(2 * BAR)

    return play(talk)


def test_a_session_is_restored_to_the_same_sound(tmp_path):
    before = saved_set(tmp_path)

    async def talk(live):
        restore(live.live, read_session(tmp_path / "session.json"))
        first = live.hear(2 * BAR)  # its levels glide to where they were within 20 ms
        again = [live.ask(f"deck/2/{name}") for name in ("level", "seed", "takes", "take")]
        again += [live.ask("clock/quantum"), live.ask("scene/2/store"), live.ask("deck/1/keep")]
        return first, again, live.hear(2 * BAR)

    first, again, after = play(talk)
    assert again == [-6.0, 41, 2, 2, "2 bars", 1, 1]
    assert np.array_equal(after, before)
    assert np.array_equal(first[2000:], before[2000:])


def test_a_take_whose_file_is_gone_leaves_its_deck_stopped_and_is_told(tmp_path):
    saved_set(tmp_path)
    (tmp_path / "take-1.wav").unlink()

    async def talk(live):
        restore(live.live, read_session(tmp_path / "session.json"))
        live.hear(BAR)
        return [deck.doing for deck in live.state.decks], live.state.message

    doing, message = play(talk)
    assert doing == ["stopped", "playing"]
    assert "take-1.wav" in message


def test_a_damaged_session_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "session.json"
    path.write_text('{"decks": [{"takes": 7')
    with pytest.raises(StorageFailed, match="move it away"):
        read_session(path)
    assert path.read_text() == '{"decks": [{"takes": 7'


def test_a_session_that_is_not_there_yet_is_none(tmp_path):
    assert read_session(tmp_path / "new.json") is None


def test_only_what_has_changed_is_due_and_not_more_than_every_two_seconds(tmp_path):
    async def talk(live):
        keeper = Keeper(live.live, tmp_path / "session.json")
        keeper.save(keeper.due(0.0))
        quiet = keeper.due(10.0)
        live.send("deck/1/level", -6)
        return quiet, keeper.due(11.0), keeper.due(12.0) is not None, keeper.up_to_date

    assert play(talk) == (None, None, True, False)


def test_what_was_measured_of_a_take_is_kept_and_files_from_before_are_read(tmp_path):
    saved_set(tmp_path)
    path = tmp_path / "session.json"

    async def restored(live):
        restore(live.live, read_session(path))
        return live.state.decks[1].history.current.facts

    assert play(restored).lufs == -14.0
    before = json.loads(path.read_text())
    for deck in before["decks"]:
        for take in deck["takes"]:
            del take["facts"]
    path.write_text(json.dumps(before))
    assert play(restored).lufs == 0.0
