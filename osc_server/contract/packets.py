"""Bytes to OSC messages and back: OSC 1.0 (opensoundcontrol.org/spec-1_0), hardened.

Encoding uses python-osc's builders. Decoding is our own, because python-osc 1.10's does not hold
against hostile or merely odd senders (measured):

- an unknown type tag is logged and skipped, so that every later argument is read from the wrong
  place; a truncated float is padded with zeros; a truncated bundle element is accepted;
- text that is not UTF-8 escapes as ``UnicodeDecodeError``, deep nesting as ``RecursionError``, and
  a bundle element of negative size moves the read position backwards, for ever;
- a bundle's time tag is folded into "now" or dropped, so the caller cannot judge it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pythonosc import osc_bundle_builder, osc_message, osc_message_builder

from osc_server.contract.errors import BadRequest

OscValue = int | float | str | bytes | bool | None

MAX_PACKET_BYTES = 1 << 16
"""Longest packet read or written, over UDP and TCP alike."""
MAX_DEPTH = 8
"""Bundles inside bundles."""
MAX_MESSAGES = 512
"""Messages in one packet."""
MAX_ARGUMENTS = 1024
"""Arguments in one message."""

_BUNDLE = b"#bundle\x00"
_NTP_TO_UNIX_SECONDS = 2208988800
_FIXED = {
    "i": struct.Struct(">i"),
    "f": struct.Struct(">f"),
    "d": struct.Struct(">d"),
    "h": struct.Struct(">q"),
    "t": struct.Struct(">Q"),
    "c": struct.Struct(">I"),
    "m": struct.Struct("4s"),
    "r": struct.Struct("4s"),
}
_CONSTANTS: dict[str, OscValue] = {"T": True, "F": False, "N": None, "I": math.inf}


class MalformedPacket(BadRequest):
    """Bytes that are not OSC. The only exception that ``decode`` raises."""


@dataclass(frozen=True, slots=True)
class OscMessage:
    """One message.

    Attributes:
        address: such as ``/magnet/generate``.
        args: its arguments in order. Arrays are flattened; MIDI and colour are 4 bytes, a
            character is a string, a time tag argument is its 64-bit integer.
        due_unix_seconds: when its bundle asks for it to be done, in seconds since 1970 UTC; None
            for at once, as for a message outside a bundle.
    """

    address: str
    args: tuple[OscValue, ...] = ()
    due_unix_seconds: float | None = None


def encode(address: str, *args: OscValue) -> bytes:
    """Pack one message.

    int goes as ``i`` (``h`` beyond 32 bits), float as ``f``, str as ``s``, bytes as ``b``, bool as
    ``T``/``F``, None as ``N``. NUL, which would end an OSC string early, becomes a space; what
    UTF-8 cannot hold becomes a question mark.

    Raises:
        ValueError: for a value that OSC cannot hold: an int beyond 64 bits, a float beyond 32, an
            empty blob, another type.
    """
    return bytes(_build(OscMessage(address, args)).dgram)


def encode_bundle(messages: Sequence[OscMessage], due_unix_seconds: float | None = None) -> bytes:
    """Pack messages to be done together, at ``due_unix_seconds`` or (None) at once."""
    due = osc_bundle_builder.IMMEDIATELY if due_unix_seconds is None else due_unix_seconds
    builder = osc_bundle_builder.OscBundleBuilder(due)  # type: ignore[arg-type]  # takes float
    for message in messages:
        builder.add_content(_build(message))
    return bytes(builder.build().dgram)


def decode(packet: bytes) -> list[OscMessage]:
    """Read a packet: its messages in order, those of bundles with the time they are due.

    Raises:
        MalformedPacket: for anything that is not OSC or passes the limits above.
    """
    if len(packet) > MAX_PACKET_BYTES:
        raise MalformedPacket(f"a packet of {len(packet)} bytes is over {MAX_PACKET_BYTES}")
    messages: list[OscMessage] = []
    _read_element(packet, None, 0, messages)
    return messages


def _build(message: OscMessage) -> osc_message.OscMessage:
    builder = osc_message_builder.OscMessageBuilder(_clean(message.address))
    try:
        for value in message.args:
            if isinstance(value, str):
                builder.add_arg(_clean(value), "s")
            elif isinstance(value, int) and not isinstance(value, bool):
                builder.add_arg(value, "i" if -(2**31) <= value < 2**31 else "h")
            elif isinstance(value, float | bytes | bool | None):
                builder.add_arg(value)
            else:
                raise ValueError(f"OSC cannot hold {type(value).__name__}")
        return builder.build()
    except (
        OverflowError,
        osc_message_builder.BuildError,
        osc_message.ParseError,
    ) as error:
        raise ValueError(f"{message.address!r} cannot be packed: {error}") from error


def _clean(text: str) -> str:
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _read_element(
    data: bytes, due_unix_seconds: float | None, depth: int, messages: list[OscMessage]
) -> None:
    if len(data) % 4:
        raise MalformedPacket(f"{len(data)} bytes is not a multiple of 4, as OSC packets are")
    if data.startswith(_BUNDLE):
        _read_bundle(data, depth, messages)
    elif data.startswith(b"/"):
        if len(messages) >= MAX_MESSAGES:
            raise MalformedPacket(f"more than {MAX_MESSAGES} messages in one packet")
        messages.append(_read_message(data, due_unix_seconds))
    else:
        raise MalformedPacket("neither an OSC message (/...) nor a bundle (#bundle)")


def _read_bundle(data: bytes, depth: int, messages: list[OscMessage]) -> None:
    if depth >= MAX_DEPTH:
        raise MalformedPacket(f"bundles are nested more than {MAX_DEPTH} deep")
    if len(data) < 16:
        raise MalformedPacket("a bundle ends before its time tag does")
    (time_tag,) = _FIXED["t"].unpack_from(data, 8)
    due_unix_seconds = _due(time_tag)
    position = 16
    while position < len(data):
        (size,) = _FIXED["i"].unpack_from(data, position)
        position += 4
        if not 0 < size <= len(data) - position:
            raise MalformedPacket(f"a bundle element says it has {size} bytes")
        element = data[position : position + size]
        _read_element(element, due_unix_seconds, depth + 1, messages)
        position += size


def _due(time_tag: int) -> float | None:
    """Unix seconds of an NTP time tag; None for "immediately" (1, and 0, which some send)."""
    if time_tag <= 1:
        return None
    seconds, fraction = time_tag >> 32, time_tag & 0xFFFFFFFF
    if seconds < 1 << 31:  # NTP's next era, from 2036 on (RFC 4330, section 3)
        seconds += 1 << 32
    return seconds - _NTP_TO_UNIX_SECONDS + fraction / 2**32


def _read_message(data: bytes, due_unix_seconds: float | None) -> OscMessage:
    address, position = _read_text(data, 0)
    if position == len(data):  # older senders leave out the type tags of a message without any
        return OscMessage(address, (), due_unix_seconds)
    tags, position = _read_text(data, position)
    if not tags.startswith(","):
        raise MalformedPacket("the type tags do not begin with a comma")
    if len(tags) - 1 > MAX_ARGUMENTS:
        raise MalformedPacket(f"more than {MAX_ARGUMENTS} arguments")
    args: list[OscValue] = []
    open_arrays = 0
    for tag in tags[1:]:
        if tag in "[]":
            open_arrays += 1 if tag == "[" else -1
            if open_arrays < 0:
                break
            continue
        value, position = _read_argument(tag, data, position)
        args.append(value)
    if open_arrays:
        raise MalformedPacket("the brackets of an array do not match")
    if position != len(data):
        raise MalformedPacket(f"{len(data) - position} bytes are left over after the arguments")
    return OscMessage(address, tuple(args), due_unix_seconds)


def _read_argument(tag: str, data: bytes, position: int) -> tuple[OscValue, int]:
    if tag in "sS":
        return _read_text(data, position)
    if tag == "b":
        return _read_blob(data, position)
    if tag in _CONSTANTS:
        return _CONSTANTS[tag], position
    layout = _FIXED.get(tag)
    if layout is None:
        raise MalformedPacket(f"unknown type tag {tag!r}")
    if position + layout.size > len(data):
        raise MalformedPacket(f"an argument of type {tag!r} is cut short")
    (value,) = layout.unpack_from(data, position)
    if tag == "f":
        value = _as_typed(value)
    elif tag == "c":
        value = chr(value & 0x7F)
    return value, position + layout.size


def _as_typed(value: float) -> float:
    """The shortest decimal that this 32-bit float stands for: 127.3, not 127.30000305.

    Hosts and patches hold tempos as decimals; a clip's length is computed from the number that the
    musician typed, not from what is left of it in 24 bits. It packs to the same 32 bits again.
    """
    return float(str(np.float32(value)))


def _read_text(data: bytes, position: int) -> tuple[str, int]:
    end = data.find(b"\0", position)
    if end < 0:
        raise MalformedPacket("a text has no end")
    after = (end // 4 + 1) * 4
    raw = data[position:end]
    try:
        return raw.decode("utf-8"), after
    except UnicodeDecodeError:  # hosts on older Windows send their code page
        return raw.decode("latin-1"), after


def _read_blob(data: bytes, position: int) -> tuple[bytes, int]:
    if position + 4 > len(data):
        raise MalformedPacket("a blob is cut short")
    (size,) = _FIXED["i"].unpack_from(data, position)
    start = position + 4
    after = start + (size + 3) // 4 * 4
    if size < 0 or after > len(data):
        raise MalformedPacket(f"a blob says it has {size} bytes")
    return data[start : start + size], after
