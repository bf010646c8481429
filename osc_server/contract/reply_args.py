"""Replies to OSC arguments and back, by the table in ``addresses``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, cast

from osc_server.contract.addresses import REPLIES, Row
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import MAX_PACKET_BYTES, OscMessage, OscValue, encode
from osc_server.contract.parameters import MAX_TEXT, Parameter, read_value
from osc_server.contract.replies import Reply

_BY_RECORD = {row.record: row for row in REPLIES}
_BY_ADDRESS = {row.address: row for row in REPLIES}


def reply_to_osc(reply: Reply) -> tuple[str, tuple[OscValue, ...]]:
    """Address and arguments of a reply.

    Switches go as 1 and 0, since not every patch reads ``T``; numbers as floats, where not finite
    as 0; StatusReply as pairs of name and value.
    """
    row = _BY_RECORD[type(reply)]
    values = [getattr(reply, field.name) for field in fields(reply)]
    args = [_as_osc(p, value) for p, value in zip(row.positional, values, strict=False)]
    for parameter, value in zip(row.named, values[len(row.positional) :], strict=True):
        args += [parameter.name, _as_osc(parameter, value)]
    return row.address, tuple(args)


def reply_from_osc(message: OscMessage) -> Reply:
    """The reply that a message carries. Names that this version does not know are skipped.

    Raises:
        BadRequest: where the address is no reply's or the arguments do not fit it.
    """
    row = _BY_ADDRESS.get(message.address)
    if row is None:
        raise BadRequest(f"{message.address[:80]!r} is not a reply of this protocol")
    positional, rest = message.args[: len(row.positional)], message.args[len(row.positional) :]
    if len(positional) < len(row.positional):
        raise BadRequest(
            f"{row.address} has {len(positional)} arguments, not {len(row.positional)}"
        )
    values = [read_value(p, [arg]) for p, arg in zip(row.positional, positional, strict=True)]
    return cast(Reply, _record(row, values, _pairs(row, rest)))


def encode_reply(reply: Reply, max_bytes: int = MAX_PACKET_BYTES) -> bytes:
    """A reply as one packet of at most ``max_bytes``; texts are cut to fit, the longest first.

    Raises:
        ValueError: where it does not fit even so, because of a path for instance.
    """
    address, args = reply_to_osc(reply)
    packet = encode(address, *args)
    row = _BY_RECORD[type(reply)]
    texts = [index for index, kind in enumerate(_kinds(row)) if kind == "text"]
    while len(packet) > max_bytes:
        index = max(texts, key=lambda index: len(str(args[index])), default=None)
        text = "" if index is None else str(args[index])
        if index is None or not text:
            raise ValueError(f"{address} does not fit into {max_bytes} bytes")
        args = (*args[:index], _cut(text, len(packet) - max_bytes), *args[index + 1 :])
        packet = encode(address, *args)
    return packet


def _cut(text: str, surplus_bytes: int) -> str:
    """The text shorter by at least ``surplus_bytes`` of UTF-8, ending in an ellipsis if it can."""
    raw = text.encode("utf-8", "replace")
    kept = raw[: max(0, len(raw) - surplus_bytes - 4)].decode("utf-8", "ignore")
    return kept + "…" if kept else ""


def _kinds(row: Row) -> list[str]:
    kinds: list[str] = [parameter.kind for parameter in row.positional]
    for parameter in row.named:
        kinds += ["word", parameter.kind]
    return kinds


def _as_osc(parameter: Parameter, value: Any) -> OscValue:  # noqa: ANN401
    if parameter.kind == "number":
        return float(value) if math.isfinite(value) else 0.0
    if parameter.kind == "switch":
        return int(value)
    if parameter.kind == "text":
        return str(value)[:MAX_TEXT]
    return cast(OscValue, value)


def _pairs(row: Row, args: Sequence[OscValue]) -> dict[str, object]:
    known = {parameter.name: parameter for parameter in row.named}
    return {
        parameter.name: read_value(parameter, [value])
        for name, value in zip(args[::2], args[1::2], strict=False)
        if isinstance(name, str) and (parameter := known.get(name))
    }


def _record(row: Row, values: Sequence[object], named: dict[str, object]) -> object:
    typed = [
        int(value) if field.type == "int" and isinstance(value, float) else value
        for field, value in zip(fields(row.record), values, strict=False)
    ]
    return row.record(*typed, **named)
