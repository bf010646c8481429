"""Real servers with the tone engine, for the bridge's tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from daw_bridge.server_process import ServerProcess, free_port, server_command
from daw_bridge.serving import first_answer


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server on loopback.

    Attributes:
        port: its port, UDP and TCP.
        clips: its clips folder.
        process: its process.
    """

    port: int
    clips: Path
    process: ServerProcess


@contextmanager
def running_server(
    folder: Path, *options: str, token: str = "", port: int = 0
) -> Iterator[RunningServer]:
    """A ``magnet-server --model tone`` that answers, and ends with the block."""
    port, clips = port or free_port(), folder / "clips"
    given = ["--clips", str(clips), *options]
    if "--model" not in options:
        given += ["--model", "tone"]
    if token:
        (folder / "token").write_text(token)
        given += ["--token-file", str(folder / "token")]
    process = ServerProcess(server_command(port, *given), folder / "server.log")
    process.start()
    try:
        asyncio.run(first_answer(process, port, token))
        yield RunningServer(port, clips, process)
    finally:
        process.stop()
