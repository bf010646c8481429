"""Jobs line by line, the same by UDP and both framings of TCP."""

from dataclasses import replace

import pytest

from osc_server.contract import replies
from osc_server.contract.errors import Busy
from osc_server.contract.requests import CloseLoop, Continue, Infill, Vary
from tests.osc_server.endpoint.peers import (
    HandBackend,
    ask,
    line,
    lines_up_to,
    ready,
    run,
)

GENERATE = ("prompt", "dusty breakbeat", "bars", 4, "bpm", 128.5)


def takes(request_id):
    return [
        replies.Take(request_id, n, 2, f"c{n}", f"/clips/c{n}.wav", 1 - n / 4, 120, 1, 0.5, 6 + n)
        for n in (1, 2)
    ]


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
