"""Requests: every way in which real senders say the same thing, and every way of being wrong."""

import math
import random
from dataclasses import replace

import pytest

from osc_server.contract import requests
from osc_server.contract.addresses import REQUESTS
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter
from osc_server.contract.packets import OscMessage, decode, encode
from osc_server.contract.parsing import (
    parse_generate,
    parse_request,
    parse_values,
    request_args,
    row_of,
)
from osc_server.contract.requests import DecodingOptions, GenerateClip, Hint, WeightedPrompt


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


# --- numbers, switches, ids ----------------------------------------------------------------------


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


# --- steps, meter, key ---------------------------------------------------------------------------


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


# --- what is wrong is said -----------------------------------------------------------------------


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


# --- text that was split -------------------------------------------------------------------------


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


# --- several prompts -----------------------------------------------------------------------------

A, B = WeightedPrompt("dusty break", 0.7), WeightedPrompt("pad", 0.3)


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


# --- what starts from a clip ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "args", "start"),
    [
        ("continue", ("clip", "c1"), requests.Continue("c1")),
        ("continue", ("/music/my loop.wav",), requests.Continue("/music/my loop.wav")),
        ("infill", ("clip", "c1", "from", 4, "to", 8.5), requests.Infill("c1", 4.0, 8.5)),
        ("infill", ("to", "8", "clip", "c1", "from", 0.0), requests.Infill("c1", 0.0, 8.0)),
        ("vary", ("c1",), requests.Vary("c1", 0.5, "weakest")),
        ("vary", ("clip", "c1", "amount", 1), requests.Vary("c1", 1.0)),
        (
            "vary",
            ("c1", "amount", 0.25, "strategy", "texture"),
            requests.Vary("c1", 0.25, "texture"),
        ),
        ("loop", ("c1",), requests.CloseLoop("c1")),
    ],
)
def test_a_clip_may_start_from_another(verb, args, start):
    request = parse_request(OscMessage(f"/magnet/{verb}", (1, *args)))
    assert (request.start, request.id, request.prompt) == (start, 1, "")


def test_what_starts_from_a_clip_takes_the_names_of_generate():
    args = (1, "clip", "c1", "prompt", "warm", "pad", "bars", 2, "bpm", 128.5, "takes", 2)
    assert parse_request(OscMessage("/magnet/continue", args)) == GenerateClip(
        1,
        prompt="warm pad",
        bars=2.0,
        bpm=128.5,
        takes=2,
        start=requests.Continue("c1"),
        given=frozenset({"clip", "prompt", "bars", "bpm", "takes"}),
    )


@pytest.mark.parametrize(
    ("verb", "args", "says"),
    [
        ("continue", (), "/magnet/continue needs clip: a clip's id, or the path of a WAV"),
        ("continue", ("prompt", "warm pad"), "needs clip"),
        ("continue", ("clip", 0.5, "bars", -4), "bars -4 is out of range"),
        ("infill", ("clip", "c1"), "/magnet/infill needs from: where the new part begins"),
        ("infill", ("clip", "c1", "from", 4), "/magnet/infill needs to"),
        ("infill", ("clip", "c", "from", 8, "to", 4), "nothing between beat 8 and beat 4: to must"),
        ("infill", ("clip", "c", "from", 4, "to", 4), "nothing between beat 4 and beat 4"),
        ("infill", ("clip", "c", "from", -1, "to", 4), "from -1 is out of range: 0 to 4096"),
        ("infill", ("clip", "c", "from", math.nan, "to", 4), "from must be a number"),
        ("infill", ("clip", "c", "from", "a", "to", 4), "from must be a number (0 to 4096 quarter"),
        ("vary", (), "needs clip"),
        ("vary", ("c1", "amount", 2), "amount 2 is out of range: 0 to 1"),
        ("vary", ("c1", "amount", -0.1), "amount -0.1 is out of range: 0 to 1"),
        ("vary", ("c1", "amont", 0.5), "did you mean amount?"),
        ("vary", ("c1", "strategy", "wild"), "strategy must be weakest or strongest or periodic"),
        ("vary", ("clip", "c1", "clip", "c2"), "clip is given twice"),
        ("vary", ("c1", "bars", 4), "leave out bars: what is made is as long as the clip"),
        ("infill", ("clip", "c", "from", 0, "to", 4, "seconds", 4), "leave out seconds"),
        ("infill", ("clip", "c", "from", 0, "to", 4, "rate", 44100), "leave out rate: samples"),
        ("continue", ("c1", "loop", 1), "leave out loop: only the new part"),
        ("loop", ("c1", "loop", 0), "leave out loop: what comes back is a loop"),
        ("loop", (), "needs clip"),
        ("loop", ("clip", b"\0"), "clip must be a text"),
        ("contine", ("c1",), "did you mean /magnet/continue?"),
    ],
)
def test_a_wrong_start_is_refused_with_what_to_do(verb, args, says):
    with pytest.raises(BadRequest) as raised:
        parse_request(OscMessage(f"/magnet/{verb}", (1, *args)))
    assert says in str(raised.value)


