"""Framing: packets come out of a stream as they went in, however the stream is cut."""

import random

import pytest
from pythonosc import slip

from osc_server.contract.framing import FrameReader, FramingLost, frame
from osc_server.contract.packets import MalformedPacket, encode

PACKETS = [
    encode("/magnet/ping", 1),
    encode("/blob", b"\xc0\xdb\xdc\xdd" * 5),
    encode("/magnet/generate", 2, "prompt", "dusty breakbeat"),
]
END = b"\xc0"


@pytest.mark.parametrize("framing", ["length", "slip"])
@pytest.mark.parametrize("piece_bytes", [1, 3, 1000])
def test_packets_survive_any_cut_of_the_stream(framing, piece_bytes):
    stream = b"".join(frame(packet, framing) for packet in PACKETS)
    reader = FrameReader()
    received = []
    for start in range(0, len(stream), piece_bytes):
        received += reader.feed(stream[start : start + piece_bytes])
    assert (received, reader.framing) == (PACKETS, framing)


def test_slip_is_what_python_osc_writes():
    assert [frame(packet, "slip") for packet in PACKETS] == [slip.encode(p) for p in PACKETS]


def test_slip_without_its_first_end_is_understood():
    reader = FrameReader()
    assert reader.feed(frame(PACKETS[0], "slip")[1:]) == [PACKETS[0]]
    assert reader.framing == "slip"


def test_an_empty_length_frame_is_a_packet_that_is_no_osc():
    assert FrameReader().feed(bytes(4)) == [b""]


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n", b"\x01", b"\xff\xff\xff\xff"])
def test_what_is_neither_framing_is_given_up(first):
    reader = FrameReader()
    (lost,) = reader.feed(first)
    assert isinstance(lost, FramingLost)
    assert reader.feed(frame(PACKETS[0], "length")) == []


def test_packets_before_a_wrong_length_are_kept():
    reader = FrameReader()
    received = reader.feed(frame(PACKETS[0], "length") + b"\x7f\xff\xff\xff")
    assert received[0] == PACKETS[0]
    assert isinstance(received[1], FramingLost)


def test_slip_goes_on_after_a_wrong_escape():
    received = FrameReader().feed(END + b"/a\xdbz" + END + frame(PACKETS[0], "slip"))
    assert isinstance(received[0], MalformedPacket)
    assert received[1:] == [PACKETS[0]]


def test_slip_goes_on_after_a_packet_that_is_too_long():
    reader = FrameReader(max_bytes=64)
    received = []
    for piece in (END + b"/" * 100, b"/" * 100, b"/" * 100, END, frame(PACKETS[0], "slip")):
        received += reader.feed(piece)
    assert isinstance(received[0], MalformedPacket)
    assert received[1:] == [PACKETS[0]]


def test_a_packet_that_is_only_a_little_too_long_is_refused_too():
    received = FrameReader(max_bytes=64).feed(END + b"/" * 65 + END + frame(PACKETS[0], "slip"))
    assert isinstance(received[0], MalformedPacket)
    assert received[1:] == [PACKETS[0]]


def test_random_streams_never_hold_more_than_a_packet():
    random_source = random.Random(1055)
    for _ in range(200):
        reader = FrameReader(max_bytes=256)
        first = random_source.choice([b"\0", END, b"/"])
        for _ in range(50):
            reader.feed(first + random_source.randbytes(100))
            assert len(reader._buffer) <= 2 * 256 + 101
