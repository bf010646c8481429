"""Questions and their answers line by line, by UDP and both framings of TCP."""

import pytest

from osc_server.contract.addresses import REQUESTS
from tests.osc_server.endpoint.peers import (
    HandBackend,
    ask,
    line,
    lines_up_to,
    run,
    send,
)


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
