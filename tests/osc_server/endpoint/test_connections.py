"""TCP clients that vanish, do not read, or are too many."""

import asyncio

import numpy as np
import pytest

from tests.osc_server.endpoint.peers import (
    HandBackend,
    TcpPeer,
    UdpPeer,
    ask,
    line,
    open_endpoint,
    ready,
    run,
    send,
    until,
)

GENERATE = ("prompt", "dusty breakbeat", "bars", 4, "bpm", 128.5)


def test_a_vanished_tcp_client_is_forgotten_and_the_others_stay():
    async def test():
        backend = HandBackend()
        async with open_endpoint(backend) as endpoint:
            peer, other = await TcpPeer.connect(endpoint.port), await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE)
            await ask(other, "/magnet/generate", 2, *GENERATE)
            ((client, _), _) = backend.jobs
            peer.writer.transport.abort()
            await until(lambda: bool(backend.forgotten))
            assert backend.forgotten == [client]
            backend.job(1)(ready(1))
            backend.job(2)(ready(2))
            assert (await line(other))[:2] == ("/magnet/ready", 2)
            await other.close()

    run(test)


def test_a_client_that_vanishes_in_mid_stream_ends_the_stream():
    async def test():
        backend = HandBackend()
        backend.audio = np.zeros((8_000_000, 2), np.float32)
        async with open_endpoint(backend) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE, "delivery", "stream")
            backend.job(1)(ready(1))
            await line(peer)
            peer.writer.transport.abort()
            await until(lambda: bool(backend.forgotten))
            await until(lambda: not endpoint._handlers._tasks)

    run(test)


def test_a_stream_that_is_no_osc_is_closed():
    async def test():
        async with open_endpoint() as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            peer.writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await asyncio.wait_for(peer.reader.read(), 10) == b""
            await peer.close()
            ear = await UdpPeer.connect(endpoint.port)
            status = await ask(ear, "/magnet/status", 1)
            assert status[status.index("malformed_packets") + 1] == 1
            await ear.close()

    run(test)


def test_a_wrong_length_is_said_and_the_connection_closed():
    async def test():
        async with open_endpoint() as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/ping", 1)
            peer.writer.write(b"\x7f\xff\xff\xff")
            assert (await line(peer))[0] == "/magnet/error"
            with pytest.raises(ConnectionResetError):
                await line(peer)
            await peer.close()

    run(test)


def test_a_tcp_client_that_does_not_read_is_not_read_either():
    async def test():
        async with open_endpoint() as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            peer.reader._transport.pause_reading()

            async def flood():
                while True:
                    await send(peer, "/magnet/help", 1)

            flooding = asyncio.create_task(flood())
            (connection,) = endpoint._connections
            await until(lambda: not connection._reading)
            assert connection._open is not None
            assert connection._open[0].get_write_buffer_size() < 8 << 20
            flooding.cancel()
            peer.writer.transport.abort()

    run(test)


def test_connections_are_bounded():
    async def test():
        async with open_endpoint() as endpoint:
            peers = [await TcpPeer.connect(endpoint.port) for _ in range(64)]
            await ask(peers[-1], "/magnet/ping", 1)
            late = await TcpPeer.connect(endpoint.port)
            with pytest.raises(ConnectionResetError):
                await ask(late, "/magnet/ping", 1)
            late.writer.transport.abort()
            for peer in peers:
                peer.writer.transport.abort()

    run(test)
