"""Replies: records to OSC arguments and back, never longer than a datagram may be."""

import math

import pytest

from osc_server.contract import replies
from osc_server.contract.addresses import MAX_DATAGRAM_BYTES, REPLIES
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscMessage, decode, encode
from osc_server.contract.reply_args import encode_reply, reply_from_osc, reply_to_osc

READY = replies.Ready(
    "a", "c1", "/clips/c1.wav", 7.5, 4.0, 128.5, 128.25, 1.25, -14.0, 77, 48000, 0.25, "quiet",
    1.5, 0.75, 0.5, 3, unknown_words="kazoo",
)  # fmt: skip
EXAMPLES = [
    replies.Accepted(1, 2, 3.5, "hardly"),
    replies.Progress(1, 0.5, 25, 50, 1.25),
    replies.Preview(1, "/clips/c1.preview.wav", 1),
    replies.PreviewChunk(1, 0, 3, 48000, 2, b"\0\1\2\3"),
    replies.Take(1, 2, 3, "c2", "/clips/c2.wav", 0.75, 128.25, 1.25, 0.5, 78),
    READY,
    replies.Failed("a", "busy", "the queue is full"),
    replies.CancelledReply(1),
    replies.ErrorLine("what was that?"),
    replies.AudioChunk(1, 0, 3, b"\0\1\2\3"),
    replies.Welcome(1, 1),
    replies.Notified(1, 9001),
    replies.Pong(1),
    replies.Synced("x"),
    replies.StatusReply(
        1, "embedded", "cpu", "rendering", 2, 17, "0.1.0", "/clips", True, 60.5, 3,
        "embedded, mine", 1048576.0, 16777216.0,
    ),
    replies.HelpLine(1, "line"),
    replies.HelpEnd(1, 14),
    replies.ModelItem(
        1, "magnet-small-10secs", True, True, "CC-BY-NC 4.0", 32000, 10.0, False, 1_073_600,
        3_221_200, "t5-base: magnet-bridge models fetch magnet-small-10secs",
    ),
    replies.ModelEnd(1, 2),
    replies.ModelLoaded(1, "embedded"),
    replies.ModelUnloaded(1),
    replies.ModelLicence(1, "magnet-small-10secs", "not for commercial use"),
    replies.ModelFetching(1, "magnet-small-10secs", 0.25, 268_400, 1_073_600, 60.0),
    replies.ModelFetched(1, "magnet-small-10secs"),
    replies.PresetItem(1, "dusty", "a break", "dusty breakbeat"),
    replies.PresetEnd(1, 12),
    replies.ClipItem(1, "c1", "/c1.wav", "dusty", 4.0, 128.5, 7.5, "2026-11-03T14:15:00Z"),
    replies.ClipEnd(1, 40),
    replies.ClipNoted(1, "c1"),
]  # fmt: skip


@pytest.mark.parametrize("reply", EXAMPLES, ids=lambda reply: type(reply).__name__)
def test_a_reply_crosses_the_wire_and_is_the_same(reply):
    (message,) = decode(encode_reply(reply))
    assert reply_from_osc(message) == reply


def test_every_reply_has_an_example_here():
    assert {type(reply) for reply in EXAMPLES} == {row.record for row in REPLIES}


def test_ready_is_positional():
    assert reply_to_osc(READY) == (
        "/magnet/ready",
        (
            "a",
            "c1",
            "/clips/c1.wav",
            7.5,
            4.0,
            128.5,
            128.25,
            1.25,
            -14.0,
            77,
            48000,
            0.25,
            "quiet",
            1.5,
            0.75,
            0.5,
            3,
            0.0,
            1.0,
            0.0,
            "kazoo",
        ),
    )


def test_status_is_pairs_of_name_and_value():
    _, args = reply_to_osc(replies.StatusReply(1, model="embedded", takes_tempo=True))
    assert args[:3] == (1, "model", "embedded")
    assert args[args.index("takes_tempo") + 1] == 1


def test_a_status_of_a_later_version_is_read():
    message = OscMessage("/magnet/status/reply", (1, "mood", "good", "jobs_done", 3.0))
    assert reply_from_osc(message) == replies.StatusReply(1, jobs_done=3)


def test_a_reply_of_a_later_version_with_more_fields_is_read():
    assert reply_from_osc(OscMessage("/magnet/pong", (1, "extra"))) == replies.Pong(1)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_patches_cannot_read_goes_as_0(value):
    assert reply_to_osc(replies.Accepted(1, 0, value))[1] == (1, 0, 0.0, "")


@pytest.mark.parametrize(
    "message",
    [
        OscMessage("/magnet/nothing", (1,)),
        OscMessage("/magnet/accepted", (1,)),
        OscMessage("/magnet/accepted", (1, "two", 3.0)),
    ],
)
def test_what_is_no_reply_is_refused(message):
    with pytest.raises(BadRequest):
        reply_from_osc(message)


@pytest.mark.parametrize("text", ["x" * 3000, "é" * 3000, "𝄞" * 1999])
def test_a_long_text_is_cut_to_the_datagram(text):
    packet = encode_reply(replies.Failed(1, "busy", text), MAX_DATAGRAM_BYTES)
    assert MAX_DATAGRAM_BYTES - 16 <= len(packet) <= MAX_DATAGRAM_BYTES
    assert reply_from_osc(decode(packet)[0]).text.endswith("…")


def test_the_longest_text_is_cut_first():
    item = replies.PresetItem(1, "n", "short", "long " * 400)
    cut = reply_from_osc(decode(encode_reply(item, MAX_DATAGRAM_BYTES))[0])
    assert (cut.name, cut.description, cut.prompt[-1]) == ("n", "short", "…")


def test_a_path_is_never_cut():
    item = replies.ClipItem(1, "c", "/" + "p" * 1200, "w" * 900, 4.0, 120.0, 8.0, "now")
    assert reply_from_osc(decode(encode_reply(item, MAX_DATAGRAM_BYTES))[0]).path == item.path


def test_a_path_beyond_the_datagram_is_refused():
    item = replies.ClipItem(1, "c", "/" + "p" * 1400, "w", 4.0, 120.0, 8.0, "now")
    with pytest.raises(ValueError, match="does not fit"):
        encode_reply(item, MAX_DATAGRAM_BYTES)


def test_a_float_id_of_pd_comes_back_as_a_whole_number():
    (message,) = decode(encode("/magnet/pong", 3.0))
    assert reply_from_osc(message) == replies.Pong(3)
