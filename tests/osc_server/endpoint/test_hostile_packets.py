"""100,000 hostile packets: the server goes on answering, its memory stays flat, its log is quiet.

Everything is drawn with a fixed seed. Which packets are malformed is told by ``decode`` itself, and
the server must have counted exactly those: none was lost on the way, none went by unseen.
"""

import asyncio
import gc
import logging
import random
import struct
import sys
import time
from collections.abc import Iterator

import pytest

from osc_server.contract.framing import frame
from osc_server.contract.packets import (
    MAX_ARGUMENTS,
    MalformedPacket,
    OscMessage,
    decode,
    encode,
    encode_bundle,
)
from tests.osc_server.endpoint.peers import (
    HandBackend,
    TcpPeer,
    UdpPeer,
    ask,
    lines_up_to,
    open_endpoint,
    run,
    send,
    until,
)

N_UDP = 50_000
N_TCP = 50_000
ROUND = 100
"""Packets between two questions that have to be answered; few enough for the socket's buffer."""
N_STREAMS = 300
"""TCP streams that break off or are no OSC at all."""
MAX_BLOCKS_KEPT = 1_000
"""Python's memory blocks that may be in use more after the flood than before; one leaked object a
packet would be 90,000."""

GENERATE = encode("/magnet/generate", 1, "prompt", "dusty breakbeat", "bars", 4, "bpm", 128.5)
VALID = [
    GENERATE,
    encode("/magnet/infill", 2, "clip", "c1", "from", 4, "to", 8, "takes", 2, "hint", 2),
    encode("/magnet/vary", 3, "c1", "prompt", "a b", 0.7, "prompt", "c", 0.3, "from_bar", 1),
    encode("/magnet/ping", 1),
    encode("/magnet/status", "a"),
    encode_bundle([OscMessage("/magnet/ping", (1,)), OscMessage("/magnet/help", (2,))]),
    encode_bundle([OscMessage("/magnet/sync", (3,))], 1_800_000_000.0),
]
WRONG_VALUES = (None, True, b"\0\1", float("nan"), float("inf"), -1, 2**40, "", "x" * 900, 0.5)
NAMES = (
    *("prompt", "bars", "bpm", "seed", "steps", "loop", "rate", "key", "delivery", "nonsense"),
    *("clip", "from", "to", "amount", "strategy", "from_bar", "to_bar", "negative", "takes"),
    *("hint", "hint_seconds", "rescore", "companion", "preview", "deadline"),
)
VERBS = ("generate", "continue", "infill", "vary", "loop", "clip/get", "x")


def random_bytes(source: random.Random) -> bytes:
    return source.randbytes(source.randrange(1, 200))


def truncated(source: random.Random) -> bytes:
    packet = source.choice(VALID)
    return packet[: source.randrange(1, len(packet))]


def mutated(source: random.Random) -> bytes:
    packet = bytearray(source.choice(VALID))
    for _ in range(source.randint(1, 4)):
        packet[source.randrange(len(packet))] = source.randrange(256)
    return bytes(packet)


def an_hour_ahead(source: random.Random) -> bytes:
    content = OscMessage("/magnet/ping", (source.randrange(100),))
    return encode_bundle([content], time.time() + source.uniform(60, 7200))


def wrong_types(source: random.Random) -> bytes:
    args = [
        source.choice(NAMES) if source.random() < 0.5 else source.choice(WRONG_VALUES)
        for _ in range(source.randrange(12))
    ]
    sendable = [arg for arg in args if arg != b""]
    return encode(f"/magnet/{source.choice(VERBS)}", 1, *sendable)


def huge_list(source: random.Random) -> bytes:
    count = source.choice([MAX_ARGUMENTS - 1, MAX_ARGUMENTS + 1, 4000])
    tags = b",i" + source.choice([b"T", b"N", b"[", b"i"]) * count
    return b"/magnet/generate".ljust(20, b"\0") + tags + bytes(4 - len(tags) % 4) + bytes(4 * count)


def hostile_bundle(source: random.Random) -> bytes:
    size = source.choice([-1, -16, 0, 4, 2**31 - 1])
    head = b"#bundle\0" + struct.pack(">Qi", source.getrandbits(64), size)
    return head * source.randint(1, 20)


KINDS = (random_bytes, truncated, mutated, an_hour_ahead, wrong_types, hostile_bundle)


