"""Generate: every way in which real senders say the same thing, and every way of being wrong."""

import math
from dataclasses import replace

import pytest

from osc_server.contract.clip_names import GENERATE
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter
from osc_server.contract.parsing import (
    parse_generate,
)
from osc_server.contract.requests import DecodingOptions, GenerateClip, Hint, WeightedPrompt

A, B = WeightedPrompt("dusty break", 0.7), WeightedPrompt("pad", 0.3)


def generate(*args):
    return parse_generate((1, *args))


def refusal(*args) -> str:
    with pytest.raises(BadRequest) as raised:
        parse_generate(args)
    return str(raised.value)


def test_names_and_values_make_a_request():
    assert generate("prompt", "dusty breakbeat", "bars", 4, "bpm", 128.5, "seed", 7) == (
        GenerateClip(
            1,
            prompt="dusty breakbeat",
            bars=4,
            bpm=128.5,
            seed=7,
            given=frozenset({"prompt", "bars", "bpm", "seed"}),
        )
    )


def test_every_name_reaches_its_field():
    request = generate(
        "prompt", "p", "model", "m", "preset", "s", "beats", 6, "bpm", 99.5, "meter", "7/8",
        "key", "F# dorian", "loop", 0, "seed", 5, "temperature", 2.5, "top_p", 0.5, "top_k", 9,
        "guidance_max", 8, "guidance_min", 2, "steps", "5 4 3 2", "span", "stride1",
        "scoring", "prod", "greedy", 1, "lane", "drums", "loudness", -20, "rate", 44100,
        "channels", 2, "delivery", "stream", "negative", "vocals, hiss", "takes", 3,
        "hint_seconds", 2.5, "rescore", 0.25, "companion", "musicgen-small", "preview", 1,
        "deadline", 800, "conform", 0,
    )  # fmt: skip
    decoding = DecodingOptions(2.5, 0.5, 9, 8.0, 2.0, (5, 4, 3, 2), "stride1", "prod", True)
    assert replace(request, given=frozenset()) == GenerateClip(
        1, "p", "m", "s", None, 6.0, None, 99.5, Meter(7, 8), "F# dorian", False, 5, decoding,
        "drums", -20.0, 44100, 2, "stream", None, "vocals, hiss", (), 3, Hint(seconds=2.5), 0.25,
        "musicgen-small", True, 800.0, False,
    )  # fmt: skip
    left_out = {"bars", "seconds", "hint", "from_bar", "to_bar"}
    assert request.given == {p.name for p in GENERATE} - left_out


@pytest.mark.parametrize("value", [4, 4.0, "4", "4.0", "+4e0"])
def test_a_number_may_come_in_any_type(value):
    assert generate("prompt", "a b", "bars", value).bars == 4.0


@pytest.mark.parametrize("value", [7, 7.0, "7"])
def test_a_whole_number_may_come_as_an_integral_float(value):
    seed = generate("prompt", "a b", "seed", value).seed
    assert (seed, type(seed)) == (7, int)


@pytest.mark.parametrize("on", [1, 1.0, 127, True, "1", "on", "True", "yes"])
@pytest.mark.parametrize("name", ["loop", "greedy"])
def test_a_switch_is_on(name, on):
    request = generate("prompt", "a b", name, on)
    assert (request.loop if name == "loop" else request.decoding.greedy) is True


@pytest.mark.parametrize("off", [0, 0.0, False, "0", "off", "FALSE", "no"])
def test_a_switch_is_off(off):
    assert generate("prompt", "a b", "loop", off).loop is False


@pytest.mark.parametrize(
    ("sent", "understood"), [(3, 3), (3.0, 3), ("a", "a"), ("3", "3"), (-1, -1)]
)
def test_an_id_is_a_whole_number_or_a_text(sent, understood):
    request_id = parse_generate((sent, "prompt", "x")).id
    assert (request_id, type(request_id)) == (understood, type(understood))


@pytest.mark.parametrize("sent", [1.5, True, None, b"1", "", math.nan, math.inf, 1e300, "x" * 129])
def test_anything_else_is_no_id(sent):
    assert "request id" in refusal(sent, "prompt", "x")


def test_no_arguments_are_no_request():
    assert "request id" in refusal()


@pytest.mark.parametrize(
    ("sent", "steps"),
    [
        ((50,), (20, 10, 10, 10)),
        ((50.0,), (20, 10, 10, 10)),
        (("50",), (20, 10, 10, 10)),
        (("20 10 10 10",), (20, 10, 10, 10)),
        ((20, 10, 10, 10), (20, 10, 10, 10)),
        ((20.0, 10.0, 10.0, 10.0), (20, 10, 10, 10)),
        ((4,), (1, 1, 1, 1)),
        ((7,), (4, 1, 1, 1)),
    ],
)
def test_steps_are_a_total_or_one_number_a_codebook(sent, steps):
    request = generate("prompt", "a b", "steps", *sent, "seed", 3)
    assert (request.decoding.steps, request.seed) == (steps, 3)


