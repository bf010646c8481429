"""What serves one host: when it ends, and what it leaves behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.delivery.hand_over import HandOver
from daw_bridge.delivery.lines import to_lines
from daw_bridge.reaper.companion import Companion
from tests.daw_bridge.servers import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with running_server(tmp_path_factory.mktemp("server"), "--model", "tone:0.2") as running:
        yield running


async def serve(server: RunningServer, folder: Path, silent_seconds: float, meanwhile=None) -> str:
    async with AsyncMagnetClient(port=server.port) as client:
        companion = Companion(client, HandOver(folder), "path", server.clips, silent_seconds)
        running = asyncio.create_task(companion.run())
        if meanwhile is not None:
            await meanwhile()
        return await running


def order(folder: Path, number: int, **values: object) -> None:
    content = {"verb": "generate", "prompt": "bass", "bars": 1, **values}
    (folder / f"order-{number}.txt").write_bytes(to_lines(content))


def test_a_host_that_falls_silent_is_left_and_its_waiting_jobs_are_cancelled(server, tmp_path):
    for number in range(1, 4):
        order(tmp_path, number)
    assert "silent" in asyncio.run(serve(server, tmp_path, 1.0))

    async def what_waits() -> int:
        async with AsyncMagnetClient(port=server.port) as client:
            return (await client.status()).queue_length

    async def soon_nothing() -> bool:
        for _ in range(100):
            if await what_waits() == 0:
                return True
            await asyncio.sleep(0.1)
        return False

    assert asyncio.run(soon_nothing())


def test_another_bridge_on_the_same_folder_takes_over(server, tmp_path):
    async def both() -> list[str]:
        first = asyncio.create_task(serve(server, tmp_path, 30))
        await asyncio.sleep(1)
        second = asyncio.create_task(serve(server, tmp_path, 3))
        return [await first, await second]

    reasons = asyncio.run(both())
    assert reasons[0] == "another bridge serves this host"
    assert "silent" in reasons[1]


def test_a_damaged_order_fails_alone(server, tmp_path):
    (tmp_path / "order-1.txt").write_bytes(b"half a file")
    order(tmp_path, 2, bars="many")

    async def both_failed() -> None:
        hand_over = HandOver(tmp_path)
        while any(hand_over.job(number).get("state") != "failed" for number in ("1", "2")):
            await asyncio.sleep(0.05)
        (tmp_path / "bye.txt").touch()

    assert asyncio.run(serve(server, tmp_path, 30, both_failed)) == "the host said good-bye"
    assert "another version" in HandOver(tmp_path).job("1")["text"]
    assert "bars must be a number" in HandOver(tmp_path).job("2")["text"]
