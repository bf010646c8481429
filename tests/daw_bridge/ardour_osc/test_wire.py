"""The greeting of Ardour: until it answers, and anew when it has fallen silent."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager

import pytest

from daw_bridge.ardour_osc.wire import ArdourWire
from osc_server.contract.packets import OscMessage, decode, encode

HEARTBEAT = OscMessage("/heartbeat", (1.0,))


class Evening:
    """A wire, what came over it, and a clock that is put forward by hand."""

    def __init__(self, port):
        self.seconds, self.heard, self.said, self.n_lost = 0.0, [], [], 0
        self.wire = ArdourWire(
            ("127.0.0.1", port),
            lambda: self.seconds,
            self._hear,
            self._lose,
            self.said.append,
            0.01,
        )

    def _hear(self, message, seconds):
        self.heard.append((message, seconds))

    def _lose(self):
        self.n_lost += 1

    async def until(self, found):
        async with asyncio.timeout(10):
            while not found():
                await asyncio.sleep(0.01)


@contextmanager
def a_port():
    """Where an Ardour could be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ardour:
        ardour.bind(("127.0.0.1", 0))
        ardour.setblocking(False)
        yield ardour


def next_of(ardour):
    """The next message to Ardour, and whom it came from; None while there is none."""
    try:
        packet, sender = ardour.recvfrom(1400)
    except BlockingIOError:
        return None
    (message,) = decode(packet)
    return message, sender


@pytest.fixture
def evening(request):
    """Run a test in an event loop, with the wire watched meanwhile."""

    def run(test):
        async def watched():
            with a_port() as ardour:
                own = Evening(ardour.getsockname()[1])
                watching = asyncio.create_task(own.wire.watch())
                try:
                    await test(own, ardour)
                finally:
                    watching.cancel()
                    await asyncio.wait([watching])
                return ardour_says(ardour)

        return asyncio.run(watched())

    return run


def ardour_says(ardour):
    """All that is left of what Ardour was told."""
    told = []
    while (found := next_of(ardour)) is not None:
        told.append(found[0])
    return told


async def greeted(own, ardour):
    """Wait for a greeting; who greeted."""
    found = []
    await own.until(lambda: bool(found.append(next_of(ardour)) or found[-1]))
    message, sender = found[-1]
    feedback = message.args[2]
    assert message.address == "/set_surface"
    assert feedback & 8  # a heartbeat
    assert feedback & 16  # the transport
    assert feedback & (32 + 1024 + 2048) == 32 + 1024 + 2048  # the position in three ways
    return sender


def test_ardour_is_greeted_until_it_answers_and_told_at_the_end_to_say_no_more(evening):
    async def answers(own, ardour):
        await greeted(own, ardour)
        sender = await greeted(own, ardour)  # as long as nothing comes
        ardour.sendto(encode("/heartbeat", 1.0), sender)
        await own.until(lambda: own.heard)
        ardour_says(ardour)
        await asyncio.sleep(0.1)
        assert next_of(ardour) is None
        assert own.heard == [(HEARTBEAT, 0.0)]
        assert own.said == ["Ardour answers: its song is followed while it plays"]

    (goodbye,) = evening(answers)
    assert goodbye == OscMessage("/set_surface", (0,) * 7)


def test_one_that_falls_silent_is_greeted_anew(evening):
    async def falls_silent(own, ardour):
        sender = await greeted(own, ardour)
        ardour.sendto(encode("/heartbeat", 1.0), sender)
        await own.until(lambda: own.heard)
        ardour_says(ardour)
        own.seconds = 3.5
        await greeted(own, ardour)
        assert own.n_lost == 1
        assert "does not answer any more" in own.said[-1]

    evening(falls_silent)


def test_where_no_ardour_answers_it_is_said_once_what_to_do(evening):
    async def nobody(own, ardour):
        for _ in range(8):
            await greeted(own, ardour)
        (said,) = own.said
        assert "switch on Preferences" in said

    evening(nobody)


def test_what_is_no_osc_is_nothing(evening):
    async def gibberish(own, ardour):
        sender = await greeted(own, ardour)
        for packet in (b"#reply\0\0", b"/", encode("/heartbeat", 1.0)):
            ardour.sendto(packet, sender)
        await own.until(lambda: own.heard)
        assert [message for message, _ in own.heard] == [HEARTBEAT]

    evening(gibberish)
