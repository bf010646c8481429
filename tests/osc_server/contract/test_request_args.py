"""Requests go over the wire and come out the same."""

import random
from dataclasses import replace

import pytest

from osc_server.contract import requests
from osc_server.contract.addresses import REQUESTS
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter
from osc_server.contract.packets import decode, encode
from osc_server.contract.parsing import (
    parse_request,
    parse_values,
    request_args,
    row_of,
)
from osc_server.contract.requests import DecodingOptions, GenerateClip, Hint, WeightedPrompt

A, B = WeightedPrompt("dusty break", 0.7), WeightedPrompt("pad", 0.3)


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
