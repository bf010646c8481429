"""What the terminal shows, on a clock turned by hand."""

from __future__ import annotations

import io
from fractions import Fraction

import pytest
from rich.console import Console

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.clock.hand_clock import HandClock
from daw_bridge.live.screen import PlainScreen, live_panel
from daw_bridge.live.state import DeckState, LiveState, NextClip
from tests.daw_bridge.audio.sounds import sine


@pytest.fixture
def rig():
    clock, output = HandClock(bpm=120), OfflineOutput()
    deck = Deck(clock, 48000, 1024, 2)
    output.start(deck)
    return LiveState(), clock, [deck], output


def shown(rig):
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(live_panel(*rig))
    return console.file.getvalue()


def test_bar_and_beat_are_counted_from_one(rig):
    rig[1].turn(beats=9.5)
    text = shown(rig)
    assert "120 BPM" in text
    assert "bar 3 · beat 2" in text
    assert "○ ● ○ ○" in text


def test_an_empty_deck_says_what_to_do(rig):
    assert "type what you want to hear" in shown(rig)


def test_a_playing_loop_shows_how_far_it_is(rig):
    _, clock, (deck,), output = rig
    deck.cue(Cue(sine(100, name="warm pad"), Fraction(0), Fraction(4)))
    output.render(1024)
    clock.turn(beats=2)
    text = shown(rig)
    assert "warm pad" in text
    assert "1 bar" in text
    assert "━" * 16 + "╺" in text  # half of 32
    assert "━" * 17 not in text


def test_the_next_clip_shows_its_progress_and_then_its_bar(rig):
    state = rig[0]
    state.deck.next_clip = NextClip("deep bass", fraction=0.25, eta_seconds=3.2)
    assert "━" * 8 + "╺" in shown(rig)
    assert "3.2 s" in shown(rig)
    state.deck.next_clip = NextClip("deep bass", fraction=1.0, cued_bar=9)
    assert "from bar 9" in shown(rig)


def test_the_other_decks_that_hold_something_have_a_line_each(rig):
    state, clock, decks, output = rig
    state.decks += [DeckState(number=2, prompt="warm pad"), DeckState(number=3, prompt="unheard")]
    state.decks[1].move("ask")
    more = [Deck(clock, 48000, 1024, 2) for _ in range(2)]
    text = shown((state, clock, [*decks, *more], output))
    assert "2 rendering" in text
    assert "warm pad" in text
    assert "unheard" not in text


def test_a_new_tempo_is_announced_beside_the_one_that_is_heard(rig):
    rig[0].bpm = 90
    assert "120 BPM → 90" in shown(rig)


def test_words_of_a_prompt_are_never_taken_for_markup(rig):
    rig[0].message = "[bold]loud[/bold]"
    rig[0].typed = "[red]x"
    assert "[bold]loud[/bold]" in shown(rig)
    assert "[red]x" in shown(rig)


def test_without_a_terminal_each_change_is_one_line(rig):
    state, clock, decks, output = rig
    console = Console(file=io.StringIO(), width=100)
    screen = PlainScreen(state, clock, decks, output, console)
    state.server = "tone on cpu"
    screen.show()
    screen.show()
    state.message = "level -6 dB"
    screen.show()
    lines = console.file.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["sound", "server", "clock", "message"]
