"""What a musician types: keys to lines, lines to deeds."""

from __future__ import annotations

import pytest

from daw_bridge.live.commands import Commands
from daw_bridge.live.line_editor import LineEditor
from daw_bridge.live.state import DeckState, LiveState

UP, DOWN = "\x1b[A", "\x1b[B"


def test_keys_become_a_line_at_enter():
    editor = LineEditor()
    assert editor.feed("warm") == []
    assert editor.text == "warm"
    assert editor.feed(" pad\r") == ["warm pad"]
    assert editor.text == ""


def test_a_pasted_text_may_hold_several_lines():
    assert LineEditor().feed("one\ntwo\nthr") == ["one", "two"]


def test_backspace_and_ctrl_u_take_back():
    editor = LineEditor()
    editor.feed("warmx\x7f")
    assert editor.text == "warm"
    editor.feed("\x15pad")
    assert editor.text == "pad"


def test_an_empty_line_is_no_line():
    assert LineEditor().feed("\r  \r") == []


def test_the_arrows_walk_through_earlier_lines():
    editor = LineEditor()
    editor.feed("one\rtwo\r")
    seen = []
    for key in (UP, UP, UP, DOWN, DOWN):
        editor.feed(key)
        seen.append(editor.text)
    assert seen == ["two", "one", "one", "two", ""]


def test_other_keys_write_nothing():
    editor = LineEditor()
    editor.feed("a\x1b[15~b\x1bOPc\x07d")
    assert editor.text == "abcd"


class Deeds:
    """What the commands did."""

    def __init__(self, n_decks=1):
        self.state = LiveState(decks=[DeckState(number=n + 1) for n in range(n_decks)])
        self.asked, self.levels, self.told, self.done = [], [], [], []
        self.commands = Commands(
            self.state,
            self.asked.append,
            lambda: self.done.append("stop"),
            self.levels.append,
            self.told.append,
            lambda: self.done.append("end"),
        )

    def run(self, *lines):
        for line in lines:
            self.commands.run(line)
        return self


def test_a_line_is_a_prompt():
    assert Deeds().run("warm pad").asked == ["warm pad"]


def test_a_tempo_goes_to_whoever_leads_the_clock():
    deeds = Deeds()
    deeds.state.follows, deeds.state.bpm = True, 125.0
    deeds.run("/bpm 90")
    assert (deeds.told, deeds.state.bpm) == ([90.0], 125.0)


def test_settings_hold_from_the_next_clip_on():
    state = Deeds().run("/bpm 128.5", "/bars 2", "/every 8", "/seed 7").state
    deck = state.deck
    assert (state.bpm, deck.bars, deck.every_bars, deck.seed) == (128.5, 2, 8, 7)


def test_a_seed_can_be_let_go():
    assert Deeds().run("/seed 7", "/seed off").state.deck.seed is None


def test_the_level_moves_at_once():
    assert Deeds().run("/level -6").levels == [-6.0]


def test_again_asks_for_the_same_words():
    deeds = Deeds()
    deeds.state.deck.prompt = "warm pad"
    assert deeds.run("/again").asked == ["warm pad"]


def test_another_deck_can_be_typed_to():
    deeds = Deeds(n_decks=2).run("/deck 2", "/bars 8")
    assert [deck.bars for deck in deeds.state.decks] == [4, 8]


def test_stop_and_quit_do_that():
    assert Deeds().run("/stop", "/quit").done == ["stop", "end"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/bpm fast", "takes a number"),
        ("/bpm 900", "20 to 400"),
        ("/bpm nan", "out of range"),
        ("/bars 0", "0.0625 to 256"),
        ("/seed -1", "2147483647"),
        ("/level 50", "-90 to 12"),
        ("/deck 2", "1 to 1"),
        ("/louder", "no command /louder"),
        ("/again", "type a prompt"),
    ],
)
def test_a_mistake_is_a_message_and_nothing_else(line, sentence):
    deeds = Deeds().run(line)
    assert sentence in deeds.state.message
    assert (deeds.asked, deeds.levels, deeds.done) == ([], [], [])
    assert deeds.state.bpm == 120
