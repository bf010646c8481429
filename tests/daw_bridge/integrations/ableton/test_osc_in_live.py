"""The script's own OSC codec says and reads the same as the contract's."""

from __future__ import annotations

import struct

import pytest

from daw_bridge.integrations.ableton.MagnetBridge.osc import decode, encode
from osc_server.contract import packets

VALUES = [
    *(0, 1, -7, 2**31 - 1, 2**40, 0.0, 128.5, 127.3, -14.25, 1e-3, "", "a", "abc", "abcd"),
    *("Überzug · ½", b"x", b"12345678", True, False, None),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_it_packs_the_contract_reads(value: object) -> None:
    (message,) = packets.decode(encode("/magnet/test", 1, value, "end"))
    assert message.args == (1, value, "end")


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_the_contract_packs_it_reads(value: object) -> None:
    packet = packets.encode("/magnet/test", 1, value, "end")
    assert decode(packet) == [("/magnet/test", (1, value, "end"))]


def test_a_tempo_that_32_bits_do_not_hold_goes_whole() -> None:
    (message,) = packets.decode(encode("/magnet/clock/bpm", 97.123456789))
    assert message.args == (97.123456789,)
    assert b",f\0\0" in encode("/magnet/clock/bpm", 128.5)


def test_bundles_are_read_in_order() -> None:
    messages = [packets.OscMessage("/a", (1,)), packets.OscMessage("/b", ("x",))]
    assert decode(packets.encode_bundle(messages)) == [("/a", (1,)), ("/b", ("x",))]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"nothing",
        b"/a",
        b"/a\0\0,i\0\0",
        b"/a\0\0,i\0\0\0\0",
        b"/a\0\0i\0\0\0",
        b"/a\0\0,b\0\0" + struct.pack(">i", 1 << 30),
        b"/a\0\0,b\0\0" + struct.pack(">i", -1),
        b"/a\0\0,?\0\0",
        b"#bundle\0" + bytes(8) + struct.pack(">i", -4),
        b"#bundle\0" + bytes(8) + struct.pack(">i", 400),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 16)) * 20,
    ],
)
def test_what_is_not_osc_raises_a_value_error_and_nothing_else(packet: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode(packet)


def test_what_osc_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="list"):
        encode("/a", [1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="64 bits"):
        encode("/a", 2**70)
