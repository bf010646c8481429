"""The folder that a host without sockets shares with the bridge."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import daw_bridge.integrations
from daw_bridge.delivery.hand_over import HandOver
from daw_bridge.delivery.lines import from_lines, to_lines
from osc_server.contract.errors import BadRequest
from tests.tools import require_tool

LUA = Path(daw_bridge.integrations.__path__[0]) / "reaper" / "lib"
TEXTS = {
    "plain": "dusty breakbeat",
    "empty": "",
    "spaces": "  two  before, one after ",
    "lines": "one\ntwo\\nthree\\",
    "umlaut": "Höhe 東 🥁",
    "end_": "end",
    "path": r"C:\music\new clips\n.wav",
}


def test_texts_come_back_as_they_were():
    assert from_lines(to_lines(TEXTS)) == TEXTS


@pytest.mark.parametrize("lua", ["lua5.4", "lua5.3"])
def test_lua_reads_what_python_writes_and_python_what_lua_writes(tmp_path, lua):
    (tmp_path / "python.txt").write_bytes(to_lines(TEXTS))
    program = f"""
package.path = [[{LUA}/?.lua]]
local lines = require("lines")
local values = assert(lines.read("python.txt"))
values.number, values.whole = 128.3, 7
assert(lines.write("lua.txt", {{}}) and lines.write("lua.txt", values))
"""
    subprocess.run([require_tool(lua, package=lua), "-e", program], check=True, cwd=tmp_path)
    read = from_lines((tmp_path / "lua.txt").read_bytes())
    assert float(read.pop("number")) == 128.3
    assert read == {**TEXTS, "whole": "7"}


@pytest.mark.parametrize("lua", ["lua5.4", "lua5.3"])
def test_neither_side_believes_half_a_file(tmp_path, lua):
    whole = to_lines({"prompt": "pad", "bars": 4})
    half = whole[: whole.index(b"end")]
    with pytest.raises(BadRequest, match="not whole"):
        from_lines(half)
    with pytest.raises(BadRequest, match="another version"):
        from_lines(whole.replace(b"bridge 1", b"bridge 9"))
    (tmp_path / "half.txt").write_bytes(half)
    program = f'package.path = [[{LUA}/?.lua]] assert(not require("lines").read("half.txt"))'
    subprocess.run([require_tool(lua, package=lua), "-e", program], check=True, cwd=tmp_path)


def test_orders_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("order-10.txt", "order-9.txt", "order-1.txt.part", "order-../x.txt", "job-2.txt"):
        (tmp_path / name.replace("/", "")).touch()
    assert HandOver(tmp_path).orders() == ["9", "10"]


def test_a_name_that_would_be_misread_is_refused():
    for name in ("end", "two words", "", "Upper"):
        with pytest.raises(BadRequest, match="cannot be a name"):
            to_lines({name: 1})


def test_news_that_cannot_be_written_now_are_written_later(tmp_path):
    hand_over = HandOver(tmp_path)
    (tmp_path / "job-1.txt").mkdir()  # as a file that the host has open on Windows
    hand_over.tell_job("1", {"state": "ready"})
    assert hand_over.job("1") == {}
    (tmp_path / "job-1.txt").rmdir()
    hand_over.again()
    assert hand_over.job("1") == {"state": "ready"}


def test_a_folder_that_is_gone_is_a_good_bye_and_nothing_is_made_anew(tmp_path):
    folder = tmp_path / "session"
    folder.mkdir()
    hand_over = HandOver(folder)
    assert hand_over.sign_of_life() == b""
    hand_over.remove()
    hand_over.tell_bridge({"state": "ended"})
    assert not folder.exists()
    assert hand_over.sign_of_life() is None
    assert hand_over.orders() == []
    with pytest.raises(BadRequest, match="is no folder"):
        HandOver(folder)


def test_removing_leaves_what_is_not_ours(tmp_path):
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "take.wav").touch()
    (folder / "host.txt").touch()
    HandOver(folder).remove()
    assert [path.name for path in folder.iterdir()] == ["take.wav"]
