"""The fader dialect on a live set: asking, clipping, feedback, mistakes."""

from __future__ import annotations

import numpy as np
import pytest

from osc_server.contract.addresses import FADERS
from tests.daw_bridge.live.sets import BAR, Ear, play


def run(talk, *args, **settings):
    """Run a talk that waits for nothing."""

    async def wait_for_nothing(live):
        return talk(live)

    return play(wait_for_nothing, *args, **settings)


def test_every_address_of_the_table_answers_on_itself():
    def talk(live):
        for fader in FADERS:
            live.panel.receive(_message(fader.at(1)), live.ear)
        return [address for address, *_ in live.ear.heard]

    assert run(talk) == [fader.at(1) for fader in FADERS]


def test_a_value_out_of_range_is_clipped_and_echoed_to_everybody():
    def talk(live):
        other = Ear()
        live.panel.receive(_message("/magnet/deck/1/level"), other)
        live.send("deck/1/level", 12)
        live.panel.tick(1.0)
        live.send("deck/1/level", 99)  # it holds 12 already
        other.heard.clear()
        live.panel.tick(2.0)
        return other.heard

    assert run(talk) == [("/magnet/deck/1/level", 12.0)]


def test_feedback_comes_at_most_thirty_times_a_second_and_the_last_value_always():
    def talk(live):
        live.send("deck/1/level")
        live.ear.heard.clear()
        for step in range(101):  # a fader that is moved 1000 times a second
            live.send("deck/1/level", -float(step) / 2)
            live.panel.tick(step / 1000)
        live.panel.tick(1.0)
        return [value for address, value in live.ear.heard]

    told = run(talk)
    assert len(told) <= 5  # 0.1 s at 30 Hz, the first and the last
    assert told[-1] == -50.0


def test_nothing_is_told_where_nothing_has_changed():
    def talk(live):
        live.send("deck/1/state")
        live.ear.heard.clear()
        for second in range(5):
            live.panel.tick(float(second))
        return live.ear.heard

    assert run(talk) == []


def test_a_change_of_state_is_told_without_being_asked_for():
    async def talk(live):
        live.send("deck/1/state")
        await live.take(1, 0.5)
        live.hear(BAR)
        live.panel.tick(1.0)
        return live.ear.last("/magnet/deck/1/state"), live.ear.last("/magnet/deck/1/launch")

    assert play(talk) == (["playing"], [1])


def test_the_release_of_a_button_does_nothing():
    def talk(live):
        live.send("deck/1/prompt", "pad")
        live.send("deck/1/generate", 0)
        live.send("deck/1/generate", 0.0)
        live.send("deck/1/generate", False)
        return live.ask("deck/1/state")

    assert run(talk) == "empty"


@pytest.mark.parametrize(
    ("address", "args", "sentence"),
    [
        ("deck/1/launch", (1,), "deck 1 is empty"),
        ("deck/1/vary", (1,), "deck 1 is empty"),
        ("deck/1/undo", (1,), "no take before"),
        ("deck/1/generate", (1,), "no prompt yet"),
        ("deck/1/levle", (1,), "did you mean /magnet/deck/N/level"),
        ("deck/9/level", (1,), "there is no deck 9: there are 1 to 2"),
        ("deck/0/level", (1,), "there is no deck 0"),
        ("deck/1/level", ("loud",), "level must be a number"),
        ("deck/1/state", ("playing",), "only tells"),
        ("clock/quantum", ("often",), "quantum 'often' must be"),
        ("scene/3/launch", (1,), "scene 3 is empty"),
        ("scene/99/store", (1,), "there is no scene 99"),
    ],
)
def test_a_mistake_is_answered_and_changes_nothing(address, args, sentence):
    def talk(live):
        live.send(address, *args)
        return live.ear.heard, [deck.doing for deck in live.state.decks]

    ((at, text),), doing = run(talk)
    assert at == "/magnet/error"
    assert sentence in text
    assert doing == ["empty", "empty"]


def test_what_holds_is_told_again_where_something_else_was_asked_for_in_vain():
    def talk(live):
        live.send("clock/quantum", "often")
        live.panel.tick(1.0)
        return live.ear.heard[1:]

    assert run(talk) == [("/magnet/clock/quantum", "bar")]


@pytest.mark.parametrize(
    ("address", "sent", "holds"),
    [
        ("deck/2/bars", 8, 8.0),
        ("deck/2/seed", 41.0, 41),
        ("deck/2/seed", -5, -1),
        ("deck/2/temperature", 1.5, 1.5),
        ("deck/2/guidance", 99, 30.0),
        ("deck/2/follow", "next", "next"),
        ("clock/bpm", 9, 20.0),
        ("mix/level", -6, -6.0),
    ],
)
def test_what_is_set_is_what_is_held(address, sent, holds):
    def talk(live):
        live.send(address, sent)
        return live.ask(address)

    assert run(talk) == holds


def test_a_long_prompt_is_held_whole_and_told_in_one_datagram():
    def talk(live):
        live.send("deck/1/prompt", "ö" * 1999)
        return live.ask("deck/1/prompt"), live.state.deck.prompt

    told, held = run(talk)
    assert len(held) == 1999
    assert len(told.encode()) < 1400


def _message(address):
    from osc_server.contract.packets import OscMessage

    return OscMessage(address)


def test_a_setting_that_is_moved_while_a_take_is_made_is_said_once_to_hold_for_the_next():
    async def talk(live):
        live.send("live/message")
        live.send("deck/1/prompt", "pad")
        said = [live.ask("live/message")]
        live.send("deck/1/generate", 1)
        await live.until(lambda: live.made)
        for step in range(20):  # a fader on its way
            live.send("deck/1/temperature", step / 10)
            said.append(live.ask("live/message"))
            live.state.message = "another sentence"
        live.send("deck/1/generate", 1)
        await live.until(lambda: len(live.made) == 2)
        live.send("deck/1/bars", 2)
        said.append(live.ask("live/message"))
        return said, live.asked[1].bars

    said, bars = play(talk)
    assert said[0] == ""
    assert "temperature, and what else you set meanwhile, holds for the next one" in said[1]
    assert set(said[2:-1]) == {"another sentence"}
    assert "deck 1 is making a take: bars" in said[-1]
    assert bars == 1  # of the job that is under way


@pytest.mark.parametrize(("address", "value"), [("level", -90), ("mute", 1)])
def test_levels_hold_at_once_while_a_take_is_made_and_say_nothing(address, value):
    async def talk(live):
        await live.take(1, 0.5)
        live.hear(BAR)
        live.send("deck/1/generate", 1)
        await live.until(lambda: len(live.made) == 2)
        live.state.message = "before"
        live.send(f"deck/1/{address}", value)
        return live.hear(2048)[:, 0], live.ask("live/message")

    heard, message = play(talk)
    assert heard[-1] == 0
    assert abs(np.diff(heard)).max() < 0.5 / 900  # 20 ms are 960 samples: no click
    assert message == "before"


def test_the_newest_sentence_is_told_to_every_surface():
    def talk(live):
        other = Ear()
        live.panel.receive(_message("/magnet/live/message"), other)
        live.state.say("the sound is back")
        live.panel.tick(1.0)
        return other.last("/magnet/live/message")

    assert run(talk) == ["the sound is back"]
