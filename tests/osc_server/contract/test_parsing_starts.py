"""Requests that start from a clip, the other requests, and whatever else is sent."""

import math
import random
from dataclasses import replace

import pytest

from osc_server.contract import requests
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscMessage
from osc_server.contract.parsing import (
    parse_generate,
    parse_request,
    request_args,
)
from osc_server.contract.requests import GenerateClip


def generate(*args):
    return parse_generate((1, *args))


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
