from collections import Counter

import pytest

from osc_server.training.evaluation.words import counted_words, measure_words

COUNTS = Counter({"rain": 90, "on": 0, "soft": 3, "pad": 500})


class Knowing:
    """Answers as an engine does, from a list of words."""

    def __init__(self, *known):
        self.known = known

    def unknown_words(self, text):
        return tuple(word for word in text.split() if word not in self.known)


PROMPTS = ("rain on roof", "soft pad", "rain pad")


def test_prompts_with_strange_words_are_those_that_no_caption_explains():
    found = measure_words(Knowing("rain", "pad"), PROMPTS, COUNTS, {})
    assert (found["prompts"], found["prompts_with_strange_words"]) == (3, 1)
    assert found["named"]["hits"] == found["named"]["total"] == 1
    assert (found["words"], found["never_captioned"]) == (5, 2)
    assert found["seldom_captioned"] == ["soft"]
    assert found["missed"] == []


def test_a_model_that_pretends_to_know_is_found_out():
    found = measure_words(Knowing("rain", "pad", "roof", "soft"), PROMPTS, COUNTS, {})
    assert found["named"]["hits"] == 0
    assert found["missed"] == ["roof"]


def test_how_prompts_are_followed_is_told_apart_by_their_words():
    by_prompt = {
        "rain on roof": {"hits": 1, "total": 4},
        "soft pad": {"hits": 2, "total": 2},
        "rain pad": {"hits": 1, "total": 2},
    }
    followed = measure_words(Knowing("rain", "pad"), PROMPTS, COUNTS, by_prompt)["followed"]
    assert followed["strange"]["share"] == 0.25
    assert followed["known"]["share"] == 0.75


def test_words_are_counted_once_a_caption_and_numbers_are_none():
    counts = counted_words(60)
    assert counts["drums"] > 5
    assert max(counts.values()) <= 60 * 8
    assert not any(word[0].isdigit() and word.endswith("bpm") for word in counts)
    assert counts["glockenspiel"] == 0


@pytest.mark.parametrize("word", ["roof", "glockenspiel", "tape"])
def test_the_shipped_model_does_not_claim_words_of_no_caption(word):
    from pathlib import Path

    from osc_server.magnet.engine import EMBEDDED, load_engine

    engine = load_engine(EMBEDDED, models_folder=Path("no-models"), device="cpu")
    assert counted_words(200)[word] == 0
    assert engine.unknown_words(f"soft {word}") == (word,)
