"""The words that a model has learned, and those that it has not."""

from __future__ import annotations

import tomllib

import pytest

from osc_server.app import built_in_presets, embedded_folder
from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.vocabulary import WORDS_FILE, read_words, unknown_words
from osc_server.training.vocabulary import SEEN_ENOUGH, frequent_words

PRESETS = [path for path in built_in_presets().glob("*.toml") if ".midi" not in path.name]
KNOWN = frozenset({"bass", "in", "c#", "minor", "bpm"})


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Bass in C# minor, 128.5 bpm", ()),
        ("didgeridoo bass at 90bpm", ("didgeridoo", "at")),
        ("kazoo, KAZOO bass", ("kazoo",)),
        ("", ()),
    ],
)
def test_words_that_were_never_learned_are_named_once(text, unknown):
    assert unknown_words(text, KNOWN) == unknown


def test_a_model_whose_folder_does_not_say_knows_all_or_none(tmp_path):
    assert read_words(tmp_path) is None
    assert unknown_words("kazoo", None) == ()


def test_a_list_that_is_no_text_is_refused(tmp_path):
    (tmp_path / WORDS_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelUnavailable, match=r"words\.txt"):
        read_words(tmp_path)


def test_a_word_counts_as_learned_once_enough_captions_have_it():
    captions = ["house drums 124 bpm"] * SEEN_ENOUGH + ["kazoo drums"] * (SEEN_ENOUGH - 1)
    assert frequent_words(captions) == ("bpm", "drums", "house")


def test_the_embedded_model_says_which_words_it_never_learned():
    known = read_words(embedded_folder())
    asked = "throat singing over house drums, 124 bpm"
    assert unknown_words(asked, known) == ("throat", "over")


@pytest.mark.parametrize("path", sorted(PRESETS), ids=lambda path: path.stem)
def test_a_preset_that_comes_with_the_product_has_learned_words_only(path):
    prompt = tomllib.loads(path.read_text("utf-8")).get("prompt", "")
    assert unknown_words(prompt, read_words(embedded_folder())) == ()