WORDS_AND_WORSE = (
    "a b", "c", "", "808", 0.5, 1, -1, 1e30, math.nan, True, None, b"\\0", "0.7", "stride1",
    "texture",
)  # fmt: skip


@pytest.mark.parametrize("verb", ["generate", "continue", "infill", "vary", "loop"])
def test_whatever_is_sent_is_a_request_or_a_bad_one(verb):
    source = random.Random(verb)
    names = [parameter.name for parameter in GENERATE] + ["clip", "from", "to", "amount"]
    understood = 0
    for _ in range(4000):
        args = [
            source.choice(names if source.random() < 0.5 else WORDS_AND_WORSE)
            for _ in range(source.randrange(12))
        ]
        try:
            request = parse_request(OscMessage(f"/magnet/{verb}", (1, *args)))
        except BadRequest:
            continue
        understood += 1
        again = parse_request(OscMessage(f"/magnet/{verb}", request_args(request)))
        assert replace(again, given=frozenset()) == replace(request, given=frozenset())
    assert understood or verb == "infill"


# --- the other requests --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "args", "request_record"),
    [
        ("/magnet/cancel", (1,), requests.Cancel(1)),
        ("/magnet/ping", ("a",), requests.Ping("a")),
        ("/magnet/sync", (1,), requests.Sync(1)),
        ("/magnet/status", (1,), requests.Status(1)),
        ("/magnet/notify", (1, 9001.0), requests.Notify(1, 9001)),
        ("/magnet/notify", (1, "port", 9001), requests.Notify(1, 9001)),
        ("/magnet/hello", (1,), requests.Hello(1)),
        ("/magnet/hello", (1, "token", "s3cret"), requests.Hello(1, "s3cret")),
        ("/magnet/hello", (1, "token"), requests.Hello(1, "token")),
        ("/magnet/help", (1, "generate"), requests.Help(1, "generate")),
        ("/magnet/model/list", (1,), requests.ListModels(1)),
        ("/magnet/model/load", (1, "my", "model"), requests.LoadModel(1, "my model")),
        ("/magnet/model/load", (1, "model", "embedded"), requests.LoadModel(1, "embedded")),
        ("/magnet/model/unload", (1,), requests.UnloadModel(1)),
        ("/magnet/model/unload", (1, "mine"), requests.UnloadModel(1, "mine")),
        ("/magnet/model/fetch", (1, "owner/mine"), requests.FetchModel(1, "owner/mine")),
        ("/magnet/preset/list", (1,), requests.ListPresets(1)),
        ("/magnet/clip/list", (1,), requests.ListClips(1)),
        ("/magnet/clip/list", (1, 5), requests.ListClips(1, 5)),
        ("/magnet/clip/get", (1, "c1"), requests.GetClip(1, "c1")),
        ("/magnet/clip/get", (1, "c1", "delivery", "stream"), requests.GetClip(1, "c1", "stream")),
        ("/magnet/clip/get", (1, "delivery", "path", "clip", "c"), requests.GetClip(1, "c")),
        ("/magnet/clip/get", (1, "c1", "rate", 22050.0), requests.GetClip(1, "c1", "path", 22050)),
        (
            "/magnet/clip/landed",
            (1, "clip", "c1", "place", "track", "Drums,", "bar", 5),
            requests.Landed(1, "c1", "track Drums, bar 5"),
        ),
        (
            "/magnet/clip/landed",
            (1, "clip", "c1", "problem", "no track is selected"),
            requests.Landed(1, "c1", "", "no track is selected"),
        ),
    ],
)
def test_every_other_request_is_read(address, args, request_record):
    assert parse_request(OscMessage(address, args)) == request_record


@pytest.mark.parametrize(
    ("address", "args", "says"),
    [
        ("/magnet/generat", (1,), "did you mean /magnet/generate?"),
        ("/live/song/tempo", (1,), "unknown address '/live/song/tempo'"),
        ("/magnet/notify", (1,), "needs port"),
        ("/magnet/notify", (1, 70000), "0 to 65535"),
        ("/magnet/model/load", (1,), "needs model"),
        ("/magnet/clip/get", (1, "delivery", "path"), "needs clip"),
        ("/magnet/clip/get", (1, "c1", "rate", 7999), "8000 to 192000 Hz"),
        ("/magnet/clip/landed", (1, "place", "Drums"), "needs clip"),
        ("/magnet/clip/landed", (1, "clip", "c1"), "say where the clip landed"),
        ("/magnet/ping", (1, "loudly"), "takes only your id"),
    ],
)
def test_every_other_wrong_request_is_refused(address, args, says):
    with pytest.raises(BadRequest, match=says.replace("?", r"\?")):
        parse_request(OscMessage(address, args))


# --- there and back ------------------------------------------------------------------------------

WORDS = ("loop", "bars", "808", "dusty", "key", "café", "lane", "prompt", "on", "a b")