def hostile_packets(count: int, seed: int) -> Iterator[bytes]:
    source = random.Random(seed)
    for number in range(count):
        kind = huge_list if number % 100 == 0 else KINDS[number % len(KINDS)]
        yield kind(source)


def is_malformed(packet: bytes) -> bool:
    try:
        decode(packet)
    except MalformedPacket:
        return True
    return False


class Lines(logging.Handler):
    """Counts lines of all logs."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


async def flood(peer, count: int, seed: int) -> int:
    """Send hostile packets; every round the server has to answer. Returns how many are no OSC."""
    malformed = 0
    for number, packet in enumerate(hostile_packets(count, seed), 1):
        malformed += is_malformed(packet)
        await peer.send_packet(packet)
        if number % ROUND == 0:
            await send(peer, "/magnet/sync", f"round {number}")
            while (await lines_up_to(peer, "/magnet/synced"))[-1][1] != f"round {number}":
                pass
    return malformed


async def count_malformed(port: int) -> int:
    peer = await UdpPeer.connect(port)
    status = await ask(peer, "/magnet/status", 1)
    await peer.close()
    return status[status.index("malformed_packets") + 1]


class ForgetfulBackend(HandBackend):
    """Keeps no job, so that only the endpoint's own memory is measured."""

    def submit(self, request, client, on_reply):
        accepted = super().submit(request, client, on_reply)
        asyncio.get_running_loop().call_soon(self.cancel, client, request.id)
        return accepted

    def cancel(self, client, request_id):
        if (client, request_id) in self.jobs:
            super().cancel(client, request_id)
        self.cancelled.clear()


def test_100_000_hostile_packets(lines):
    began = time.monotonic()

    async def test():
        async with open_endpoint(ForgetfulBackend()) as endpoint:
            udp = await UdpPeer.connect(endpoint.port)
            tcp = await TcpPeer.connect(endpoint.port)
            slip = await TcpPeer.connect(endpoint.port, "slip")
            malformed = 0
            for peer, seed in ((udp, 1), (tcp, 2), (slip, 3)):  # what is kept once, is kept now
                malformed += await flood(peer, 2_000, seed)
            gc.collect()
            blocks = sys.getallocatedblocks()
            malformed += await flood(udp, N_UDP - 2_000, 4)
            malformed += await flood(tcp, N_TCP // 2 - 2_000, 5)
            malformed += await flood(slip, N_TCP // 2 - 2_000, 6)
            gc.collect()
            assert sys.getallocatedblocks() - blocks < MAX_BLOCKS_KEPT
            assert malformed > 30_000
            assert await count_malformed(endpoint.port) == malformed
            for peer in (udp, tcp, slip):
                await send(peer, "/magnet/generate", "last", "prompt", "still there?")
                told = await lines_up_to(peer, "/magnet/accepted")
                assert told[-1][1] == "last"
                await peer.close()

    run(test)
    assert len(lines.records) <= 1 + time.monotonic() - began
    assert {record.name for record in lines.records} == {"osc_server.endpoint.listen"}


def test_streams_that_are_no_osc_leave_nothing_behind(lines):
    began = time.monotonic()

    async def test():
        source = random.Random(7)
        async with open_endpoint() as endpoint:
            for number in range(N_STREAMS):
                peer = await TcpPeer.connect(endpoint.port)
                first = source.choice([b"\0", b"\xc0", b"/", b"#", b"G", b"\xff", b""])
                peer.writer.write(first + source.randbytes(source.randrange(3000)))
                if number % 3 == 0:
                    whole = frame(GENERATE, "length")
                    peer.writer.write(whole[: source.randrange(len(whole))])
                await peer.close()
            survivor = await TcpPeer.connect(endpoint.port)
            assert await ask(survivor, "/magnet/ping", 1) == ("/magnet/pong", 1)
            await until(lambda: len(endpoint._connections) == 1)
            await survivor.close()

    run(test)
    assert len(lines.records) <= 1 + time.monotonic() - began


def test_floods_from_many_ports_leave_nothing_behind():
    async def test():
        async with open_endpoint() as endpoint:
            for number, packet in enumerate(hostile_packets(3_000, 8)):
                peer = await UdpPeer.connect(endpoint.port)
                await peer.send_packet(packet)
                await peer.close()
                if number % ROUND == 0:
                    witness = await UdpPeer.connect(endpoint.port)
                    assert await ask(witness, "/magnet/ping", 1) == ("/magnet/pong", 1)
                    await witness.close()

    run(test)
