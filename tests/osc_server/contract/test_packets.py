"""Packets: python-osc and we read each other, and nothing malformed gets past or escapes."""

import math
import random
import struct

import pytest
from pythonosc.osc_message import OscMessage as ForeignMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from osc_server.contract.packets import (
    MAX_ARGUMENTS,
    MAX_DEPTH,
    MAX_MESSAGES,
    MAX_PACKET_BYTES,
    MalformedPacket,
    OscMessage,
    decode,
    encode,
    encode_bundle,
)

VALUES = (1, -(2**31), 2**31, 0.5, "dusty", "", "café ♯", b"\x00\x01\x02", True, False, None)


def padded(text: bytes) -> bytes:
    return text + bytes(4 - len(text) % 4)


def message(tags: bytes, data: bytes = b"", address: bytes = b"/a") -> bytes:
    return padded(address) + padded(b"," + tags) + data


def bundle(*elements: bytes, time_tag: int = 1) -> bytes:
    sized = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", time_tag) + sized


def test_what_is_encoded_is_decoded_again():
    assert decode(encode("/magnet/generate", *VALUES)) == [OscMessage("/magnet/generate", VALUES)]


def test_python_osc_reads_what_is_encoded():
    foreign = ForeignMessage(encode("/magnet/generate", *VALUES))
    assert (foreign.address, tuple(foreign.params)) == ("/magnet/generate", VALUES)


def test_what_python_osc_writes_is_decoded():
    builder = OscMessageBuilder("/x")
    for value, tag in ((7, "i"), (2**40, "h"), (0.25, "d"), (1.5, "f"), ("text", "s"), (b"b", "b")):
        builder.add_arg(value, tag)
    assert decode(builder.build().dgram)[0].args == (7, 2**40, 0.25, 1.5, "text", b"b")


def test_every_type_of_osc_1_0_is_read():
    tags = b"ifsbhtdScrmTFNI[i]"
    data = (
        struct.pack(">if", 1, 2.5) + padded(b"s") + struct.pack(">i", 3) + b"abc\0"
        + struct.pack(">qQd", -5, 6, 7.5) + padded(b"symbol") + struct.pack(">I", ord("q"))
        + b"\x01\x02\x03\x04" + b"\x00\x90\x40\x7f" + struct.pack(">i", 8)
    )  # fmt: skip
    assert decode(message(tags, data))[0].args == (
        1, 2.5, "s", b"abc", -5, 6, 7.5, "symbol", "q", b"\x01\x02\x03\x04", b"\x00\x90\x40\x7f",
        True, False, None, math.inf, 8,
    )  # fmt: skip


def test_a_32_bit_float_is_the_decimal_that_was_typed():
    assert decode(encode("/bpm", 127.3))[0].args == (127.3,)


@pytest.mark.parametrize("value", [128.5, 1e-7, 3.4028235e38, -0.0, 1 / 3, 16777216.0])
def test_a_32_bit_float_packs_to_the_same_bits_again(value):
    packet = encode("/x", value)
    assert encode("/x", *decode(packet)[0].args) == packet


def test_a_message_without_type_tags_has_no_arguments():
    assert decode(b"/ping\0\0\0") == [OscMessage("/ping")]


def test_text_that_is_not_utf_8_is_read_as_latin_1():
    assert decode(message(b"s", b"caf\xe9\0\0\0\0"))[0].args == ("café",)


def test_nul_in_a_text_becomes_a_space():
    assert decode(encode("/x", "a\0b"))[0].args == ("a b",)


def test_a_lone_surrogate_becomes_a_question_mark():
    assert decode(encode("/x", "a\udc80"))[0].args == ("a?",)


@pytest.mark.parametrize("value", [2**63, 1e39, b"", [1], object()])
def test_a_value_that_osc_cannot_hold_is_refused_at_the_sender(value):
    with pytest.raises(ValueError, match=r"OSC|pack"):
        encode("/x", value)


