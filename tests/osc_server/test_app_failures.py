"""What goes wrong around the server, and what it says then."""

import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from osc_server.contract.parsing import request_args
from osc_server.library.clips import ClipStore
from tests.osc_server.engines import open_on_a_full_disk, open_troubled
from tests.osc_server.servers import ServerCommand, Wire, running_server

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


def test_clips_are_recalled_by_id_after_a_restart_and_can_be_made_again(tmp_path):
    with running_server(tmp_path, open_troubled) as server, Wire(server.port) as wire:
        made = wire.generate(1, "bass", "bars", 1)[1]
    with running_server(tmp_path, open_troubled) as server, Wire(server.port) as wire:
        wire.send("clip/get", 2, made[1])
        assert wire.until("ready", "failed")[-1] == ("ready", (2, *made[1:]))
        store = ClipStore(server.config.clips)
        wire.send("generate", *request_args(store.sidecar(made[1]).to_request(3)))
        again = wire.end_of(3)[1]
        assert np.array_equal(store.read_codes(made[1]), store.read_codes(again[1]))


def test_a_full_disk_fails_the_job_with_a_sentence_and_leaves_nothing(tmp_path):
    with running_server(tmp_path, open_on_a_full_disk) as server, Wire(server.port) as wire:
        for request_id in (1, 2):
            address, args = wire.generate(request_id, "bass", "bars", 1)
            assert (address, args[1]) == ("failed", "storage_failed")
            assert "free some space" in args[2]
        assert os.listdir(server.config.clips) == []


def test_a_clips_folder_that_goes_away_fails_the_job_and_may_come_back(tmp_path):
    with running_server(tmp_path, open_troubled) as server, Wire(server.port) as wire:
        shutil.rmtree(server.config.clips)
        server.config.clips.write_text("in the way")
        assert wire.generate(1, "bass", "bars", 1)[1][1] == "storage_failed"
        server.config.clips.unlink()
        server.config.clips.mkdir()
        assert wire.generate(2, "bass", "bars", 1)[0] == "ready"


def test_a_model_that_kills_its_process_is_unavailable_and_another_can_be_loaded(tmp_path):
    deadly = running_server(tmp_path, open_troubled, model="deadly")
    with deadly as server, Wire(server.port) as wire:
        address, args = wire.generate(1, "bass")
        assert (address, args[1]) == ("failed", "model_unavailable")
        assert "died 3 times" in args[2]
        assert wire.generate(2, "bass", "bars", 1, "model", "tone")[0] == "ready"


def test_a_model_that_is_not_there_fails_each_job_that_wants_it(tmp_path):
    absent = running_server(tmp_path, open_troubled, model="absent")
    with absent as server, Wire(server.port) as wire:
        assert wire.generate(1, "bass")[1][1] == "model_unavailable"
        wire.send("model/load", 2, "tone")
        assert wire.until("model/loaded")[-1][1] == (2, "tone")
        assert wire.generate(3, "bass", "bars", 1)[0] == "ready"


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_server_and_worker_within_two_seconds_in_the_middle_of_a_job(
    tmp_path, number
):
    with ServerCommand(tmp_path) as server, Wire(server.port(), "tcp") as wire:
        wire.send("generate", 1, "prompt", "bass")
        wire.until("progress")
        (worker,) = _children_named(server.process.pid, "spawn_main")
        begun = time.monotonic()
        code, _, err = server.end(number, seconds=10)
        assert time.monotonic() - begun < 2
        assert (code, err) == (0, "")
        assert not _alive(worker)
        assert wire.until("cancelled")
    assert os.listdir(tmp_path / "clips") == []


@needs_proc
def test_a_worker_does_not_outlive_a_server_that_is_killed(tmp_path):
    with ServerCommand(tmp_path) as server, Wire(server.port(), "tcp") as wire:
        wire.send("generate", 1, "prompt", "bass")
        wire.until("progress")
        (worker,) = _children_named(server.process.pid, "spawn_main")
        server.end(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while _alive(worker) and time.monotonic() < deadline:
            os.sched_yield()
        assert not _alive(worker)


def test_a_second_server_on_the_port_ends_with_code_2_and_one_sentence(tmp_path):
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        first.listen()
        port = first.getsockname()[1]
        with ServerCommand(tmp_path, f"--port={port}") as second:
            out, err = second.process.communicate(timeout=30)
    assert second.process.returncode == 2
    assert out == ""
    assert err.startswith(f"magnet-server: port {port} is taken")
    assert err.count("\n") == 1


def test_another_interface_needs_a_token_and_clients_must_show_it(tmp_path):
    with ServerCommand(tmp_path, "--host=0.0.0.0", "--port=0") as server:
        _, err = server.process.communicate(timeout=30)
        assert server.process.returncode == 2
        assert "--token-file" in err
    (tmp_path / "token").write_text("open sesame\n")
    guarded = running_server(tmp_path, open_troubled, token_file=tmp_path / "token")
    with guarded as server, Wire(server.port, "tcp") as wire:
        assert wire.generate(1)[1][1] == "forbidden"
        wire.send("hello", 2, "token", "open sesame")
        assert wire.receive()[0] == "welcome"
        wire.send("ping", 3)
        assert wire.receive() == ("pong", (3,))


def _children_named(pid: int, word: str) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if word in _command_line(int(child))]


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
