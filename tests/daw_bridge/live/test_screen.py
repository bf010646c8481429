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
from daw_bridge.live.takes import HeldTake, TakeFacts
from tests.daw_bridge.audio.sounds import sine


@pytest.fixture
def rig():
    clock, output = HandClock(bpm=120), OfflineOutput()
    deck = Deck(clock, 48000, 1024, 2)
    output.start(deck)
    return LiveState(), clock, [deck], output


def shown(rig, width=100):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
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
    text = shown(rig, width=120)
    assert "warm pad" in text
    assert " 1 ━━━━━━━━╺───────" in text  # one bar, half of 16
    assert "━━━━╺───" in shown(rig, width=80)
    assert "━" * 5 not in shown(rig, width=80)


def test_a_take_shows_what_was_measured_of_it(rig):
    deck = rig[0].deck
    facts = TakeFacts(bpm_measured=119.9, seam=1.04, lufs=-14.0, confidence=0.5, rtf=0.7)
    deck.history.add(HeldTake("a", None, "pad", Fraction(16), 120.0, 4711, facts=facts))
    deck.doing = "stopped"
    wide, narrow = shown(rig, width=120), shown(rig, width=80)
    for text in ("stopped", "119.9", "1.04", "-14.0"):
        assert text in wide
        assert text in narrow
    assert "4711" in wide


def test_underruns_rtf_and_the_page_are_shown(rig):
    rig[0].rtf, rig[0].page = 0.71, "http://127.0.0.1:12180/"
    text = shown(rig, width=160)
    assert "underruns 0" in text
    assert "RTF 0.71" in text
    assert "page: http://127.0.0.1:12180/" in text


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


def test_every_deck_says_what_comes_next_and_its_level(rig):
    state, clock, decks, output = rig
    state.decks += [DeckState(number=2, prompt="pad"), DeckState(number=3, prompt="bass")]
    state.decks[1].next_clip = NextClip("pad", fraction=0.42)
    state.decks[1].level_db = -6.0
    state.decks[2].next_clip = NextClip("bass", fraction=1.0, cued_bar=9)
    state.decks[2].mute = True
    more = [Deck(clock, 48000, 1024, 2) for _ in range(2)]
    text = shown((state, clock, [*decks, *more], output))
    assert "-6.0 … 42%" in text
    assert "mute ◆ bar 9" in text


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
