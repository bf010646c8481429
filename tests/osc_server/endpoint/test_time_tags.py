"""Bundles run when they are due, within ten seconds; nothing else can hold the server."""

import asyncio

import pytest

from osc_server.contract.packets import OscMessage, encode_bundle
from osc_server.endpoint.schedule import MAX_WAITING, Schedule
from tests.osc_server.endpoint.peers import (
    HandBackend,
    TcpPeer,
    UdpPeer,
    ask,
    line,
    open_endpoint,
    run,
    until,
)

NOW = 1_800_000_000.0
TEN_SECONDS_AND_A_BIT = 10.001


def ping(request_id: int, seconds: float | None) -> bytes:
    due = None if seconds is None else NOW + seconds
    return encode_bundle([OscMessage("/magnet/ping", (request_id,))], due)


def test_a_bundle_ahead_waits_for_its_time_and_holds_nobody_up():
    async def test():
        async with open_endpoint(unix_seconds=lambda: NOW) as endpoint:
            peer = await UdpPeer.connect(endpoint.port)
            began = asyncio.get_running_loop().time()
            await peer.send_packet(ping(1, 0.2))
            assert await ask(peer, "/magnet/ping", 2) == ("/magnet/pong", 2)
            assert await line(peer) == ("/magnet/pong", 1)
            assert asyncio.get_running_loop().time() - began >= 0.19
            await peer.close()

    run(test)


def test_the_messages_of_a_bundle_run_together_in_order():
    async def test():
        async with open_endpoint(unix_seconds=lambda: NOW) as endpoint:
            peer = await UdpPeer.connect(endpoint.port)
            pings = [OscMessage("/magnet/ping", (n,)) for n in range(20)]
            await peer.send_packet(encode_bundle(pings, NOW + 0.05))
            assert [(await line(peer))[1] for _ in range(20)] == list(range(20))
            await peer.close()

    run(test)


@pytest.mark.parametrize("seconds", [None, 0.0, -0.5, -10.0])
def test_a_bundle_of_now_or_just_before_runs_at_once_without_a_word(seconds):
    async def test():
        async with open_endpoint(unix_seconds=lambda: NOW) as endpoint:
            peer = await UdpPeer.connect(endpoint.port)
            await peer.send_packet(ping(1, seconds))
            assert await line(peer) == ("/magnet/pong", 1)
            assert await ask(peer, "/magnet/ping", 2) == ("/magnet/pong", 2)
            await peer.close()

    run(test)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (3600.0, "3600 s ahead of"),
        (TEN_SECONDS_AND_A_BIT, "10 s ahead"),
        (-3600.0, "3600 s behind"),
    ],
)
def test_a_bundle_far_away_runs_at_once_and_is_told_so(seconds, says):
    async def test():
        async with open_endpoint(unix_seconds=lambda: NOW) as endpoint:
            peer = await UdpPeer.connect(endpoint.port)
            await peer.send_packet(ping(1, seconds))
            assert await line(peer) == ("/magnet/pong", 1)
            told = await line(peer)
            assert told[0] == "/magnet/error"
            assert says in told[1]
            await peer.close()

    run(test)


def test_what_waits_is_bounded_and_the_rest_runs_at_once():
    async def test():
        async with open_endpoint(unix_seconds=lambda: NOW) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            for request_id in range(MAX_WAITING + 1):
                await peer.send_packet(ping(request_id, 9.0))
            assert await line(peer) == ("/magnet/pong", MAX_WAITING)
            assert (await line(peer))[0] == "/magnet/error"
            await peer.close()

    run(test)


def test_a_bundle_of_a_client_that_has_gone_does_nothing():
    async def test():
        backend = HandBackend()
        generate = OscMessage("/magnet/generate", (1, "prompt", "too late"))
        async with open_endpoint(backend, unix_seconds=lambda: NOW) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await peer.send_packet(encode_bundle([generate], NOW + 0.1))
            await until(lambda: endpoint._schedule.n_waiting == 1)
            peer.writer.transport.abort()
            await until(lambda: endpoint._schedule.n_waiting == 0)
            assert (len(backend.forgotten), backend.jobs) == (1, {})

    run(test)


def test_closing_forgets_what_waits():
    async def test():
        ran = []
        schedule = Schedule(lambda: NOW)
        schedule.run(NOW + 0.01, lambda: ran.append("late"))
        schedule.close()
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, done.set)
        await done.wait()
        assert (ran, schedule.n_waiting) == ([], 0)

    run(test)
