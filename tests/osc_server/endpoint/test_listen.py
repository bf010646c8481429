"""The door opens where it may, and says what to do where it may not."""

import asyncio
import socket
import time

import pytest

from osc_server.contract.errors import DeviceUnavailable, Forbidden
from osc_server.endpoint.listen import listen
from tests.osc_server.endpoint.peers import HandBackend, TcpPeer, UdpPeer, ask, open_endpoint, run


async def opened(host: str = "127.0.0.1", port: int = 0, token: str = ""):
    return await listen(HandBackend(), host=host, port=port, token=token, unix_seconds=time.time)


def test_udp_and_tcp_share_a_port():
    async def test():
        async with open_endpoint() as endpoint:
            for peer in (
                await UdpPeer.connect(endpoint.port),
                await TcpPeer.connect(endpoint.port),
            ):
                assert await ask(peer, "/magnet/ping", 1) == ("/magnet/pong", 1)
                await peer.close()

    run(test)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_taken_port_is_said_with_how_to_choose_another(kind):
    async def test():
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(DeviceUnavailable, match=rf"port {port} is taken.*--port \d+"):
                await opened(port=port)

    run(test)


def test_after_a_refusal_nothing_is_left_open():
    async def test():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with pytest.raises(DeviceUnavailable):
                await opened(port=port)
        await (await opened(port=port)).close()

    run(test)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "studio.local", ""])
def test_beyond_loopback_a_token_is_needed(host):
    async def test():
        with pytest.raises(Forbidden, match="--token-file"):
            await opened(host=host)

    run(test)


def test_beyond_loopback_a_token_opens_the_door():
    async def test():
        endpoint = await opened(host="0.0.0.0", token="s3cret")
        peer = await TcpPeer.connect(endpoint.port)
        assert (await ask(peer, "/magnet/ping", 1))[:3] == ("/magnet/failed", 1, "forbidden")
        assert (await ask(peer, "/magnet/hello", 2, "s3cret"))[0] == "/magnet/welcome"
        await peer.close()
        await endpoint.close()

    run(test)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_loopback_needs_no_token(host):
    async def test():
        await (await opened(host=host)).close()

    run(test)


@pytest.mark.parametrize(("host", "port"), [("203.0.113.7", 0), ("127.0.0.1", 70000)])
def test_an_impossible_address_is_said_with_what_to_do(host, port):
    async def test():
        with pytest.raises(DeviceUnavailable, match="--host must be an address of this machine"):
            await opened(host=host, port=port, token="s3cret")

    run(test)


def test_the_port_is_free_again_after_closing():
    async def test():
        endpoint = await opened()
        peer = await TcpPeer.connect(endpoint.port)
        await ask(peer, "/magnet/ping", 1)
        await endpoint.close()
        assert await asyncio.wait_for(peer.reader.read(), 10) == b""
        await peer.close()
        await (await opened(port=endpoint.port)).close()

    run(test)
