"""Names of clips: what they say, and what they never hold."""

from __future__ import annotations

import re

import pytest

from osc_server.contract.naming import clip_name, short_name


def test_a_name_says_deck_prompt_bars_tempo_key_and_seed():
    name = clip_name("Dusty Breakbeat!", bars=4, bpm=128.5, key="F# minor", seed=7, lane="deck 2")
    assert name == "deck-2_dusty-breakbeat_4bars_128.5bpm_f-sharp-minor_seed7"


def test_what_was_not_asked_for_is_not_said():
    assert clip_name("pad", bars=1, bpm=120) == "pad_1bar_120bpm"


@pytest.mark.parametrize(
    ("words", "beginning"),
    [
        ("../../etc/passwd", "etc-passwd_"),
        ("CON: a|b?", "con-a-b_"),
        ("\u00dcber-Fl\u00e4che", "uber-flache_"),
        ("\u6771\u4eac", "clip_"),
        ("very " * 50, "very-" * 7 + "very_"),
        ("a" * 300, "a" * 40 + "_"),
    ],
)
def test_a_name_is_safe_on_every_system(words, beginning):
    name = clip_name(words, bars=0.333333, bpm=66.6667, key=words, seed=2**31 - 1, lane=words)
    assert beginning in name
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,111}", name)


def test_the_short_name_of_an_id_is_what_it_was_made_from():
    name = clip_name("pad", bars=4, bpm=128.5, seed=7)
    assert short_name(f"{name}_20261122-203011-ab12") == name


@pytest.mark.parametrize("clip_id", ["", "../..", "\u00fc/..\\", "_20261122-203011-ab12"])
def test_the_short_name_of_any_text_is_safe(clip_id):
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,139}", short_name(clip_id))
