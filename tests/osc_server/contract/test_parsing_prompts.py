"""Prompts: split into words by senders that have no quotes, and several with their weights."""

import math

import pytest

from osc_server.contract.errors import BadRequest
from osc_server.contract.parsing import (
    parse_generate,
)
from osc_server.contract.requests import WeightedPrompt

A, B = WeightedPrompt("dusty break", 0.7), WeightedPrompt("pad", 0.3)


def generate(*args):
    return parse_generate((1, *args))


def refusal(*args) -> str:
    with pytest.raises(BadRequest) as raised:
        parse_generate(args)
    return str(raised.value)


@pytest.mark.parametrize(
    ("words", "prompt", "bars"),
    [
        (("dusty", "breakbeat", "bars", 4), "dusty breakbeat", 4),
        (("four", "bars", "of", "funk", "bars", 4), "four bars of funk", 4),
        (("a", 90, "s", "house", "loop", "bars", 4), "a 90 s house loop", 4),
        ((808.0, "kick", "bars", 4.0), "808 kick", 4),
        (("house", "at", 128.5, "bpm", "bars", 4), "house at 128.5 bpm", 4),
        (("bars", "bars", 4), "bars", 4),
        (("low", "key", "groove", "bars", 4), "low key groove", 4),
        (("long", "delivery", "bars", 4), "long delivery", 4),
        (("drum", "loop"), "drum loop", None),
        (("a", "loop", "on", "fire"), "a loop on fire", None),
        (("top", "scoring", "beat"), "top scoring beat", None),
        (("electric", "keys", "bars", 4), "electric keys", 4),
        (("techno",), "techno", None),
        (("",), "", None),
    ],
)
def test_a_split_prompt_is_joined_up_to_the_next_name(words, prompt, bars):
    request = generate("prompt", *words)
    assert (request.prompt, request.bars) == (prompt, bars)


@pytest.mark.parametrize(
    "prompt",
    ["a loop 1 thing", "lane x bars 4", "seed 5 bpm 90", "prompt prompt", "delivery stream "],
)
def test_a_quoted_prompt_is_never_misread(prompt):
    request = generate("prompt", prompt, "bars", 2)
    assert (request.prompt, request.bars, request.given) == (prompt, 2.0, {"prompt", "bars"})


def test_nothing_is_joined_to_a_quoted_prompt():
    assert "unknown name 'more'" in refusal(1, "prompt", "dusty breakbeat", "more")


def test_nothing_is_joined_to_an_empty_prompt():
    assert "unknown name 'more'" in refusal(1, "prompt", "", "more")


@pytest.mark.parametrize(
    "tail", [("barz", 4), ("sede", 12), ("delivry", "stream"), ("loops", 1), ("temprature", 3.0)]
)
def test_a_mistyped_name_after_a_split_prompt_is_not_swallowed(tail):
    says = refusal(1, "prompt", "techno", *tail)
    assert "did you mean" in says
    assert "one quoted string" in says


@pytest.mark.parametrize("value", [math.nan, 900, "loud"])
def test_a_wrong_value_after_an_underscored_name_is_not_swallowed(value):
    assert "top_p" in refusal(1, "prompt", "techno", "top_p", value)


def test_a_number_out_of_range_is_not_swallowed_by_the_prompt():
    assert "bpm 900 is out of range" in refusal(1, "prompt", "techno", "bpm", 900)


def test_every_text_may_be_split():
    request = generate("preset", "dusty", "break", "lane", "deck", 1, "model", "my", "model")
    assert (request.preset, request.lane, request.model) == ("dusty break", "deck 1", "my model")


def test_what_is_no_text_is_not_joined():
    assert "prompt must be a text" in refusal(1, "prompt", "a", b"blob")


@pytest.mark.parametrize(
    "args",
    [
        ("prompt", "dusty break", 0.7, "prompt", "pad", 0.3),
        ("prompt", "dusty break", "0.7", "prompt", "pad", "0.3"),
        ("prompt", "dusty", "break", 0.7, "prompt", "pad", 0.3),
        ("prompt", "dusty break", 0.7, "bars", 4, "prompt", "pad", 0.3),
    ],
)
def test_several_prompts_each_have_their_weight(args):
    request = generate(*args)
    assert (request.mix, request.prompt) == ((A, B), "")
    assert "prompt" in request.given


def test_a_prompt_may_hold_for_some_bars_only():
    request = generate(
        "prompt", "warm", "pad", 1, "to_bar", 2, "bars", 8, "prompt", "dusty break", 1.0,
        "from_bar", 2, "prompt", "hiss", 0.5, "from_bar", 1, "to_bar", 3.5,
    )  # fmt: skip
    assert request.mix == (
        WeightedPrompt("warm pad", 1.0, 0.0, 2.0),
        WeightedPrompt("dusty break", 1.0, 2.0, None),
        WeightedPrompt("hiss", 0.5, 1.0, 3.5),
    )
    assert request.bars == 8


def test_a_number_at_the_end_of_a_single_prompt_belongs_to_its_words():
    assert generate("prompt", "kick", 808).prompt == "kick 808"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("prompt", "a b", "prompt", "c d"), "each of several prompts needs its weight"),
        (("prompt", "a b", 0.7, "prompt", "c"), "'c' has none"),
        (("prompt", 808, "prompt", 909), "'808' has none"),
        (("prompt", "a b", 0, "prompt", "c", 1), "weight 0 is out of range: 0.01 to 10"),
        (("prompt", "house", 128, "prompt", "c", 1), "numbers that belong to a prompt go into"),
        (("prompt", "a b", math.nan, "prompt", "c", 1), "needs its weight"),
        (("prompt", "a b", True, "prompt", "c", 1), "True stands where a name should"),
        (("from_bar", 1, "prompt", "a b", 1, "prompt", "c", 1), "from_bar stands after the prompt"),
        (("prompt", "a b", 1, "to_bar", 1), "give another, with its weight, for the other bars"),
        (("prompt", "a b", 1, "to_bar", 1, "to_bar", 2, "prompt", "c", 1), "to_bar is given twice"),
        (("prompt", "a b", 1, "from_bar", 2, "to_bar", 2, "prompt", "c", 1), "to_bar must be"),
        (("prompt", "a b", 1, "from_bar", -1, "prompt", "c", 1), "from_bar -1 is out of range"),
        (
            ("prompt", "a b", 1, "to_bar", 1, "prompt", "c", 1, "from_bar", 2),
            "no prompt sounds from bar 1 to 2",
        ),
        (
            ("prompt", "a b", 1, "from_bar", 1, "prompt", "c", 1, "from_bar", 2),
            "no prompt sounds from bar 0 to 1",
        ),
        (
            ("prompt", "a b", 1, "to_bar", 1, "prompt", "c", 1, "to_bar", 3),
            "no prompt sounds from bar 3 to the end",
        ),
        (("prompt", "a b", 1) * 9, "9 prompts are too many: at most 8"),
    ],
)
def test_a_wrong_mix_is_refused_with_what_to_do(args, says):
    assert says in refusal(1, *args)


def test_a_preset_may_give_the_length_of_a_mix():
    limits = ("prompt", "a b", 1, "to_bar", 1, "prompt", "c", 1, "to_bar", 2)
    assert len(generate(*limits, "preset", "two bars").mix) == 2
