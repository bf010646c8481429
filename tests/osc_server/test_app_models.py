"""Several models in one server: real workers, one a model, and what each costs the others."""

import multiprocessing
import shutil
import time

import pytest

from osc_server.contract.errors import OutOfMemory
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.engines import SLOW_STEP_SECONDS, TroubledEngine
from tests.osc_server.library.hub_server import hub_server
from tests.osc_server.library.test_fetching import GOLDEN, golden_files
from tests.osc_server.servers import Wire, running_server

TONES_OF_ROOM = 0.25
"""GB that two tone engines fit in, and three do not."""


def open_marked(model, models_folder, device):
    """``tone:2`` takes until the file ``go`` is there; ``tone:3`` has no memory; else troubled."""
    if model == "tone:2":
        while not (models_folder / "go").exists():
            time.sleep(0.01)
    if model == "tone:3":
        raise OutOfMemory("the GPU is full")
    if model == "tone:4":
        return ToneEngine(step_seconds=SLOW_STEP_SECONDS / 100)
    return TroubledEngine()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    (folder / "models").mkdir()
    with running_server(folder, open_marked, memory=TONES_OF_ROOM) as server:
        yield server


@pytest.fixture
def wire(server):
    """A client of a server that has the tone engine in memory and no other model."""
    (server.config.models / "go").unlink(missing_ok=True)
    with Wire(server.port, "tcp") as wire:
        wire.send("model/load", 0, "tone")
        wire.until("model/loaded")
        for model in ("tone:2", "tone:4"):
            wire.send("model/unload", 0, model)
            wire.until("model/unloaded")
        yield wire


def status(wire):
    wire.send("status", "s")
    args = wire.until("status/reply")[-1][1]
    return dict(zip(args[1::2], args[2::2], strict=True))


def let_go(server):
    (server.config.models / "go").touch()


def test_a_model_is_loaded_while_another_renders(server, wire):
    wire.send("generate", 1, "prompt", "slow", "steps", 500, 500, 500, 500)  # 40 s
    wire.until("progress")
    wire.send("model/load", 2, "tone:4")
    assert {address for address, _ in wire.until("model/loaded")} == {"progress", "model/loaded"}
    wire.until("progress")
    wire.send("cancel", 1)
    assert wire.end_of(1)[0] == "cancelled"


def test_a_load_that_takes_for_ever_stops_no_job_of_another_model(server, wire):
    assert wire.generate(1, "bass", "bars", 1)[0] == "ready"
    wire.send("model/load", 2, "tone:2")
    assert wire.generate(3, "bass", "bars", 1)[0] == "ready"
    wire.send("generate", 4, "prompt", "bass", "bars", 1, "model", "tone:2")
    assert wire.generate(5, "bass", "bars", 1)[0] == "ready"  # overtakes the one that must wait
    let_go(server)
    assert wire.until("model/loaded")[-1][1] == (2, "tone")
    assert wire.end_of(4)[0] == "ready"


def test_a_load_that_fails_costs_nobody_anything(server, wire):
    wire.send("generate", 1, "prompt", "slow")
    wire.until("progress")
    wire.send("model/load", 2, "tone:3")
    ends = [wire.until("ready", "failed")[-1] for _ in range(2)]  # whichever is first
    by_id = {args[0]: (address, args) for address, args in ends}
    assert by_id[1][0] == "ready"
    assert by_id[2][1][:2] == (2, "out_of_memory")
    assert wire.generate(3, "bass", "bars", 1)[0] == "ready"


def test_both_stay_in_memory_and_the_budget_is_shown(server, wire):
    assert wire.generate(1, "bass", "bars", 1)[0] == "ready"
    assert wire.generate(2, "bass", "bars", 1, "model", "tone:4")[0] == "ready"
    workers = {worker.pid for worker in multiprocessing.active_children()}
    assert len(workers) == 2
    now = status(wire)
    assert now["models_loaded"] == "tone:4, tone"
    assert (now["memory_used_bytes"], now["memory_budget_bytes"]) == (2e8, 2.5e8)
    assert wire.generate(3, "bass", "bars", 1)[0] == "ready"
    assert {worker.pid for worker in multiprocessing.active_children()} == workers


def test_a_named_model_is_unloaded_and_the_current_one_stays(server, wire):
    assert wire.generate(1, "bass", "bars", 1, "model", "tone:4")[0] == "ready"
    wire.send("model/unload", 2, "tone:4")
    assert wire.until("model/unloaded")[-1][1] == (2,)
    now = status(wire)
    assert (now["models_loaded"], now["model"]) == ("tone", "tone")


def test_a_model_that_renders_is_unloaded_after_its_job(server, wire):
    wire.send("generate", 1, "prompt", "slow")
    wire.until("progress")
    wire.send("model/unload", 2)
    ends = [address for address, _ in wire.until("model/unloaded") if address != "progress"]
    assert ends == ["ready", "model/unloaded"]


def test_models_that_do_not_fit_together_take_turns(tmp_path):
    with running_server(tmp_path, open_marked, memory=0.15) as server, Wire(server.port) as wire:
        for number, model in enumerate(["tone", "tone:4", "tone"]):
            wire.send("generate", number, "prompt", "x", "beats", 1, "model", model)
        order = [wire.until("ready")[-1][1][0] for _ in range(3)]
        assert order == [0, 1, 2]
        wire.send("model/load", 9, "embedded")
        code, text = wire.until("failed")[-1][1][1:]
        assert (code, "--memory" in text) == ("out_of_memory", True)


def test_a_model_comes_over_the_wire_and_can_then_be_loaded(tmp_path):
    with hub_server() as hub:
        hub.publish("facebook/audio-magnet-small", golden_files("checkpoint"))
        hub.publish("google-t5/t5-large", golden_files("t5-tiny-rig"))
        shutil.copytree(GOLDEN / "t5-tiny-rig", tmp_path / "models" / "t5-tiny-rig")
        with (
            running_server(tmp_path, open_marked, hub=hub.url, memory=2) as server,
            Wire(server.port, "tcp") as wire,
        ):
            wire.send("model/load", 1, "audio-magnet-small")
            assert "models fetch audio-magnet-small" in wire.until("failed")[-1][1][2]
            wire.send("model/fetch", 2, "audio-magnet-small")
            told = wire.until("model/fetched")
            assert [address for address, _ in told if address != "model/fetching"] == [
                "model/licence", "model/fetched",
            ]  # fmt: skip
            assert told[-2][1][2] == 1  # the whole of it
            wire.send("model/load", 3, "audio-magnet-small")
            assert wire.until("model/loaded", "failed")[-1][0] == "model/loaded"
