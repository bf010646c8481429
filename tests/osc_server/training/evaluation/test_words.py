from pathlib import Path

import pytest

from osc_server.magnet.engine import EMBEDDED, load_engine
from osc_server.training.evaluation.words import (
    Asked,
    Captions,
    count_captions,
    measure_words,
    read_captions,
)

CAPTIONS = Captions(600, {"rain": 90, "soft": 3, "pad": 500})


class Knowing:
    """Answers as an engine does, from a list of words."""

    def __init__(self, *known):
        self.known = known

    def unknown_words(self, text):
        return tuple(word for word in text.split() if word not in self.known)


PROMPTS = ("rain on roof", "soft pad", "rain pad")


def test_prompts_with_strange_words_are_those_that_no_caption_explains():
    found = measure_words(Knowing("rain", "pad"), Asked(PROMPTS, {}), CAPTIONS)
    assert (found["prompts"], found["prompts_with_strange_words"]) == (3, 1)
    assert found["named"]["hits"] == found["named"]["total"] == 1
    assert (found["words"], found["never_captioned"]) == (5, 2)
    assert found["seldom_captioned"] == ["soft"]
    assert found["missed"] == []


def test_a_model_that_pretends_to_know_is_found_out():
    found = measure_words(Knowing("rain", "pad", "roof", "soft"), Asked(PROMPTS, {}), CAPTIONS)
    assert found["named"]["hits"] == 0
    assert found["missed"] == ["roof"]


def test_what_has_a_synonym_need_not_be_named_and_is_counted():
    asked = Asked(PROMPTS, {}, explained={"roof"})
    found = measure_words(Knowing("rain", "pad", "roof", "on"), asked, CAPTIONS)
    assert (found["taken_for_others"], found["missed"]) == (1, ["on"])
    assert found["named"]["total"] == 1


def test_how_prompts_are_followed_is_told_apart_by_their_words():
    by_prompt = {
        "rain on roof": {"hits": 1, "total": 4},
        "soft pad": {"hits": 2, "total": 2},
        "rain pad": {"hits": 1, "total": 2},
    }
    followed = measure_words(Knowing("rain", "pad"), Asked(PROMPTS, by_prompt), CAPTIONS)[
        "followed"
    ]
    assert followed["strange"]["share"] == 0.25
    assert followed["known"]["share"] == 0.75


def test_words_are_counted_once_a_caption_and_numbers_are_none():
    found = read_captions(["pad pad 120", "Rain", "rain, 90.5 bpm"], ["rain", "a pad"])
    assert found == Captions(3, {"pad": 1, "bpm": 1, "rain": 2}, ("rain",))


def test_the_captions_are_those_of_the_training():
    found = count_captions(60, ["rain falling on a roof"])
    assert found.total == 60 * 8
    assert found.words["drums"] > 5
    assert max(found.words.values()) <= 60 * 8
    assert found.found == ()


@pytest.mark.parametrize("word", ["roof", "kazoo", "tape"])
def test_the_shipped_model_does_not_claim_words_of_no_caption(word):
    engine = load_engine(EMBEDDED, models_folder=Path("no-models"), device="cpu")
    assert word not in count_captions(200, []).words
    assert engine.unknown_words(f"soft {word}") == (word,)