def test_split_steps_add_up():
    for total in range(4, 1251):
        steps = generate("prompt", "a b", "steps", total).decoding.steps
        assert sum(steps) == total
        assert steps[0] >= steps[1] == steps[2] == steps[3] >= 1


@pytest.mark.parametrize("sent", [(3,), (0,), ("20 10",), ("a",), (501, 1, 1, 1), (5000,), (1.5,)])
def test_impossible_steps_are_refused(sent):
    assert "steps must be" in refusal(1, "prompt", "a b", "steps", *sent)


@pytest.mark.parametrize(
    "key", ["A", "A minor", "c# dorian", "Bb", "Am", "F sharp major", "E♭ min"]
)
def test_a_key_is_a_note_and_a_mode(key):
    assert generate("prompt", "a b", "key", key).key == key


def test_a_key_may_arrive_in_words():
    assert generate("prompt", "a b", "key", "A", "minor", "bars", 2).key == "A minor"


@pytest.mark.parametrize("key", ["H", "A happy", "minor", "groove"])
def test_another_text_is_no_key(key):
    assert "such as A minor" in refusal(1, "prompt", "a b", "key", key)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("promt", "x y"), "unknown name 'promt'; did you mean prompt?"),
        (("prompt", "x y", "barz", 4), "unknown name 'barz'; did you mean bars?"),
        (("prompt", "x y", "zzz", 4), "unknown name 'zzz'"),
        (("prompt", "x y", 4), "4 stands where a name should"),
        (("prompt", "x y", "bars"), "bars has no value"),
        (("prompt", "x y", "bars", "bpm", 120), "bars must be a number (0.0625 to 256 bars)"),
        (("prompt", "x y", "bars", 4, "bars", 8), "bars is given twice"),
        (("prompt", "x y", "bars", 4, "beats", 8), "give the length once"),
        (("prompt", "x y", "bpm", 900), "bpm 900 is out of range: 20 to 400 quarter notes"),
        (("prompt", "x y", "loudness", 0), "out of range: -60 to -5 LUFS"),
        (("prompt", "x y", "seed", -1), "out of range: 0 to 2147483647"),
        (("prompt", "x y", "seed", 1.5), "seed must be a whole number"),
        (("prompt", "x y", "bpm", math.nan), "bpm must be a number"),
        (("prompt", "x y", "seconds", math.inf), "seconds must be a number"),
        (("prompt", "x y", "bpm", "nan"), "bpm must be a number"),
        (("prompt", "x y", "bpm", True), "bpm must be a number"),
        (("prompt", "x y", "rate", 7999), "rate 7999 is out of range: 8000 to 192000 Hz"),
        (("prompt", "x y", "rate", 44100.5), "rate must be a whole number"),
        (("prompt", "x y", "channels", 3), "channels must be 1 or 2"),
        (("prompt", "x y", "span", "stride2"), "span must be nonoverlap or stride1"),
        (("prompt", "x y", "meter", "7/9"), "write it like 4/4"),
        (("prompt", "x y", "meter", 4), "meter must be such as 4/4"),
        (("prompt", "x y", "loop", "maybe"), "loop must be 0 or 1"),
        (("prompt", b"\0"), "prompt must be a text"),
        (("prompt", "x" * 2001), "longer than 2000"),
        (("bars", 4), "say what you want to hear"),
        ((), "say what you want to hear"),
        (("prompt", "x y", "takes", 9), "takes 9 is out of range: 1 to 8"),
        (("prompt", "x y", "takes", 0), "takes 0 is out of range: 1 to 8"),
        (("prompt", "x y", "takes", 2.5), "takes must be a whole number"),
        (("prompt", "x y", "hint"), "hint has no value: it takes a number (0.25 to 4096 quarter"),
        (("prompt", "x y", "hint", "bars", 4), "hint must be a number (0.25 to 4096 quarter notes"),
        (("prompt", "x y", "hint", 0), "hint 0 is out of range"),
        (("prompt", "x y", "hint", 4, "hint_seconds", 2), "give the hint once"),
        (("prompt", "x y", "rescore", 1.5), "rescore 1.5 is out of range: 0 to 1"),
        (("prompt", "x y", "deadline", 0), "deadline 0 is out of range: 1 to 600000 ms"),
        (("prompt", "x y", "negativ", "hiss"), "did you mean negative?"),
        (("prompt", "x y", "amount", 0.5), "unknown name 'amount'"),
    ],
)
def test_a_wrong_request_is_refused_with_what_to_do(args, says):
    assert says in refusal(1, *args)


@pytest.mark.parametrize(
    "parameter", [p for p in GENERATE if math.isfinite(p.low) and p.attribute != "mix"]
)
@pytest.mark.parametrize("side", ["low", "high"])
def test_every_range_is_kept_at_both_ends(parameter, side):
    limit = getattr(parameter, side)
    length = {} if parameter.name in ("bars", "beats", "seconds") else {"bars": 4}
    args = [arg for pair in length.items() for arg in pair]
    generate("prompt", "a b", *args, parameter.name, limit)
    beyond = limit + (1 if side == "high" else -1)
    assert f"{parameter.name} " in refusal(1, "prompt", "a b", *args, parameter.name, beyond)
