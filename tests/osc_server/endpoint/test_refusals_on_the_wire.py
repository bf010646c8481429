"""What is wrong, or not allowed, line by line, by UDP and both framings of TCP."""

import pytest

from osc_server.contract.errors import ModelUnavailable
from tests.osc_server.endpoint.peers import (
    HandBackend,
    ask,
    line,
    run,
)

GENERATE = ("prompt", "dusty breakbeat", "bars", 4, "bpm", 128.5)


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