MIXES = (
    (),
    (WeightedPrompt("loop", 0.7), WeightedPrompt("", 0.3)),
    (WeightedPrompt("808", 1.0, 0.0, 64.0), WeightedPrompt("a b", 9.5, 0.25)),
)
STARTS = (
    None,
    requests.Continue("20261103-141500-bars-1f"),
    requests.Infill("/my music/from 4.wav", 0.0, 7.25),
    requests.Vary("c", 0.125, "texture"),
    requests.Vary("c"),
    requests.CloseLoop("c"),
)


ONE_VALUE = {
    requests.Continue: {"loop": True},
    requests.CloseLoop: {"loop": True},
    requests.Vary: {"bars": None, "beats": None, "seconds": None},
    requests.Infill: {
        "bars": None, "beats": None, "seconds": None, "rate_hz": 48000, "n_channels": 1
    },
}  # fmt: skip


def random_request(source: random.Random) -> GenerateClip:
    def maybe(value):
        return value if source.random() < 0.5 else None

    length = {source.choice(["bars", "beats", "seconds"]): maybe(source.choice([0.5, 4.0, 7.25]))}
    mix = source.choice(MIXES)
    prompt = "" if mix else " ".join(source.sample(WORDS, source.randint(0, 4)))
    return GenerateClip(
        source.choice([1, -5, "id", "7"]),
        prompt=prompt,
        model=source.choice(["", "embedded", "/my models/bars 4"]),
        preset=source.choice(["", "loop", "dusty break"]),
        **length,
        bpm=source.choice([120.0, 127.3, 128.5]),
        meter=Meter(source.choice([3, 4, 7]), source.choice([4, 8])),
        key=source.choice(["", "A minor", "F#"]),
        loop=source.random() < 0.5,
        seed=maybe(source.randrange(2**31)),
        decoding=DecodingOptions(
            maybe(2.5),
            maybe(0.9),
            maybe(100),
            maybe(9.5),
            maybe(1.5),
            maybe((20, 10, 10, 10)),
            maybe("stride1"),
            maybe("prod"),
            maybe(False),
        ),
        lane=source.choice(["", "deck 1", "bpm"]),
        loudness_lufs=source.choice([-14.0, -9.5]),
        rate_hz=source.randint(requests.RATE_MIN_HZ, requests.RATE_MAX_HZ),
        n_channels=source.choice([1, 2]),
        delivery=source.choice(["path", "stream"]),
        start=source.choice(STARTS),
        negative=source.choice(["", "hiss", "vocals, bars 4"]),
        mix=mix,
        takes=source.choice([1, 8]),
        hint=source.choice([None, Hint(beats=4.0), Hint(seconds=0.5)]),
        rescore=source.choice([0.0, 0.25]),
        companion=source.choice(["", "facebook/musicgen-medium"]),
        preview=source.random() < 0.5,
        deadline_ms=maybe(750.0),
        given=frozenset(source.sample(["bpm", "key", "seed", "lane"], 2)),
    )


def test_a_request_crosses_the_wire_and_is_the_same():
    source = random.Random(12100)
    for _ in range(500):
        request = random_request(source)
        request = replace(request, **ONE_VALUE.get(type(request.start), {}))
        (message,) = decode(encode(row_of(request).address, *request_args(request)))
        received = parse_request(message)
        assert replace(received, given=request.given) == request
        meant = {n for n in request.given if n != "seed" or request.seed is not None}
        assert meant <= received.given


@pytest.mark.parametrize(
    "request_record",
    [
        requests.Cancel(1), requests.Notify("a", 0), requests.Hello(1, "s"), requests.Help(1),
        requests.LoadModel(1, "a b"), requests.ListClips(1, 5), requests.GetClip(1, "c", "stream"),
        requests.Landed(1, "c", "Drums, bar 5"), requests.Landed("a", "c", "Drums", "it is full"),
    ],
)  # fmt: skip
def test_the_other_requests_cross_the_wire_too(request_record):
    (row,) = [row for row in REQUESTS if row.record is type(request_record)]
    (message,) = decode(encode(row.address, *request_args(request_record)))
    assert parse_request(message) == request_record


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": 7999},
        {"key": "groove"},
        {"decoding": DecodingOptions(temperature=99.0)},
        {"decoding": DecodingOptions(steps=(1, 2))},
        {"prompt": "x" * 2001},
        {"id": ""},
        {"takes": 9},
        {"rescore": -0.5},
        {"deadline_ms": 0.0},
        {"hint": Hint(beats=0.0)},
        {"start": requests.Vary("c", 2.0)},
        {"start": requests.Infill("c", -2.0, 4.0)},
        {"mix": (A,)},
        {"mix": (A, WeightedPrompt("b", 0.0))},
        {"mix": (A, WeightedPrompt("b", 1.0, 4.0, 2.0))},
        {"mix": (A, WeightedPrompt("x" * 2001))},
    ],
)
def test_a_wrong_request_is_refused_before_it_is_sent(wrong):
    with pytest.raises(BadRequest):
        request_args(replace(GenerateClip(1, prompt="x"), **wrong))


def test_values_can_be_read_without_a_request():
    assert parse_values(GENERATE, ["bars", 8, "bpm", 90], "a preset") == {"bars": 8.0, "bpm": 90.0}
