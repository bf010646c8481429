"""The bridge's own addresses at the front port, beside the real server's."""

from __future__ import annotations

import asyncio
import time

import pytest

from daw_bridge.front_desk import NO_TOKEN, NOT_YET
from daw_bridge.pass_through import AWAY, PassThrough
from daw_bridge.server_process import free_port
from daw_bridge.sorting import sort_packet
from osc_server.contract.framing import FrameReader, frame
from osc_server.contract.packets import OscMessage, decode, encode, encode_bundle
from tests.daw_bridge.test_pass_through import Udp

LEVEL = "/magnet/deck/1/level"


class Echo:
    """Owns the addresses, and says back what it hears."""

    def __init__(self):
        self.surfaces = []

    def receive(self, message, surface):
        self.surfaces.append(surface)
        surface.send(encode(message.address, *message.args))

    def forget(self, surface):
        self.surfaces.remove(surface)


class Port:
    """The front port, and the clients that it was given."""

    def __init__(self, number):
        self.number, self.closing = number, []

    async def udp(self):
        client = await Udp.open(self.number)
        self.closing.append(client.transport)
        return client

    async def tcp(self, framing):
        client = await Tcp.open(self.number, framing)
        self.closing.append(client.writer)
        return client


def at_the_front(server_port, talk, token="", owner=None):
    """Run ``await talk(port)``."""

    async def run():
        port = Port(free_port())
        front = PassThrough("127.0.0.1", port.number, ("127.0.0.1", server_port), token)
        await front.open()
        if owner is not None:
            front.hand_to(owner)
        try:
            async with asyncio.timeout(20):
                return await talk(port)
        finally:
            for client in port.closing:
                client.close()
            await front.close()

    return asyncio.run(run())


class Tcp:
    """A plain TCP client."""

    def __init__(self, reader, writer, framing):
        self.reader, self.writer, self.framing = reader, writer, framing
        self.frames, self.packets = FrameReader(), []

    @classmethod
    async def open(cls, port, framing):
        return cls(*await asyncio.open_connection("127.0.0.1", port), framing)

    def send(self, address, *args):
        self.writer.write(frame(encode(address, *args), self.framing))

    async def next(self):
        while not self.packets:
            self.packets += self.frames.feed(await self.reader.read(65536))
        (message,) = decode(self.packets.pop(0))
        return (message.address, *message.args)


def test_a_fader_is_answered_here_and_a_ping_by_the_server(tone_server):
    async def talk(port):
        client = await port.udp()
        client.send(LEVEL, -6.0)
        first = await client.next()
        client.send("/magnet/ping", 3)
        return first, await client.next()

    assert at_the_front(tone_server.port, talk, owner=Echo()) == (
        (LEVEL, -6.0), ("/magnet/pong", 3),
    )  # fmt: skip


@pytest.mark.parametrize("framing", ["length", "slip"])
def test_both_go_over_one_tcp_connection(tone_server, framing):
    async def talk(port):
        client = await port.tcp(framing)
        client.send("/magnet/ping", 3)
        heard = [await client.next()]
        client.send(LEVEL, -6.0)
        heard.append(await client.next())
        client.send("/magnet/ping", 4)
        heard.append(await client.next())
        client.writer.close()
        return heard

    assert at_the_front(tone_server.port, talk, owner=Echo()) == [
        ("/magnet/pong", 3), (LEVEL, -6.0), ("/magnet/pong", 4),
    ]  # fmt: skip


def test_faders_move_over_tcp_while_the_server_is_away():
    async def talk(port):
        client = await port.tcp("length")
        client.send(LEVEL, -6.0)
        heard = [await client.next()]
        client.send("/magnet/ping", 1)
        heard.append(await client.next())
        ended = await client.reader.read() == b""
        client.writer.close()
        return heard, ended

    assert at_the_front(free_port(), talk, owner=Echo()) == (
        [(LEVEL, -6.0), ("/magnet/error", AWAY)], True,
    )  # fmt: skip


def test_a_bundle_is_taken_apart(tone_server):
    async def talk(port):
        client = await port.udp()
        messages = [OscMessage("/magnet/ping", (7,)), OscMessage(LEVEL, (-3.0,))]
        client.transport.sendto(encode_bundle(messages))
        return {await client.next(), await client.next()}

    assert at_the_front(tone_server.port, talk, owner=Echo()) == {
        (LEVEL, -3.0), ("/magnet/pong", 7),
    }  # fmt: skip


def test_a_time_tag_far_away_is_done_now_and_said(tone_server):
    async def talk(port):
        client = await port.udp()
        client.transport.sendto(encode_bundle([OscMessage(LEVEL, (-3.0,))], time.time() + 3600))
        return await client.next(), await client.next()

    (at, text), done = at_the_front(tone_server.port, talk, owner=Echo())
    assert at == "/magnet/error"
    assert "time tag" in text
    assert done == (LEVEL, -3.0)


def test_a_fader_needs_the_token_that_the_server_has():
    async def talk(port):
        client = await port.udp()
        heard = []
        for hello in ((), ("wrong",), ("secret",)):
            if hello:
                client.send("/magnet/hello", 1, "token", *hello)
            client.send(LEVEL, -6.0)
            message = await client.next()
            while message == ("/magnet/error", AWAY):  # the server's own part: it is away here
                message = await client.next()
            heard.append(message)
        return heard

    assert at_the_front(free_port(), talk, "secret", Echo()) == [
        ("/magnet/error", NO_TOKEN), ("/magnet/error", NO_TOKEN), (LEVEL, -6.0),
    ]  # fmt: skip


def test_before_the_decks_are_up_a_fader_is_told_so():
    async def talk(port):
        client = await port.udp()
        client.send(LEVEL, -6.0)
        return await client.next()

    assert at_the_front(free_port(), talk) == ("/magnet/error", NOT_YET)


def test_a_tcp_client_that_hangs_up_is_forgotten(tone_server):
    echo = Echo()

    async def talk(port):
        client = await port.tcp("length")
        client.send(LEVEL, 0.0)
        await client.next()
        client.writer.close()
        while echo.surfaces:
            await asyncio.sleep(0.005)

    at_the_front(tone_server.port, talk, owner=echo)
    assert echo.surfaces == []


def test_a_bundle_that_cannot_be_packed_again_is_the_servers():
    bundle = b"#bundle\0" + b"\xff" * 8
    for element in (encode(LEVEL, 1.0), encode("/magnet/ping", 1)):
        bundle += len(element).to_bytes(4, "big") + element
    assert sort_packet(bundle).rest == (bundle,)


def test_packets_without_a_fader_are_passed_on_as_they_came():
    for packet in (
        encode("/magnet/generate", 1, "prompt", "x"),
        encode_bundle([OscMessage("/magnet/ping", (1,))], 2e9),
        b"/magnet/deck/1/level\0\0\0\0,q\0\0",  # malformed: the server says so
        b"nonsense",
    ):
        assert sort_packet(packet).rest == (packet,)
