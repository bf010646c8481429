"""The container of a Max for Live device: a few chunks around the patcher's JSON."""

from __future__ import annotations

import struct

AUDIO_EFFECT = b"aaaa"
_VERSION = 4


def pack(patcher_text: str, kind: bytes = AUDIO_EFFECT) -> bytes:
    """The bytes of an unfrozen device: its scripts lie beside it, and Max looks for them there."""
    body = patcher_text.encode("utf-8") + b"\0"
    head = b"ampf" + struct.pack("<I", _VERSION) + kind
    meta = b"meta" + struct.pack("<II", 4, 0)
    return head + meta + b"ptch" + struct.pack("<I", len(body)) + body
