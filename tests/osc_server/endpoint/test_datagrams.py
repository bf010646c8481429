"""What holds for UDP alone, and for senders that are several."""

from osc_server.contract import replies
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
)

GENERATE = ("prompt", "dusty breakbeat", "bars", 4, "bpm", 128.5)


def test_no_datagram_is_longer_than_1400_bytes():
    async def test():
        backend = HandBackend()
        async with open_endpoint(backend) as endpoint:
            peer = await UdpPeer.connect(endpoint.port)
            await send(peer, "/magnet/clip/list", 1, "limit", 5)
            await ask(peer, "/magnet/generate", 2, *GENERATE)
            backend.job(2)(replies.Failed(2, "internal", "é" * 5000))
            sizes = [len(await peer.next_packet()) for _ in range(6)]
            assert 1380 <= max(sizes) <= 1400
            await peer.close()

    run(test)


def test_a_path_too_long_for_a_datagram_is_said():
    async def test():
        backend = HandBackend()
        async with open_endpoint(backend) as endpoint:
            peer = await UdpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE)
            backend.job(1)(ready(1, path="/" + "p" * 1500))
            told = await line(peer)
            assert told[:3] == ("/magnet/failed", 1, "storage_failed")
            assert "use TCP" in told[3]
            await peer.close()

    run(test)


def test_notify_sends_replies_to_another_port():
    async def test():
        backend = HandBackend()
        async with open_endpoint(backend) as endpoint:
            peer, ear = await UdpPeer.connect(endpoint.port), await UdpPeer.bind()
            await send(peer, "/magnet/notify", 1, ear.port)
            assert await line(ear) == ("/magnet/notified", 1, ear.port)
            await send(peer, "/magnet/generate", 2, *GENERATE)
            assert (await line(ear))[:2] == ("/magnet/accepted", 2)
            backend.job(2)(ready(2))
            assert (await line(ear))[:2] == ("/magnet/ready", 2)
            assert await ask(peer, "/magnet/notify", 3, 0) == ("/magnet/notified", 3, peer.port)
            assert peer.inbox.empty()
            await peer.close()
            await ear.close()

    run(test)


def test_audio_is_not_streamed_over_udp():
    async def test():
        async with open_endpoint() as endpoint:
            peer = await UdpPeer.connect(endpoint.port)
            for address, args in (("generate", GENERATE), ("clip/get", ("clip", "c1"))):
                told = await ask(peer, f"/magnet/{address}", 1, *args, "delivery", "stream")
                assert told[:3] == ("/magnet/failed", 1, "bad_request")
                assert "TCP" in told[3]
            await peer.close()

    run(test)


def test_one_sender_with_the_token_does_not_open_the_door_for_another():
    async def test():
        async with open_endpoint(token="s3cret") as endpoint:
            one, other = await UdpPeer.connect(endpoint.port), await UdpPeer.connect(endpoint.port)
            await ask(one, "/magnet/hello", 1, "s3cret")
            assert (await ask(other, "/magnet/ping", 1))[:3] == ("/magnet/failed", 1, "forbidden")
            await one.close()
            await other.close()

    run(test)


def test_notify_is_refused_over_tcp():
    async def test():
        async with open_endpoint() as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            assert (await ask(peer, "/magnet/notify", 1, 9001))[:3] == (
                "/magnet/failed", 1, "bad_request",
            )  # fmt: skip
            await peer.close()

    run(test)
