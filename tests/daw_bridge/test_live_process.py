"""``magnet-bridge live`` as a program: typing, signals, deaths of either process."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time

import pytest

from daw_bridge.server_process import free_port
from osc_server.contract.packets import decode, encode
from tests.daw_bridge.programs import alive, descendants, running
from tests.daw_bridge.servers import running_server

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="looks at processes under /proc"
)

SLOW = "tone:0.05"


def live(folder, *arguments, model="tone", port=None, env=None):
    port = port or free_port()
    flags = ["--port", str(port), "--model", model, "--clips", str(folder / "clips")]
    return running("live", *arguments, *flags, folder=folder, env=env)


def wait_for_nobody(pids, seconds):
    deadline = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.02)  # there is no way to wait for a process that is not one's child
    return alive(pids)


def test_sigterm_ends_both_processes_within_two_seconds_and_leaves_no_half_file(tmp_path):
    with live(tmp_path, "pad", "--every", "1", "--bars", "1", "--bpm", "240") as program:
        plays = program.expect("playing +pad")
        program.expect("from bar", after=plays)  # clips are being made all the time
        family = descendants(program.pid)
        assert len(family) >= 2  # the server and its worker
        os.kill(program.pid, signal.SIGTERM)
        assert program.seconds_to_end() < 2.0
    assert not alive(family)
    assert program.process.returncode == 0
    files = [path for path in (tmp_path / "clips").rglob("*") if path.is_file()]
    assert {path.name.rpartition(".")[2] for path in files} == {"wav", "json", "npy"}


def test_ctrl_c_in_mid_render_is_no_slower(tmp_path):
    with live(tmp_path, "pad", model=SLOW) as program:
        program.expect("making 'pad'")
        family = descendants(program.pid)
        os.kill(program.pid, signal.SIGINT)
        assert program.seconds_to_end() < 2.0
    assert not alive(family)
    assert not list((tmp_path / "clips").glob("*.wav"))


def test_a_signal_while_the_server_starts_ends_both(tmp_path):
    with live(tmp_path, "pad") as program:
        program.expect("server +starting")
        family = descendants(program.pid)
        os.kill(program.pid, signal.SIGHUP)
        assert program.seconds_to_end() < 2.0
    assert not alive(family)


def test_a_bridge_that_is_killed_leaves_no_orphan(tmp_path):
    with live(tmp_path, "pad", model=SLOW) as program:
        program.expect("making 'pad'")
        family = descendants(program.pid)
        program.process.kill()
        program.seconds_to_end()
        assert not wait_for_nobody(family, 5.0)


def test_the_loop_plays_on_while_a_dead_server_is_started_again(tmp_path):
    with live(tmp_path, "pad", "--bars", "1", "--bpm", "240") as program:
        program.expect("playing +pad")
        (server, *_) = sorted(descendants(program.pid))
        os.kill(server, signal.SIGKILL)
        told = program.expect(r"the server stopped .*starting it again")
        program.type("warm bass")
        playing = program.expect("playing +warm bass", after=told)
        assert "Traceback" not in program.text[:playing]


def test_typed_lines_are_prompts_and_settings_with_or_without_a_sound_device(tmp_path):
    with live(
        tmp_path, env={"JACK_DEFAULT_SERVER": "none", "JACK_NO_START_SERVER": "1"}
    ) as program:
        program.expect("sound +(no sound|.*outputs)")
        program.type("/bpm 250")
        program.type("/bars 1")
        program.type("/level -6")
        program.expect("level -6 dB")
        program.type("warm pad")
        program.expect("playing +warm pad")
        program.type("/quit")
        assert program.seconds_to_end() < 2.0
    assert program.process.returncode == 0


def test_a_front_port_that_is_taken_ends_it_with_a_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with live(tmp_path, "pad", port=port) as program:
            program.seconds_to_end()
    assert program.process.returncode == 1
    assert f"port {port} is taken" in program.text
    assert "Traceback" not in program.text


def test_a_server_that_refuses_to_start_ends_it_with_the_servers_sentence(tmp_path):
    (tmp_path / "clips").write_text("in the way")
    with live(tmp_path, "pad") as program:
        program.seconds_to_end()
    assert program.process.returncode == 1
    assert "--clips" in program.text
    assert "Traceback" not in program.text


def test_a_sound_device_that_is_not_there_ends_it_with_a_sentence(tmp_path):
    with live(tmp_path, "pad", "--output", "no such device") as program:
        program.seconds_to_end()
    assert program.process.returncode == 1
    assert "Traceback" not in program.text


def test_an_open_front_port_needs_a_token(tmp_path):
    with live(tmp_path, "pad", "--host", "0.0.0.0") as program:
        program.seconds_to_end()
    assert program.process.returncode == 1
    assert "--token-file" in program.text


def test_it_waits_for_a_server_that_was_named_and_plays_once_it_is_there(tmp_path):
    port = free_port()
    with running(
        "live", "pad", "--bars", "1", "--bpm", "240", "--server", f"127.0.0.1:{port}",
        folder=tmp_path,
    ) as program:  # fmt: skip
        program.expect(f"waiting for 127.0.0.1:{port}")
        with running_server(tmp_path, port=port):
            program.expect("playing +pad")


def test_a_surface_plays_a_second_deck_over_the_front_port(tmp_path):
    port = free_port()
    with (
        live(tmp_path, "pad", "--bars", "1", "--bpm", "240", port=port) as program,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface,
    ):
        surface.connect(("127.0.0.1", port))
        surface.settimeout(30)
        program.expect("playing +pad")
        for address, value in (("prompt", "warm bass"), ("level", -99), ("generate", 1)):
            surface.send(encode(f"/magnet/deck/2/{address}", value))
        told = []
        while ("/magnet/deck/2/state", "playing") not in told:
            (message,) = decode(surface.recv(2048))
            told.append((message.address, *message.args))
    assert ("/magnet/deck/2/level", -90.0) in told
    states = [value for address, *value in told if address == "/magnet/deck/2/state"]
    assert states == [["rendering"], ["cued"], ["playing"]]


def test_a_surface_has_a_control_learned_while_it_plays(tmp_path):
    port, level = free_port(), "/magnet/deck/3/level"
    cables = {"MIDO_BACKEND": "tests.daw_bridge.midi.cables"}
    cables["MAGNET_CLOCK_IN"] = "nobody"  # the knobs are moved once, as soon as they are heard
    with (
        live(tmp_path, port=port, env=cables) as program,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface,
    ):
        surface.connect(("127.0.0.1", port))
        surface.settimeout(30)
        program.expect("deck 1 is empty")  # its keys are pressed as soon as it is heard
        surface.send(encode("/magnet/midi/learn", "/magnet/deck/3/levle"))
        (refused,) = decode(surface.recv(2048))
        assert refused.address == "/magnet/error"
        assert "did you mean" in str(refused.args[0])
        surface.send(encode("/magnet/midi/learn", level))
        program.expect(f"{level} is on cc 20, channel 1, of Knobs: kept in")
        surface.send(encode("/magnet/midi/learn"))
        learning = []
        while "" not in learning:
            (message,) = decode(surface.recv(2048))
            learning += message.args if message.address == "/magnet/midi/learn" else ()
    (path,) = tmp_path.rglob("learned-knobs.midi.toml")
    assert level in path.read_text("utf-8")
