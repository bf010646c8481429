"""Audio that comes over TCP before its ready."""

import numpy as np
import pytest

from osc_server.contract import replies
from osc_server.contract.errors import ModelUnavailable
from tests.osc_server.endpoint.peers import (
    HandBackend,
    TcpPeer,
    UdpPeer,
    ask,
    line,
    lines_up_to,
    open_endpoint,
    ready,
    run,
    send,
)

GENERATE = ("prompt", "dusty breakbeat", "bars", 4, "bpm", 128.5)


def takes(request_id):
    return [
        replies.Take(request_id, n, 2, f"c{n}", f"/clips/c{n}.wav", 1 - n / 4, 120, 1, 0.5, 6 + n)
        for n in (1, 2)
    ]


@pytest.mark.parametrize("framing", ["length", "slip"])
@pytest.mark.parametrize("verb", ["generate", "clip/get"])
def test_streamed_audio_comes_in_order_before_ready(framing, verb):
    async def test():
        backend = HandBackend()
        backend.audio = np.random.default_rng(1).normal(size=(100_000, 2)).astype(np.float32)
        async with open_endpoint(backend) as endpoint:
            peer = await TcpPeer.connect(endpoint.port, framing)
            if verb == "generate":
                await ask(peer, "/magnet/generate", 1, *GENERATE, "delivery", "stream")
                backend.job(1)(ready(1))
            else:
                await send(peer, "/magnet/clip/get", 1, "clip", "c1", "delivery", "stream")
            *chunks, last = await lines_up_to(peer, "/magnet/ready")
            assert [chunk[:4] for chunk in chunks] == [
                ("/magnet/audio", 1, index, 25) for index in range(25)
            ]
            audio = np.frombuffer(b"".join(chunk[4] for chunk in chunks), "<f4").reshape(-1, 2)
            np.testing.assert_array_equal(audio, backend.audio)
            assert last[:4] == ("/magnet/ready", 1, "c1", "")
            await peer.close()

    run(test)


def test_a_stream_waits_for_a_slow_client_and_others_do_not():
    async def test():
        backend = HandBackend()
        backend.audio = np.zeros((8_000_000, 2), np.float32)
        async with open_endpoint(backend) as endpoint:
            slow, other = await TcpPeer.connect(endpoint.port), await UdpPeer.connect(endpoint.port)
            await ask(slow, "/magnet/generate", 1, *GENERATE, "delivery", "stream")
            backend.job(1)(ready(1))
            for request_id in range(50):
                assert await ask(other, "/magnet/ping", request_id) == ("/magnet/pong", request_id)
            (connection,) = endpoint._connections
            assert 0 < connection._open[0].get_write_buffer_size() < 256 << 10
            received = sum(
                [len(told[4]) for told in (await lines_up_to(slow, "/magnet/ready"))[:-1]]
            )
            assert received == backend.audio.nbytes
            await slow.close()
            await other.close()

    run(test)


def test_a_stream_can_be_cancelled():
    async def test():
        backend = HandBackend()
        backend.audio = np.zeros((8_000_000, 2), np.float32)
        async with open_endpoint(backend) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE, "delivery", "stream")
            backend.job(1)(ready(1))
            await send(peer, "/magnet/cancel", 1)
            chunks = await lines_up_to(peer, "/magnet/cancelled")
            assert len(chunks) < 1000
            assert (await ask(peer, "/magnet/generate", 1, *GENERATE))[0] == "/magnet/accepted"
            await peer.close()

    run(test)


def test_a_clip_that_cannot_be_read_fails_the_streamed_job():
    async def test():
        backend = HandBackend()
        async with open_endpoint(backend) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE, "delivery", "stream")
            backend.refusal = ModelUnavailable("gone")
            backend.job(1)(ready(1))
            assert await line(peer) == ("/magnet/failed", 1, "model_unavailable", "gone")
            await peer.close()

    run(test)


def test_a_streamed_preview_comes_whole_before_the_clip():
    async def test():
        backend = HandBackend()
        backend.audio = np.arange(40000, dtype=np.float32).reshape(-1, 2)
        async with open_endpoint(backend) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE, "delivery", "stream", "preview", 1)
            backend.job(1)(replies.Preview(1, "/clips/c1.preview.wav", 1))
            for take in takes(1):
                backend.job(1)(take)
            backend.job(1)(ready(1))
            lines = await lines_up_to(peer, "/magnet/ready")
            takes_told = [told for told in lines if told[0] == "/magnet/take"]
            assert [told[5] for told in takes_told] == ["", ""]
            rest = [told for told in lines if told[0] != "/magnet/take"]
            chunks = [told for told in rest if told[0] == "/magnet/preview/audio"]
            assert rest[: len(chunks) + 1] == [*chunks, ("/magnet/preview", 1, "", 1)]
            assert {told[4:6] for told in chunks} == {(44100, 2)}
            flat = np.frombuffer(b"".join(told[6] for told in chunks), "<f4")
            assert np.array_equal(flat.reshape(-1, 2), backend.audio / 2)
            await peer.close()

    run(test)


def test_a_preview_that_is_gone_costs_nothing_but_itself():
    async def test():
        backend = HandBackend()
        async with open_endpoint(backend) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE, "delivery", "stream", "preview", 1)
            backend.job(1)(replies.Preview(1, "/gone.wav", 1))
            backend.job(1)(ready(1))
            told = [told[0] for told in await lines_up_to(peer, "/magnet/ready")]
            assert told == ["/magnet/audio", "/magnet/ready"]
            await peer.close()

    run(test)


def test_nothing_of_a_streamed_preview_comes_after_the_job_was_cancelled():
    async def test():
        backend = HandBackend()
        backend.audio = np.zeros((1 << 22, 1), np.float32)
        async with open_endpoint(backend) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE, "delivery", "stream", "preview", 1)
            backend.job(1)(replies.Preview(1, "/clips/c1.preview.wav", 1))
            assert (await line(peer))[0] == "/magnet/preview/audio"
            await send(peer, "/magnet/cancel", 1)
            await lines_up_to(peer, "/magnet/cancelled")
            assert await ask(peer, "/magnet/ping", 2) == ("/magnet/pong", 2)
            await peer.close()

    run(test)


def test_cancelling_between_preview_and_clip_stops_both():
    async def test():
        backend = HandBackend()
        backend.audio = np.zeros((1 << 22, 1), np.float32)
        async with open_endpoint(backend) as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            await ask(peer, "/magnet/generate", 1, *GENERATE, "delivery", "stream", "preview", 1)
            backend.job(1)(replies.Preview(1, "/clips/c1.preview.wav", 1))
            backend.job(1)(ready(1))
            assert (await line(peer))[0] == "/magnet/preview/audio"
            await send(peer, "/magnet/cancel", 1)
            told = {told[0] for told in await lines_up_to(peer, "/magnet/cancelled")}
            assert told == {"/magnet/preview/audio", "/magnet/cancelled"}
            assert await ask(peer, "/magnet/ping", 2) == ("/magnet/pong", 2)
            await peer.close()

    run(test)
