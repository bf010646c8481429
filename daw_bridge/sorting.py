"""Which part of a packet is the bridge's own, and which the server's."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from osc_server.contract.addresses import is_fader_address
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscMessage, decode, encode, encode_bundle

_HELLO = b"/magnet/hello\0"


@dataclass(frozen=True, slots=True)
class Sorted:
    """A packet, taken apart.

    Attributes:
        own: messages of the fader dialect, in order.
        rest: packets for the server.
    """

    own: tuple[OscMessage, ...]
    rest: tuple[bytes, ...]


def sort_packet(packet: bytes) -> Sorted:
    """Take a packet apart. What is malformed is the server's, which counts it and answers."""
    untouched = Sorted((), (packet,))
    is_bundle = packet.startswith(b"#bundle\0")
    if not is_bundle and not is_fader_address(packet[: packet.find(b"\0")].decode("latin-1")):
        return untouched
    try:
        messages = decode(packet)
    except (BadRequest, ValueError):
        return untouched
    own = tuple(one for one in messages if is_fader_address(one.address))
    if not own:
        return untouched
    rest = (one for one in messages if not is_fader_address(one.address))
    try:
        return Sorted(own, tuple(_packed(one) for one in rest))
    except (ValueError, struct.error):  # what cannot be packed again, such as a tag of all ones
        return untouched


def token_of(packet: bytes) -> str | None:
    """The token that a packet shows, where it is a ``hello``; else None."""
    if not packet.startswith(_HELLO):
        return None
    try:
        (message,) = decode(packet)
    except (BadRequest, ValueError):
        return None
    shown = message.args[-1] if message.args else ""
    return shown if isinstance(shown, str) else ""


def _packed(message: OscMessage) -> bytes:
    if message.due_unix_seconds is None:
        return encode(message.address, *message.args)
    return encode_bundle([message], message.due_unix_seconds)
