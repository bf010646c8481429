"""Fixtures that more than one room's tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools import JackServer, running_jack


@pytest.fixture(scope="module")
def jack_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JackServer]:
    """A JACK server at 48 kHz with 1024 frames a period, without a sound card.

    Start programs with ``env=jack_server.environment``; skipped (in CI: failed) without JACK.
    """
    with running_jack(tmp_path_factory.mktemp("jack")) as server:
        yield server
