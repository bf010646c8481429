"""What goes over the wire, line by line, the same by UDP and both framings of TCP."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from osc_server.contract import replies
from osc_server.contract.addresses import REQUESTS
from osc_server.contract.errors import Busy, ModelUnavailable
from osc_server.contract.requests import CloseLoop, Continue, Infill, Vary
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
    until,
)

GENERATE = ("prompt", "dusty breakbeat", "bars", 4, "bpm", 128.5)


def takes(request_id):
    return [
        replies.Take(request_id, n, 2, f"c{n}", f"/clips/c{n}.wav", 1 - n / 4, 120, 1, 0.5, 6 + n)
        for n in (1, 2)
    ]


@pytest.fixture(params=["udp", "tcp length", "tcp slip"])
def connect(request):
    """Opens an endpoint and a peer: ``async with connect(backend) as peer``."""

    @asynccontextmanager
    async def connected(backend=None, **settings):
        async with open_endpoint(backend, **settings) as endpoint:
            if request.param == "udp":
                peer = await UdpPeer.connect(endpoint.port)
            else:
                peer = await TcpPeer.connect(endpoint.port, request.param.split()[1])
            try:
                yield peer
            finally:
                await peer.close()

    return connected


def test_a_job_from_accepted_to_ready(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            assert await ask(peer, "/magnet/generate", 1, *GENERATE) == (
                "/magnet/accepted", 1, 0, 1.5, "",
            )  # fmt: skip
            backend.job(1)(replies.Progress(1, 0.5, 25, 50, 0.75))
            assert await line(peer) == ("/magnet/progress", 1, 0.5, 25, 50, 0.75)
            backend.job(1)(ready(1))
            assert await line(peer) == (
                "/magnet/ready", 1, "c1", "/clips/c1.wav", 0.5, 1.0, 120.0, 0.0, 1.0, -14.0, 7,
                48000, 0.25, "", 0.0, 0.0, 0.0, 1, 0.0, 1.0, 0.0, "",
            )  # fmt: skip

    run(test)


def test_a_preview_and_the_takes_come_before_ready(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            await ask(peer, "/magnet/generate", 1, *GENERATE, "takes", 2, "preview", 1)
            backend.job(1)(replies.Preview(1, "/clips/c1.preview.wav", 1))
            for take in takes(1):
                backend.job(1)(take)
            backend.job(1)(replace(ready(1), takes=2))
            lines = await lines_up_to(peer, "/magnet/ready")
            assert lines[:-1] == [
                ("/magnet/preview", 1, "/clips/c1.preview.wav", 1),
                ("/magnet/take", 1, 1, 2, "c1", "/clips/c1.wav", 0.75, 120.0, 1.0, 0.5, 7),
                ("/magnet/take", 1, 2, 2, "c2", "/clips/c2.wav", 0.5, 120.0, 1.0, 0.5, 8),
            ]
            assert lines[-1][2:4] == ("c1", "/clips/c1.wav")

    run(test)


@pytest.mark.parametrize(
    ("verb", "args", "start"),
    [
        ("continue", ("clip", "c1", "bars", 2), Continue("c1")),
        ("infill", ("clip", "c1", "from", 4, "to", 8), Infill("c1", 4.0, 8.0)),
        ("vary", ("c1", "amount", 0.3), Vary("c1", 0.3)),
        ("loop", ("c1",), CloseLoop("c1")),
    ],
)
def test_what_starts_from_a_clip_is_a_job_like_any_other(connect, verb, args, start):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            assert (await ask(peer, f"/magnet/{verb}", 1, *args))[0] == "/magnet/accepted"
            ((request, _),) = backend.jobs.values()
            assert request.start == start
            assert (await ask(peer, f"/magnet/{verb}", 1, *args))[:3] == (
                "/magnet/failed", 1, "busy",
            )  # fmt: skip
            backend.job(1)(ready(1))
            assert (await line(peer))[0] == "/magnet/ready"

    run(test)


def test_the_backend_gets_the_request_as_it_was_meant(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            await ask(peer, "/magnet/generate", "a", "prompt", "dusty", "break", "bpm", 127.3)
            ((request, _),) = backend.jobs.values()
            assert (request.id, request.prompt, request.bpm) == ("a", "dusty break", 127.3)

    run(test)


def test_an_id_may_be_used_again_once_its_job_has_ended(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            for end in (ready(1), replies.Failed(1, "late", "too late"), replies.CancelledReply(1)):
                await ask(peer, "/magnet/generate", 1, *GENERATE)
                backend.job(1)(end)
                await line(peer)
            assert (await ask(peer, "/magnet/generate", 1, *GENERATE))[0] == "/magnet/accepted"

    run(test)


def test_a_live_id_is_refused_and_its_job_goes_on(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            await ask(peer, "/magnet/generate", 1, *GENERATE)
            assert (await ask(peer, "/magnet/generate", 1, *GENERATE))[:3] == (
                "/magnet/failed", 1, "busy",
            )  # fmt: skip
            backend.job(1)(ready(1))
            assert (await line(peer))[0] == "/magnet/ready"

    run(test)


def test_a_job_that_the_backend_refuses_has_failed_and_is_not_alive(connect):
    async def test():
        backend = HandBackend()
        backend.refusal = Busy("the queue is full")
        async with connect(backend) as peer:
            assert await ask(peer, "/magnet/generate", 1, *GENERATE) == (
                "/magnet/failed", 1, "busy", "the queue is full",
            )  # fmt: skip
            backend.refusal = None
            assert (await ask(peer, "/magnet/generate", 1, *GENERATE))[0] == "/magnet/accepted"

    run(test)


def test_a_job_is_cancelled_by_its_id(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            await ask(peer, "/magnet/generate", 1.0, *GENERATE)
            assert await ask(peer, "/magnet/cancel", 1) == ("/magnet/cancelled", 1)
            assert (await ask(peer, "/magnet/cancel", 1))[:3] == (
                "/magnet/failed", 1, "bad_request",
            )  # fmt: skip

    run(test)


def test_nothing_of_a_job_comes_after_its_end(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            await ask(peer, "/magnet/generate", 1, *GENERATE)
            on_reply = backend.job(1)
            on_reply(ready(1))
            assert (await line(peer))[0] == "/magnet/ready"
            await ask(peer, "/magnet/generate", 1, *GENERATE)
            for reply in (replies.Progress(1, 1.0, 50, 50, 0.0), ready(1)):
                on_reply(reply)
            assert await ask(peer, "/magnet/ping", 2) == ("/magnet/pong", 2)

    run(test)


def test_progress_is_told_at_most_30_times_a_second_and_at_its_end(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend) as peer:
            await ask(peer, "/magnet/generate", 1, *GENERATE)
            for step in range(1, 1001):
                backend.job(1)(replies.Progress(1, step / 1000, step, 1000, 0.0))
            backend.job(1)(ready(1))
            steps = [told[3] for told in (await lines_up_to(peer, "/magnet/ready"))[:-1]]
            assert (steps[0], steps[-1]) == (1, 1000)
            assert len(steps) < 100

    run(test)


def test_ping_sync_and_status_answer(connect):
    async def test():
        async with connect() as peer:
            assert await ask(peer, "/magnet/ping", "x") == ("/magnet/pong", "x")
            assert await ask(peer, "/magnet/sync", 2.0) == ("/magnet/synced", 2)
            status = await ask(peer, "/magnet/status", 3)
            assert status[:4] == ("/magnet/status/reply", 3, "model", "hand")

    run(test)


def test_sync_waits_for_what_was_asked_before(connect):
    async def test():
        backend = HandBackend()
        backend.gate.clear()
        async with connect(backend) as peer:
            await send(peer, "/magnet/model/list", 1)
            await send(peer, "/magnet/sync", 2)
            assert await ask(peer, "/magnet/ping", 3) == ("/magnet/pong", 3)
            backend.gate.set()
            told = [told[0] for told in await lines_up_to(peer, "/magnet/synced")]
            assert told == ["/magnet/model/item", "/magnet/model/end", "/magnet/synced"]

    run(test)


@pytest.mark.parametrize(
    ("verb", "args"),
    [("model/list", ()), ("model/load", ("x",)), ("clip/get", ("c1",)), ("sync", ())],
)
def test_questions_in_the_air_are_bounded(connect, verb, args):
    async def test():
        backend = HandBackend()
        backend.gate.clear()
        async with connect(backend) as peer:
            for request_id in range(32):
                await send(peer, "/magnet/model/list", request_id)
            await send(peer, f"/magnet/{verb}", 32, *args)
            assert (await line(peer))[:3] == ("/magnet/failed", 32, "busy")

    run(test)


def test_models_are_listed_loaded_and_unloaded(connect):
    async def test():
        async with connect() as peer:
            await send(peer, "/magnet/model/list", 1)
            assert await lines_up_to(peer, "/magnet/model/end") == [
                ("/magnet/model/item", 1, "hand", 1, 1, "MIT", 48000, 10.0, 1, 1000.0, 0.0, ""),
                ("/magnet/model/end", 1, 1),
            ]
            assert await ask(peer, "/magnet/model/load", 2, "hand") == (
                "/magnet/model/loaded", 2, "hand",
            )  # fmt: skip
            assert await ask(peer, "/magnet/model/unload", 3) == ("/magnet/model/unloaded", 3)

    run(test)


def test_a_fetch_says_the_licence_then_how_far_it_is_and_then_its_end(connect):
    async def test():
        async with connect() as peer:
            await send(peer, "/magnet/model/fetch", 1, "hand")
            told = await lines_up_to(peer, "/magnet/model/fetched")
            assert told[0] == ("/magnet/model/licence", 1, "hand", "not for sale")
            fractions = [line[3] for line in told[1:-1]]
            assert (fractions[0], fractions[-1]) == (0, 1)
            assert len(fractions) < 50
            assert told[-1] == ("/magnet/model/fetched", 1, "hand")

    run(test)


def test_a_fetch_holds_up_nothing_and_can_be_cancelled(connect):
    async def test():
        backend = HandBackend()
        backend.gate.clear()
        async with connect(backend) as peer:
            await send(peer, "/magnet/model/fetch", "f", "hand")
            await lines_up_to(peer, "/magnet/model/licence")
            await send(peer, "/magnet/model/fetch", "f", "hand")
            await send(peer, "/magnet/sync", 2)
            told = await lines_up_to(peer, "/magnet/synced")
            assert [line[:3] for line in told if line[0] == "/magnet/failed"] == [
                ("/magnet/failed", "f", "busy")
            ]
            assert await ask(peer, "/magnet/cancel", "f") == ("/magnet/cancelled", "f")

    run(test)


def test_presets_and_clips_come_item_by_item_and_end_with_a_count(connect):
    async def test():
        async with connect() as peer:
            await send(peer, "/magnet/preset/list", 1)
            presets = await lines_up_to(peer, "/magnet/preset/end")
            assert (len(presets), presets[-1]) == (4, ("/magnet/preset/end", 1, 3))
            await send(peer, "/magnet/clip/list", 2, "limit", 300)
            clips = await lines_up_to(peer, "/magnet/clip/end")
            assert [clip[2] for clip in clips[:-1]] == [f"c{n}" for n in range(300)]
            assert clips[-1] == ("/magnet/clip/end", 2, 300)

    run(test)


def test_a_clip_is_had_again_by_its_id(connect):
    async def test():
        async with connect() as peer:
            assert (await ask(peer, "/magnet/clip/get", 1, "c1"))[:3] == ("/magnet/ready", 1, "c1")
            assert await ask(peer, "/magnet/clip/get", 2, "c9") == (
                "/magnet/failed", 2, "bad_request", "there is no clip c9",
            )  # fmt: skip

    run(test)


def test_help_lists_every_address(connect):
    async def test():
        async with connect() as peer:
            await send(peer, "/magnet/help", 1)
            lines = await lines_up_to(peer, "/magnet/help/end")
            assert [told[2].split()[0] for told in lines[:-1]] == [row.address for row in REQUESTS]
            assert lines[-1] == ("/magnet/help/end", 1, len(REQUESTS))

    run(test)


@pytest.mark.parametrize(
    ("address", "args", "says"),
    [
        ("/magnet/generat", (1,), "did you mean /magnet/generate?"),
        ("/magnet/gen*", (1,), "address patterns are not taken"),
        ("/magnet/generate", (1, "prompt", "a b", "barz", 4), "did you mean bars?"),
        ("/magnet/generate", (1, "prompt", "a b", "bpm", 900), "20 to 400"),
        ("/magnet/help", (1, "generat"), "did you mean generate?"),
    ],
)
def test_what_is_wrong_fails_with_the_id_and_what_to_do(connect, address, args, says):
    async def test():
        async with connect() as peer:
            told = await ask(peer, address, *args)
            assert told[:3] == ("/magnet/failed", 1, "bad_request")
            assert says in told[3]

    run(test)


@pytest.mark.parametrize(
    ("address", "args"), [("/magnet/ping", ()), ("/x", (b"\0",)), ("/x/*", (1.5,))]
)
def test_what_has_no_id_is_answered_by_an_error_line(connect, address, args):
    async def test():
        async with connect() as peer:
            told = await ask(peer, address, *args)
            assert told[0] == "/magnet/error"
            assert told[1].startswith(address)

    run(test)


def test_an_error_behind_a_question_comes_with_its_code(connect):
    async def test():
        backend = HandBackend()
        backend.refusal = ModelUnavailable("not on disk: fetch it")
        async with connect(backend) as peer:
            assert await ask(peer, "/magnet/model/load", 1, "big") == (
                "/magnet/failed", 1, "model_unavailable", "not on disk: fetch it",
            )  # fmt: skip

    run(test)


@pytest.mark.parametrize(("verb", "args"), [("generate", GENERATE), ("model/load", ("x",))])
def test_a_fault_of_ours_is_said_logged_and_survived(connect, caplog, verb, args):
    async def test():
        backend = HandBackend()
        backend.refusal = ZeroDivisionError("oops")
        async with connect(backend) as peer:
            told = await ask(peer, f"/magnet/{verb}", 1, *args)
            assert told[:3] == ("/magnet/failed", 1, "internal")
            assert "ZeroDivisionError: oops" in told[3]
            assert await ask(peer, "/magnet/ping", 2) == ("/magnet/pong", 2)

    run(test)
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_a_malformed_packet_is_answered_once_a_second_and_counted(connect):
    async def test():
        async with connect() as peer:
            for _ in range(50):
                await peer.send_packet(b"/abc")
            told = await line(peer)
            assert told[0] == "/magnet/error"
            status = await ask(peer, "/magnet/status", 1)
            assert status[status.index("malformed_packets") + 1] == 50

    run(test)


def test_without_the_token_nothing_is_done(connect):
    async def test():
        backend = HandBackend()
        async with connect(backend, token="s3cret") as peer:
            for address, args in (
                ("/magnet/ping", ()),
                ("/magnet/generate", GENERATE),
                ("/magnet/hello", ("token", "wrong")),
                ("/magnet/hello", ()),
            ):
                told = await ask(peer, address, 1, *args)
                assert told[:3] == ("/magnet/failed", 1, "forbidden")
            assert not backend.jobs

    run(test)


def test_with_the_token_everything_is_done(connect):
    async def test():
        async with connect(token="s3cret") as peer:
            told = await ask(peer, "/magnet/hello", 1, "token", "s3cret")
            assert told == ("/magnet/welcome", 1, 1)
            assert await ask(peer, "/magnet/ping", 2) == ("/magnet/pong", 2)

    run(test)


def test_hello_to_a_server_without_a_token_is_welcome(connect):
    async def test():
        async with connect() as peer:
            assert await ask(peer, "/magnet/hello", 1) == ("/magnet/welcome", 1, 1)

    run(test)


# --- UDP alone -----------------------------------------------------------------------------------


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


# --- TCP alone -----------------------------------------------------------------------------------


def test_notify_is_refused_over_tcp():
    async def test():
        async with open_endpoint() as endpoint:
            peer = await TcpPeer.connect(endpoint.port)
            assert (await ask(peer, "/magnet/notify", 1, 9001))[:3] == (
                "/magnet/failed", 1, "bad_request",
            )  # fmt: skip
            await peer.close()

    run(test)


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
