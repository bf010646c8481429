"""``magnet-bridge midi`` as a program."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from daw_bridge.midi.map_reading import read_map
from tests.daw_bridge.programs import run, running
from tests.tools import end, require_tool, running_jack

CABLES = {"MIDO_BACKEND": "tests.daw_bridge.midi.cables"}
LEVEL = "/magnet/deck/3/level"


def test_the_list_says_which_map_each_controller_plays(tmp_path):
    code, text = run(tmp_path, "midi", "list", **CABLES)
    assert code == 0, text
    (keys,) = [line for line in text.splitlines() if "Keystation 49" in line]
    (knobs,) = [line for line in text.splitlines() if "Knobs" in line]
    assert "Keyboard" in keys
    assert "none" in knobs
    assert str(tmp_path) in text


@pytest.mark.jack
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver")
def test_midi_goes_through_jack_where_a_setting_says_so(tmp_path):
    tool = require_tool("jack_midiseq", package="jackd2")
    settings = tmp_path / "bridge.toml"
    settings.write_text('midi-api = "jack"\n', "utf-8")
    with running_jack(tmp_path) as server:
        everything = server.environment | CABLES
        pads = subprocess.Popen(
            [tool, "Pads", "96000", "0", "60", "24000"], env=everything, stdout=subprocess.DEVNULL
        )
        try:
            while "Pads:out" not in server.run("jack_lsp"):
                assert pads.poll() is None
                time.sleep(0.05)
            for command in (
                ("midi", "--midi-api", "jack", "list"),
                ("midi", "--config", str(settings), "list"),
                ("devices", "--midi-api", "jack"),
            ):
                code, text = run(tmp_path, *command, **everything)
                assert code == 0, text
                assert "Pads:out" in text
                assert "Keystation" not in text
            _, text = run(tmp_path, "devices", **everything)
            assert "Pads:out" not in text
            assert "Keystation" in text
        finally:
            end(pads)


def test_the_monitor_prints_what_comes_and_what_it_does(tmp_path):
    with running("midi", "monitor", folder=tmp_path, env=CABLES) as program:
        program.expect("Keystation 49: note_on.*note=48")
        program.expect("/magnet/deck/1/launch 1")
        program.expect("Knobs: control_change.*control=20")


def test_what_is_learned_is_kept(tmp_path):
    code, text = run(tmp_path, "midi", "learn", LEVEL, **CABLES)
    assert code == 0, text
    assert "is on cc 20, channel 1, of Knobs: kept in" in text
    (path,) = tmp_path.rglob("learned-knobs.midi.toml")
    assert [control.address for control in read_map(path).controls] == [LEVEL]


def test_an_address_that_is_none_is_refused_before_anything_is_moved(tmp_path):
    code, text = run(tmp_path, "midi", "learn", "/magnet/deck/3/levle", **CABLES)
    assert code == 1
    assert "did you mean" in text
