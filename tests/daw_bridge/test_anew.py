"""The same program in the place of this one."""

from __future__ import annotations

import os
import sys

import pytest

from daw_bridge import anew


@pytest.mark.skipif(sys.platform == "win32", reason="there a process waits for the other")
@pytest.mark.parametrize("before", [[], ["--resume", "old.json"]])
def test_the_command_is_run_again_with_the_set_that_was_left(monkeypatch, tmp_path, before):
    ran = []
    monkeypatch.setattr(sys, "argv", ["magnet-bridge", "live", "pad", *before, "--bpm", "120"])
    monkeypatch.setattr(os, "closerange", lambda low, high: None)
    monkeypatch.setattr(os, "execv", lambda program, command: ran.append((program, command)))
    anew.begin_anew(tmp_path / "left.json")
    ((program, command),) = ran
    assert program == command[0] == sys.executable
    assert command[3:] == [
        *("live", "pad", "--bpm", "120"),
        *("--resume", str(tmp_path / "left.json")),
    ]
