"""OSC packets on a TCP stream: where one ends and the next begins.

Two framings are in use: a 4-byte big-endian length before each packet (OSC 1.0), and SLIP with an
END on both sides (OSC 1.1; RFC 1055). The first byte of a connection tells them apart: a length
below 64 KiB begins with 0, SLIP begins with END (0xC0), and SLIP of senders that leave out the
first END begins with ``/`` or ``#``.

After a damaged packet SLIP goes on at the next END. A wrong length cannot be mended, since
nothing marks where the next packet begins: the connection has to be closed.
"""

from __future__ import annotations

from typing import Literal

from osc_server.contract.packets import MAX_PACKET_BYTES, MalformedPacket

Framing = Literal["length", "slip"]

_END, _ESC, _ESC_END, _ESC_ESC = b"\xc0", b"\xdb", b"\xdc", b"\xdd"


class FramingLost(MalformedPacket):
    """The stream cannot be read any further; close the connection."""


def frame(packet: bytes, framing: Framing) -> bytes:
    """A packet as it goes onto the stream."""
    if framing == "length":
        return len(packet).to_bytes(4, "big") + packet
    escaped = packet.replace(_ESC, _ESC + _ESC_ESC).replace(_END, _ESC + _ESC_END)
    return _END + escaped + _END


class FrameReader:
    """Packets of one connection, from its bytes in whatever pieces they arrive.

    It holds at most one packet and the piece that was fed last.
    """

    def __init__(self, max_bytes: int = MAX_PACKET_BYTES) -> None:
        self.framing: Framing | None = None
        """Known from the first byte on; answer in the same."""
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer that hold no END
        self._skipping = False  # inside a SLIP packet that is too long
        self._lost = False

    def feed(self, data: bytes) -> list[bytes | MalformedPacket]:
        """Take the next bytes; give the packets that they complete, and what was wrong between.

        After a ``FramingLost``, which is always the last, nothing more is read.
        """
        if self._lost or not data:
            return []
        self._buffer += data
        if self.framing is None:
            try:
                self.framing = _detect(self._buffer[0])
            except FramingLost as lost:
                return [self._give_up(lost)]
        return self._read_lengths() if self.framing == "length" else self._read_slip()

    def _read_lengths(self) -> list[bytes | MalformedPacket]:
        packets: list[bytes | MalformedPacket] = []
        position = 0
        while len(self._buffer) - position >= 4:
            size = int.from_bytes(self._buffer[position : position + 4], "big")
            if size > self._max_bytes:
                lost = FramingLost(f"a length of {size} bytes is over {self._max_bytes}")
                return [*packets, self._give_up(lost)]
            end = position + 4 + size
            if end > len(self._buffer):
                break
            packets.append(bytes(self._buffer[position + 4 : end]))
            position = end
        del self._buffer[:position]
        return packets

    def _read_slip(self) -> list[bytes | MalformedPacket]:
        packets: list[bytes | MalformedPacket] = []
        position = 0
        while (end := self._buffer.find(_END, max(position, self._searched))) >= 0:
            packet = bytes(self._buffer[position:end])
            position = end + 1
            if self._skipping:
                self._skipping = False
            elif packet:
                packets.append(self._unescaped(packet))
        del self._buffer[:position]
        if (
            self._skipping or len(self._buffer) > 2 * self._max_bytes
        ):  # all escaped is twice as long
            if not self._skipping:
                packets.append(self._too_long())
            self._skipping = True
            self._buffer.clear()
        self._searched = len(self._buffer)
        return packets

    def _unescaped(self, packet: bytes) -> bytes | MalformedPacket:
        pieces = packet.split(_ESC)
        if any(piece[:1] not in (_ESC_END, _ESC_ESC) for piece in pieces[1:]):
            return MalformedPacket("a SLIP escape is followed by neither of its two bytes")
        whole = pieces[0] + b"".join(
            (_END if piece[:1] == _ESC_END else _ESC) + piece[1:] for piece in pieces[1:]
        )
        return whole if len(whole) <= self._max_bytes else self._too_long()

    def _too_long(self) -> MalformedPacket:
        return MalformedPacket(f"a SLIP packet is over {self._max_bytes} bytes")

    def _give_up(self, lost: FramingLost) -> FramingLost:
        self._lost = True
        self._buffer.clear()
        return lost


def _detect(first_byte: int) -> Framing:
    if first_byte == 0:
        return "length"
    if first_byte in (_END[0], ord("/"), ord("#")):
        return "slip"
    raise FramingLost(
        "this is neither OSC with a length before each packet nor OSC in SLIP; "
        "is it the port of something else?"
    )
