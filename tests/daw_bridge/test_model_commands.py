"""``magnet-bridge models``: real programs, a real server, and a hub on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from daw_bridge.server_process import free_port
from daw_bridge.tables import model_notes
from osc_server.contract.replies import ModelItem, StatusReply
from tests.daw_bridge.programs import run
from tests.osc_server.library.hub_server import hub_server

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def hub():
    with hub_server() as hub:
        for folder, repository in (
            ("checkpoint", "facebook/magnet-small-10secs"),
            ("t5-tiny-rig", "google-t5/t5-base"),
        ):
            files = {path.name: path.read_bytes() for path in (GOLDEN / folder).iterdir()}
            hub.publish(repository, files)
        yield hub


def test_a_model_is_fetched_with_its_licence_said_and_is_then_listed(tmp_path, hub):
    (tmp_path / "models" / "t5-tiny-rig").mkdir(parents=True)
    port = str(free_port())
    flags = ["--models", str(tmp_path / "models"), "--port", port]
    settings = {"MAGNET_MODEL": "tone"}
    fetch = ("models", "fetch", "magnet-small-10secs", "--hub", hub.url)
    code, text = run(tmp_path, *fetch, *flags, **settings)
    assert code == 0, text
    assert text.count("CC-BY-NC 4.0") == 1
    assert "magnet-small-10secs is here" in text
    code, text = run(tmp_path, "models", *flags, "--memory", "3", **settings)
    assert code == 0, text
    assert "of 3.0 GB" in text
    (line,) = [line for line in text.splitlines() if "magnet-small-10secs" in line]
    assert line.split()[1:5] == ["yes", "2", "MB", "652"]


def test_a_model_that_cannot_be_fetched_ends_with_a_sentence_and_code_one(tmp_path, hub):
    flags = ["--models", str(tmp_path / "models"), "--port", str(free_port())]
    settings = {"HF_ENDPOINT": hub.url, "MAGNET_MODEL": "tone", "MAGNET_OFFLINE": "1"}
    code, text = run(tmp_path, "models", "fetch", "audio-magnet-small", *flags, **settings)
    assert code == 1
    assert "--offline" in text
    assert "Traceback" not in text
    assert hub.requests == []


def test_loading_needs_a_server_that_runs(tmp_path):
    code, text = run(tmp_path, "models", "load", "tone", "--port", str(free_port()))
    assert code == 1
    assert "no server answers" in text


def test_what_a_model_lacks_is_said_below_the_table():
    here = ModelItem(1, "mine", False, False, "", 0, 0, False, 5, 5, "t5-base: `fetch mine`")
    away = ModelItem(1, "big", False, False, "", 0, 0, False, 0, 5, "not on this disk: `fetch big`")
    status = StatusReply(
        1, models_loaded="tone, embedded", memory_used_bytes=2.5e9, memory_budget_bytes=16e9
    )
    assert model_notes([here, away], status) == [
        "mine: t5-base: `fetch mine`",
        "those that are not on disk: magnet-bridge models fetch NAME",
        "in memory: tone, embedded; about 2.5 GB used of 16.0 GB that models may use",
    ]
