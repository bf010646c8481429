"""The words that a model has learned, and those that it has not."""

from __future__ import annotations

import tomllib

import pytest

from osc_server.app import built_in_presets, embedded_folder
from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.vocabulary import (
    SYNONYMS_FILE,
    WORDS_FILE,
    Vocabulary,
    read_vocabulary,
    split_words,
    unknown_words,
    write_vocabulary,
)
from osc_server.training.vocabulary import SEEN_ENOUGH, frequent_words, joined

PRESETS = [path for path in built_in_presets().glob("*.toml") if ".midi" not in path.name]
KNOWN = Vocabulary(frozenset({"bass", "in", "c#", "minor", "bpm"}))
CAPTIONED = Vocabulary(
    frozenset(
        split_words("four on the floor drums riser rain waves bass a minor claps in at beat with")
    ),
    frozenset(
        {("on", "the"), ("the", "floor"), ("four", "on"), ("in", "a"), ("a", "minor")}
        | {("with", "claps"), ("at", "0")}
    ),
    {("storm",): ("rain",), ("roland", "box"): ("303", "bass"), ("box",): ("drums",)},
)


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
    assert read_vocabulary(tmp_path) is None
    assert unknown_words("kazoo", None) == ()


def test_a_list_that_is_no_text_is_refused(tmp_path):
    (tmp_path / WORDS_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelUnavailable, match=r"words\.txt"):
        read_vocabulary(tmp_path)


def test_a_word_counts_as_learned_once_enough_captions_have_it():
    captions = ["house drums at 124 bpm"] * SEEN_ENOUGH + ["a kazoo drums"] * (SEEN_ENOUGH - 1)
    learned = frequent_words(captions)
    assert learned.words == {"at", "bpm", "drums", "house"}
    assert learned.pairs == {("at", "0")}


def test_the_embedded_model_says_which_words_it_never_learned():
    known = read_vocabulary(embedded_folder())
    asked = "throat singing over house drums, 124 bpm"
    assert unknown_words(asked, known) == ("throat", "over")


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Four on the floor drums", "four on the floor drums"),
        ("a riser before the floor shakes", "riser the floor"),
        ("waves on a beach, rain on the roof", "waves rain"),
        ("bass in A minor at 124 bpm, with claps", "bass in a minor at 124 with claps"),
        ("a bass with a beat in a box", "bass beat drums"),
        ("storm from a roland box", "rain 303 bass"),
        ("didgeridoo", ""),
    ],
)
def test_function_words_are_heard_where_they_were_learned_only(text, heard):
    assert CAPTIONED.heard(text) == heard.split()


def test_without_listed_pairs_function_words_are_words_as_any_other():
    assert Vocabulary(CAPTIONED.words).heard("a riser on the beat") == split_words(
        "a riser on the beat"
    )


def test_what_has_a_synonym_is_not_unknown():
    assert unknown_words("a storm of toads", CAPTIONED) == ("of", "toads")


def test_every_synonym_of_the_embedded_model_is_for_something_it_never_learned():
    vocabulary = read_vocabulary(embedded_folder())
    assert len(vocabulary.synonyms) > 500
    assert not [t for t in vocabulary.synonyms if all(vocabulary.knows(word) for word in t)]


def test_what_was_learned_since_is_heard_itself():
    since = Vocabulary(frozenset({"storm"}), frozenset({("a", "storm")}))
    after = joined(CAPTIONED, since)
    assert after.heard("a storm in the box") == ["a", "storm", "drums"]
    assert joined(None, since) == since


def test_a_vocabulary_is_read_as_it_was_written(tmp_path):
    write_vocabulary(CAPTIONED, tmp_path)
    assert read_vocabulary(tmp_path) == CAPTIONED


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("storm rain", "storm rain"),
        ("# weather\n\nstorm = thunder", "thunder"),
        ("one two three four = rain", "at most 3 words"),
    ],
)
def test_synonyms_that_explain_nothing_are_refused(tmp_path, lines, said):
    write_vocabulary(CAPTIONED, tmp_path)
    (tmp_path / SYNONYMS_FILE).write_text(lines, "utf-8")
    with pytest.raises(ModelUnavailable, match=said):
        read_vocabulary(tmp_path)


@pytest.mark.parametrize(
    ("prompt", "heard"),
    [
        ("a riser before the drop", "riser drop"),
        ("ocean waves on a beach", "ocean waves"),
        ("squelchy acid bass, like an old 303", "squelchy acid bass old 303"),
        ("a drum and bass loop in A minor", "drum and bass loop in a minor"),
        ("four on the floor house beat at 124 bpm", "four on the floor house beat at 124 bpm"),
    ],
)
def test_what_the_embedded_model_hears(prompt, heard):
    vocabulary = read_vocabulary(embedded_folder())
    assert vocabulary is not None
    assert vocabulary.heard(prompt) == heard.split()


@pytest.mark.parametrize("path", sorted(PRESETS), ids=lambda path: path.stem)
def test_a_preset_that_comes_with_the_product_has_learned_words_only(path):
    prompt = tomllib.loads(path.read_text("utf-8")).get("prompt", "")
    assert unknown_words(prompt, read_vocabulary(embedded_folder())) == ()
