"""Requests: every way in which real senders say the same thing, and every way of being wrong."""

import math
import random
from dataclasses import replace

import pytest

from osc_server.contract import requests
from osc_server.contract.addresses import GENERATE, REQUESTS
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter
from osc_server.contract.packets import OscMessage, decode, encode
from osc_server.contract.parsing import parse_generate, parse_request, parse_values, request_args
from osc_server.contract.requests import DecodingOptions, GenerateClip


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
        "channels", 2, "delivery", "stream",
    )  # fmt: skip
    decoding = DecodingOptions(2.5, 0.5, 9, 8.0, 2.0, (5, 4, 3, 2), "stride1", "prod", True)
    assert replace(request, given=frozenset()) == GenerateClip(
        1, "p", "m", "s", None, 6.0, None, 99.5, Meter(7, 8), "F# dorian", False, 5, decoding,
        "drums", -20.0, 44100, 2, "stream",
    )  # fmt: skip
    assert request.given == {p.name for p in GENERATE} - {"bars", "seconds"}


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
        (("prompt", "x y", "rate", 22050), "rate must be 32000 or 44100 or 48000"),
        (("prompt", "x y", "channels", 3), "channels must be 1 or 2"),
        (("prompt", "x y", "span", "stride2"), "span must be nonoverlap or stride1"),
        (("prompt", "x y", "meter", "7/9"), "write it like 4/4"),
        (("prompt", "x y", "meter", 4), "meter must be such as 4/4"),
        (("prompt", "x y", "loop", "maybe"), "loop must be 0 or 1"),
        (("prompt", b"\0"), "prompt must be a text"),
        (("prompt", "x" * 2001), "longer than 2000"),
        (("bars", 4), "say what you want to hear"),
        ((), "say what you want to hear"),
    ],
)
def test_a_wrong_request_is_refused_with_what_to_do(args, says):
    assert says in refusal(1, *args)


@pytest.mark.parametrize("parameter", [p for p in GENERATE if math.isfinite(p.low)])
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
        ("/magnet/ping", (1, "loudly"), "takes only your id"),
    ],
)
def test_every_other_wrong_request_is_refused(address, args, says):
    with pytest.raises(BadRequest, match=says.replace("?", r"\?")):
        parse_request(OscMessage(address, args))


# --- there and back ------------------------------------------------------------------------------

WORDS = ("loop", "bars", "808", "dusty", "key", "café", "lane", "prompt", "on", "a b")


def random_request(source: random.Random) -> GenerateClip:
    def maybe(value):
        return value if source.random() < 0.5 else None

    length = {source.choice(["bars", "beats", "seconds"]): maybe(source.choice([0.5, 4.0, 7.25]))}
    prompt = " ".join(source.sample(WORDS, source.randint(0, 4)))
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
        rate_hz=source.choice(requests.RATES_HZ),
        n_channels=source.choice([1, 2]),
        delivery=source.choice(["path", "stream"]),
        given=frozenset(source.sample(["bpm", "loop", "seed", "rate"], 2)),
    )


def test_a_request_crosses_the_wire_and_is_the_same():
    source = random.Random(12100)
    for _ in range(500):
        request = random_request(source)
        (message,) = decode(encode("/magnet/generate", *request_args(request)))
        received = parse_request(message)
        assert replace(received, given=request.given) == request
        meant = {n for n in request.given if n != "seed" or request.seed is not None}
        assert meant <= received.given


@pytest.mark.parametrize(
    "request_record",
    [
        requests.Cancel(1), requests.Notify("a", 0), requests.Hello(1, "s"), requests.Help(1),
        requests.LoadModel(1, "a b"), requests.ListClips(1, 5), requests.GetClip(1, "c", "stream"),
    ],
)  # fmt: skip
def test_the_other_requests_cross_the_wire_too(request_record):
    (row,) = [row for row in REQUESTS if row.record is type(request_record)]
    (message,) = decode(encode(row.address, *request_args(request_record)))
    assert parse_request(message) == request_record


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": 22050},
        {"key": "groove"},
        {"decoding": DecodingOptions(temperature=99.0)},
        {"decoding": DecodingOptions(steps=(1, 2))},
        {"prompt": "x" * 2001},
        {"id": ""},
    ],
)
def test_a_wrong_request_is_refused_before_it_is_sent(wrong):
    with pytest.raises(BadRequest):
        request_args(replace(GenerateClip(1, prompt="x"), **wrong))


def test_values_can_be_read_without_a_request():
    assert parse_values(GENERATE, ["bars", 8, "bpm", 90], "a preset") == {"bars": 8.0, "bpm": 90.0}
