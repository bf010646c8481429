"""Fixtures of the bridge's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.daw_bridge.servers import RunningServer, running_server


@pytest.fixture(scope="session")
def tone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One real server with the tone engine, shared by all tests that leave it alive."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server
