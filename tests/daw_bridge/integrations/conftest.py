"""The real server, with the engine that needs no weights."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.daw_bridge.integrations.hosts import host


@pytest.fixture(scope="module")
def server_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a magnet-server that hosts the tone engine, in a folder with a space."""
    folder = tmp_path_factory.mktemp("my clips")
    command = [
        *(sys.executable, "-m", "osc_server.cli", "--model", "tone", "--port", "0"),
        *("--clips", str(folder)),
    ]
    with host(command, {**os.environ, "MAGNET_CONFIG": ""}, audio=False) as server:
        yield int(server.wait_for(r"listens on 127\.0\.0\.1:(\d+)")[1])