def test_a_bundle_gives_its_messages_in_order_with_their_time():
    packet = encode_bundle([OscMessage("/a", (1,)), OscMessage("/b")], 1_800_000_000.25)
    assert decode(packet) == [
        OscMessage("/a", (1,), 1_800_000_000.25),
        OscMessage("/b", (), 1_800_000_000.25),
    ]


@pytest.mark.parametrize("time_tag", [0, 1])
def test_immediately_is_no_time(time_tag):
    assert decode(bundle(encode("/a"), time_tag=time_tag)) == [OscMessage("/a")]


def test_time_tags_go_on_after_2036():
    in_2040 = 2_208_988_800 + 2_208_988_800  # NTP seconds of 2040-01-01, past 32 bits
    tag = (in_2040 % 2**32) << 32
    assert decode(bundle(encode("/a"), time_tag=tag))[0].due_unix_seconds == 2_208_988_800


def test_an_inner_bundle_has_its_own_time():
    inner = encode_bundle([OscMessage("/in")], 1_800_000_001.0)
    times = [m.due_unix_seconds for m in decode(bundle(encode("/out"), inner))]
    assert times == [None, 1_800_000_001.0]


def nested(depth: int) -> bytes:
    packet = encode("/deep")
    for _ in range(depth):
        packet = bundle(packet)
    return packet


@pytest.mark.parametrize(
    "packet",
    [
        nested(MAX_DEPTH),
        bundle(*[encode("/m")] * MAX_MESSAGES),
        message(b"T" * MAX_ARGUMENTS),
        encode("/x", bytes(MAX_PACKET_BYTES - 12)),
    ],
    ids=["depth", "messages", "arguments", "bytes"],
)
def test_a_packet_at_a_limit_is_read(packet):
    assert decode(packet)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "neither"),
        (b"garbage!", "neither"),
        (b"/ab", "multiple of 4"),
        (b"/abc", "no end"),
        (b"/a\0\0i\0\0\0", "comma"),
        (message(b"i"), "cut short"),
        (message(b"d", bytes(4)), "cut short"),
        (message(b"s"), "no end"),
        (message(b"b", b"\xff\xff\xff\xff"), "-1 bytes"),
        (message(b"b", b"\x7f\xff\xff\xff"), "2147483647 bytes"),
        (message(b"b"), "blob is cut short"),
        (message(b"z"), "unknown type tag"),
        (message(b"i", bytes(8)), "left over"),
        (message(b"[i", bytes(4)), "brackets"),
        (message(b"]["), "brackets"),
        (message(b"T" * (MAX_ARGUMENTS + 1)), "arguments"),
        (b"#bundle\0" + bytes(4), "time tag"),
        (bundle(b""), "0 bytes"),
        (b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xf4" + bytes(12), "-12 bytes"),
        (b"#bundle\0" + bytes(8) + b"\0\0\0\x40" + encode("/a"), "64 bytes"),
        (bundle(b"nope"), "neither"),
        (nested(MAX_DEPTH + 1), "deep"),
        (bundle(*[encode("/m")] * (MAX_MESSAGES + 1)), "messages"),
        (encode("/x", bytes(MAX_PACKET_BYTES)), "is over"),
    ],
)
def test_a_malformed_packet_is_refused_with_its_reason(packet, why):
    with pytest.raises(MalformedPacket, match=why):
        decode(packet)


def test_no_mutation_of_a_packet_raises_anything_else():
    random_source = random.Random(2401)
    whole = bundle(encode("/magnet/generate", 1, "prompt", "dusty", "bpm", 128.5), nested(3))
    refused = 0
    for _ in range(20_000):
        data = bytearray(whole)
        for _ in range(random_source.randint(1, 6)):
            data[random_source.randrange(len(data))] = random_source.randrange(256)
        try:
            decode(bytes(data[: random_source.randint(0, len(data))]))
        except MalformedPacket:
            refused += 1
    assert refused > 10_000
