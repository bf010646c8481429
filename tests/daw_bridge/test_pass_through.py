"""The front port, between plain sockets and the real server."""

from __future__ import annotations

import asyncio
import socket

import numpy as np
import pytest

from daw_bridge.client import AsyncMagnetClient
from daw_bridge.pass_through import AWAY, PassThrough
from daw_bridge.server_process import free_port
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.framing import FrameReader, frame
from osc_server.contract.packets import decode, encode


def through(server_port, talk):
    """Run ``await talk(front_port)`` with a front port before a server."""

    async def run():
        front_port = free_port()
        front = PassThrough("127.0.0.1", front_port, ("127.0.0.1", server_port))
        await front.open()
        try:
            async with asyncio.timeout(20):
                return await talk(front_port)
        finally:
            await front.close()

    return asyncio.run(run())


class Udp(asyncio.DatagramProtocol):
    """A plain UDP client that keeps what it hears."""

    @classmethod
    async def open(cls, port=None):
        loop = asyncio.get_running_loop()
        remote = None if port is None else ("127.0.0.1", port)
        local = ("127.0.0.1", 0)
        transport, self = await loop.create_datagram_endpoint(cls, local, remote)
        self.transport, self.heard = transport, asyncio.Queue()
        self.port = transport.get_extra_info("sockname")[1]
        return self

    def datagram_received(self, data, addr):
        self.heard.put_nowait(decode(data)[0])

    def send(self, address, *args):
        self.transport.sendto(encode(address, *args))

    async def next(self):
        message = await self.heard.get()
        return (message.address, *message.args)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_clip_is_made_through_the_front_port(tone_server, transport):
    async def talk(port):
        async with AsyncMagnetClient(port=port, transport=transport) as magnet:
            return await magnet.generate("kick", bars=1)

    assert through(tone_server.port, talk).bars == 1


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_every_instrument_is_played_through_the_front_port(tone_server, transport):
    heard = []

    async def talk(port):
        async with AsyncMagnetClient(port=port, transport=transport) as magnet:
            clip = await magnet.generate(
                [("kick", 1), ("pad", 1)], bars=2, bpm=240, on_preview=heard.append
            )
            return [
                await magnet.continue_(clip, bars=1),
                await magnet.infill(clip, 2, 4),
                await magnet.vary(clip, 0.5, takes=2),
                await magnet.loop(clip),
            ]

    made = through(tone_server.port, talk)
    assert [clip.bars for clip in made] == [1, 2, 2, 2]
    assert len(made[2].takes) == 2
    assert len(heard) == 1


def test_audio_streams_through_the_front_port(tone_server):
    async def talk(port):
        async with AsyncMagnetClient(port=port) as magnet:
            streamed = await magnet.generate("pad", bars=4, channels=2, delivery="stream")
            return streamed.read(), (await magnet.clip(streamed.id)).read()

    assert np.array_equal(*through(tone_server.port, talk))


def test_every_udp_client_gets_its_own_replies_and_no_others(tone_server):
    async def talk(port):
        clients = [await Udp.open(port) for _ in range(20)]
        for number, client in enumerate(clients):
            client.send("/magnet/ping", f"mine {number}")
        heard = [await client.next() for client in clients]
        for client in clients:
            client.transport.close()
        return heard, [client.heard.qsize() for client in clients]

    heard, more = through(tone_server.port, talk)
    assert heard == [("/magnet/pong", f"mine {number}") for number in range(20)]
    assert more == [0] * 20


def test_a_burst_before_the_servers_socket_is_open_keeps_its_order(tone_server):
    async def talk(port):
        client = await Udp.open(port)
        for number in range(20):
            client.send("/magnet/ping", number)
        heard = [await client.next() for _ in range(20)]
        client.transport.close()
        return heard

    assert through(tone_server.port, talk) == [("/magnet/pong", number) for number in range(20)]


def test_notify_moves_the_replies_to_another_port_of_the_client(tone_server):
    async def talk(port):
        asking, listening = await Udp.open(port), await Udp.open()
        asking.send("/magnet/notify", 1, listening.port)
        asking.send("/magnet/ping", 2)
        heard = [await listening.next(), await listening.next()]
        asking.send("/magnet/notify", 3, 0)
        heard.append(await asking.next())
        ports = (asking.port, listening.port)
        asking.transport.close()
        listening.transport.close()
        return heard, ports

    heard, (own, other) = through(tone_server.port, talk)
    assert heard == [
        ("/magnet/notified", 1, other),
        ("/magnet/pong", 2),
        ("/magnet/notified", 3, own),
    ]


def test_a_notify_that_makes_no_sense_is_refused_by_the_server(tone_server):
    async def talk(port):
        asking = await Udp.open(port)
        asking.send("/magnet/notify", 1, 99_999)
        heard = await asking.next()
        asking.transport.close()
        return heard

    address, request_id, code, _ = through(tone_server.port, talk)
    assert (address, request_id, code) == ("/magnet/failed", 1, "bad_request")


def test_an_absent_server_is_said_over_udp():
    async def talk(port):
        client = await Udp.open(port)
        client.send("/magnet/ping", 1)
        heard = await client.next()
        client.transport.close()
        return heard

    assert through(free_port(), talk) == ("/magnet/error", AWAY)


@pytest.mark.parametrize("framing", ["length", "slip"])
def test_an_absent_server_is_said_over_tcp_in_the_framing_of_the_client(framing):
    async def talk(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(frame(encode("/magnet/ping", 1), framing))
        packets = FrameReader().feed(await reader.read())
        writer.close()
        return decode(packets[0])[0]

    message = through(free_port(), talk)
    assert (message.address, message.args) == ("/magnet/error", (AWAY,))


def test_a_front_port_that_is_taken_is_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        async def open_it():
            await PassThrough("127.0.0.1", port, ("127.0.0.1", 1)).open()

        with pytest.raises(DeviceUnavailable, match=f"port {port} is taken"):
            asyncio.run(open_it())


def test_beyond_its_limit_the_longest_silent_client_is_forgotten(tone_server, monkeypatch):
    monkeypatch.setattr("daw_bridge.pass_through.MAX_UDP_CLIENTS", 3)

    async def talk(port):
        clients = [await Udp.open(port) for _ in range(6)]
        for number, client in enumerate(clients):
            client.send("/magnet/ping", number)
            assert await client.next() == ("/magnet/pong", number)
        clients[0].send("/magnet/ping", 7)
        heard = await clients[0].next()
        for client in clients:
            client.transport.close()
        return heard

    assert through(tone_server.port, talk) == ("/magnet/pong", 7)
