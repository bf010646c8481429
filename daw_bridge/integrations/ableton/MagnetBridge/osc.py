"""OSC packets in and out, with the standard library alone: Live's Python has nothing else.

The bridge and Max send what any OSC sender may: bundles, doubles, arrays. What is not OSC raises
``ValueError`` and nothing else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

OscValue = int | float | str | bytes | bool | None
Message = tuple[str, tuple[OscValue, ...]]

_FIXED = {"i": ">i", "f": ">f", "d": ">d", "h": ">q", "t": ">Q", "c": ">I", "m": "4s", "r": "4s"}
_CONSTANTS: dict[str, OscValue] = {"T": True, "F": False, "N": None, "I": float("inf")}
_BUNDLE = b"#bundle\0"
_MAX_DEPTH = 8


def encode(address: str, *args: OscValue) -> bytes:
    """Pack one message.

    A float goes as 32 bits where these stand for the same decimal, else as 64: Live's tempo may be
    120.123456789, and a clip is as long as it says.

    Raises:
        ValueError: for a value that OSC cannot hold.
    """
    tags, data = ",", b""
    for value in args:
        tag, packed = _pack(value)
        tags += tag
        data += packed
    return _text(address) + _text(tags) + data


def decode(packet: bytes) -> list[Message]:
    """The messages of a packet in order; a bundle's time tag is left to the sender of it.

    Raises:
        ValueError: for what is not OSC.
    """
    try:
        return list(_elements(packet, 0))
    except (struct.error, IndexError) as error:
        raise ValueError(f"not an OSC packet: {error}") from error


def _pack(value: OscValue) -> tuple[str, bytes]:
    if value is None or isinstance(value, bool):
        return ("N" if value is None else "T" if value else "F"), b""
    if isinstance(value, int):
        small = -(2**31) <= value < 2**31
        return ("i", struct.pack(">i", value)) if small else ("h", _pack_long(value))
    if isinstance(value, float):
        return _pack_float(value)
    if isinstance(value, str):
        return "s", _text(value)
    if isinstance(value, bytes):
        return "b", struct.pack(">i", len(value)) + value + b"\0" * (-len(value) % 4)
    raise ValueError(f"OSC cannot hold {type(value).__name__}")


def _pack_long(value: int) -> bytes:
    try:
        return struct.pack(">q", value)
    except struct.error as error:
        raise ValueError(f"{value} does not fit 64 bits") from error


def _pack_float(value: float) -> tuple[str, bytes]:
    try:
        raw = struct.pack(">f", value)
    except OverflowError:
        return "d", struct.pack(">d", value)
    same = value != value or _shortest(raw) == value
    return ("f", raw) if same else ("d", struct.pack(">d", value))


def _shortest(raw: bytes) -> float:
    """The shortest decimal that packs to these 32 bits: 127.3, not 127.30000305."""
    value: float = struct.unpack(">f", raw)[0]
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if struct.pack(">f", short) == raw:
            return short
    return value


def _text(text: str) -> bytes:
    raw = text.replace("\0", " ").encode("utf-8", "replace")
    return raw + b"\0" * (4 - len(raw) % 4)


def _elements(data: bytes, depth: int) -> Iterator[Message]:
    if data.startswith(b"/"):
        yield _message(data)
        return
    if not data.startswith(_BUNDLE) or depth > _MAX_DEPTH or len(data) < 16:
        raise ValueError("neither an OSC message nor a bundle")
    position = 16
    while position < len(data):
        (size,) = struct.unpack_from(">i", data, position)
        position += 4
        if not 0 < size <= len(data) - position:
            raise ValueError(f"a bundle element says it has {size} bytes")
        yield from _elements(data[position : position + size], depth + 1)
        position += size


def _message(data: bytes) -> Message:
    address, position = _read_text(data, 0)
    if position >= len(data):
        return address, ()
    tags, position = _read_text(data, position)
    if not tags.startswith(","):
        raise ValueError("the type tags do not begin with a comma")
    args: list[OscValue] = []
    for tag in tags[1:]:
        if tag in "[]":
            continue
        value, position = _argument(tag, data, position)
        args.append(value)
    return address, tuple(args)


def _argument(tag: str, data: bytes, position: int) -> tuple[OscValue, int]:
    if tag in "sS":
        return _read_text(data, position)
    if tag == "b":
        (size,) = struct.unpack_from(">i", data, position)
        end = position + 4 + size
        if size < 0 or end > len(data):
            raise ValueError(f"a blob says it has {size} bytes")
        return data[position + 4 : end], end + -size % 4
    if tag in _CONSTANTS:
        return _CONSTANTS[tag], position
    if tag not in _FIXED:
        raise ValueError(f"unknown type tag {tag!r}")
    (value,) = struct.unpack_from(_FIXED[tag], data, position)
    size = struct.calcsize(_FIXED[tag])
    if tag == "f":
        value = _shortest(data[position : position + size])
    return (chr(value & 0x7F) if tag == "c" else value), position + size


def _read_text(data: bytes, position: int) -> tuple[str, int]:
    end = data.index(b"\0", position) if b"\0" in data[position:] else -1
    if end < 0:
        raise ValueError("a text has no end")
    return data[position:end].decode("utf-8", "replace"), (end // 4 + 1) * 4
