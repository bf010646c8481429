"""The files that surfaces open are made from the description, and say what the table says."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import zlib
from itertools import combinations

import pytest

from daw_bridge import listing
from daw_bridge.integrations.surfaces import INTEGRATIONS, realearn, stage_control, tosc
from daw_bridge.integrations.surfaces.controls import STATE_COLOURS, TOUCHED
from daw_bridge.integrations.surfaces.layouts import layouts
from daw_bridge.integrations.surfaces.making import files
from osc_server.contract.addresses import fader_row
from osc_server.contract.fader_rows import DECK_STATES
from osc_server.contract.faders import read_fader
from osc_server.contract.packets import OscMessage
from osc_server.contract.parsing import parse_request
from osc_server.contract.requests import Notify
from tests.tools import require_tool

SESSIONS = sorted((INTEGRATIONS / "open_stage_control").glob("*.json"))


@pytest.mark.parametrize("path", files(), ids=str)
def test_a_file_is_what_the_description_makes(path):
    again = "python -m daw_bridge.integrations.surfaces"
    assert (INTEGRATIONS / path).read_bytes() == files()[path], f"make it anew: {again}"


def test_every_state_of_a_deck_has_a_colour_of_its_own():
    assert tuple(STATE_COLOURS) == DECK_STATES
    assert len(set(STATE_COLOURS.values())) == len(DECK_STATES)


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_touchoscs_scripts_are_lua(layout, tmp_path):
    luac = shutil.which("luac5.4") or require_tool("luac5.4", package="lua5.4")
    scripts = [
        one.findtext("value")
        for one in tosc.build(layout).iter("property")
        if one.findtext("key") == "script"
    ]
    assert scripts
    for number, script in enumerate(set(scripts)):
        path = tmp_path / f"{number}.lua"
        path.write_text(script)
        subprocess.run([luac, "-p", str(path)], check=True)


def test_a_state_gives_its_label_its_colour(tmp_path):
    """The script of a state's label, run in Lua with TouchOSC's names around it."""
    lua = require_tool("lua5.4", package="lua5.4")
    label = next(
        node
        for node in tosc.build(layouts()[0]).iter("node")
        if "deck 1 state reading" in [one.findtext("value") for one in node.iter("property")]
        and node.get("type") == "LABEL"
    )
    script = next(
        one.findtext("value") for one in label.iter("property") if one.findtext("key") == "script"
    )
    (tmp_path / "label.lua").write_text(
        "self = { values = { text = 'playing' } }\n"
        "function Color(r, g, b, a) return string.format('%.2f %.2f %.2f', r, g, b) end\n"
        f"{script}\nonValueChanged('text')\nprint(self.color)\n"
        "self.values.text = 'no state'\nonValueChanged('text')\nprint(self.color)\n"
    )
    said = subprocess.run(
        [lua, str(tmp_path / "label.lua")], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    digits = STATE_COLOURS["playing"]
    expected = " ".join(f"{int(digits[n : n + 2], 16) / 255:.2f}" for n in (0, 2, 4))
    assert said == [expected, expected]


def test_the_layout_keeps_asking_in_turn(tmp_path):
    lua = require_tool("lua5.4", package="lua5.4")
    layout = layouts()[0]
    script = next(
        one.findtext("value")
        for one in tosc.build(layout).iter("property")
        if one.findtext("key") == "script"
    )
    (tmp_path / "root.lua").write_text(
        "now = 0\nfunction getMillis() return now end\n"
        "sent = {}\n"
        "function sendOSC(path, ...) if not ... then sent[#sent + 1] = path end end\n"
        f"{script}\ninit()\nprint(#sent)\n"
        "for second = 1, 20 do for frame = 1, 60 do now = now + 1000 / 60 update() end end\n"
        "print(#sent)\nfor _, path in ipairs(sent) do print(path) end\n"
    )
    at_once, in_all, *sent = subprocess.run(
        [lua, str(tmp_path / "root.lua")], check=True, capture_output=True, text=True
    ).stdout.split()
    n_shown = len(layout.addresses)
    assert int(at_once) == n_shown
    assert n_shown + 160 <= int(in_all) <= n_shown + 200  # ten a second at most
    assert sent[n_shown : 2 * n_shown] == list(layout.addresses)


def widgets(widget):
    for one in (*widget.get("widgets", ()), *widget.get("tabs", ())):
        yield one
        yield from widgets(one)


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_a_session_of_open_stage_control_says_what_the_table_says(path):
    session = json.loads(path.read_text("utf-8"))
    assert (session["createdWith"], session["type"]) == ("Open Stage Control", "session")
    every = list(widgets(session["content"]))
    ids = [one["id"] for one in every]
    assert len(set(ids)) == len(ids)
    assert {one["type"] for one in every} <= {"tab", "button", "fader", "text"}
    for one in every:
        if "address" not in one:
            continue
        fader, _ = fader_row(one["address"])
        if one["type"] == "fader":
            sent = [one["range"]["min"], one["range"]["max"]]
        elif one["type"] == "button":
            sent = [one["on"]] if one["mode"] == "tap" else [one["on"], one["off"]]
        else:
            continue
        assert one.get("bypass") or fader.role != "readout"
        for value in sent:
            assert fader.role == "button" or read_fader(fader, [value]) == value


def test_both_programs_show_the_same():
    for layout in layouts():
        session = stage_control.build(layout)["content"]
        shown = {one["address"] for one in widgets(session) if "address" in one}
        assert shown == set(layout.addresses)


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_nothing_that_is_touched_lies_over_another(layout):
    for page in layout.pages:
        touched = [control for control in page.controls if control.kind in TOUCHED]
        for one, other in combinations(touched, 2):
            assert not one.area.overlaps(other.area), (one.name, other.name)


def test_realearn_sends_what_the_table_takes():
    compartment = json.loads(realearn.pack())
    assert compartment["kind"] == "MainCompartment"
    mappings = compartment["value"]["mappings"]
    assert len({one["id"] for one in mappings}) == len(mappings)
    assert len({one["source"]["id"] for one in mappings}) == len(mappings)
    for one in mappings:
        target = one["target"]
        fader, _ = fader_row(target["address"])
        assert fader.role != "readout"
        for value in target["argument"]["value_range"]:
            assert fader.role == "button" or read_fader(fader, [value]) == value


def test_the_command_says_where_they_are_and_copies_them(tmp_path):
    shown = listing.surfaces(None)
    assert {path.relative_to(INTEGRATIONS) for path in shown} == set(files())
    copied = listing.surfaces(tmp_path / "new" / "folder", token="")
    assert [path.read_bytes() for path in copied] == [path.read_bytes() for path in shown]


TOKEN = 'it\'s "my" ö\\secret]]'


def test_a_layout_that_was_written_with_a_token_shows_it_first(tmp_path):
    lua = require_tool("lua5.4", package="lua5.4")
    script = next(
        one.findtext("value")
        for one in tosc.build(layouts()[0], TOKEN).iter("property")
        if one.findtext("key") == "script"
    )
    (tmp_path / "root.lua").write_text(
        "function getMillis() return 1000 end\n"
        "function sendOSC(...) print(table.concat({...}, ' ')) end\n"
        f"{script}\ninit()\n"
    )
    said = subprocess.run([lua, str(tmp_path / "root.lua")], check=True, capture_output=True)
    first, second, third, *_ = said.stdout.decode("utf-8").splitlines()
    assert first == f"/magnet/hello 1 token {TOKEN}"
    assert second == f"/magnet/notify 1 {tosc.ANSWER_PORT}"
    assert third == layouts()[0].addresses[0]


def test_what_a_layout_says_first_is_understood_though_touchosc_sends_floats():
    request = parse_request(OscMessage("/magnet/notify", (1.0, float(tosc.ANSWER_PORT))))
    assert request == Notify(1, tosc.ANSWER_PORT)
    hello = parse_request(OscMessage("/magnet/hello", (1.0, "token", TOKEN)))
    assert hello.token == TOKEN


def test_a_session_that_was_written_with_a_token_shows_it_first(tmp_path):
    node = require_tool("node", package="nodejs")
    script = stage_control.build(layouts()[0], TOKEN)["content"]["onCreate"]
    (tmp_path / "created.js").write_text(
        "function send(...args) { console.log(args.join(' ')) }\n"
        "function setInterval(name, tick, ms) { console.log('every', ms); tick() }\n"
        f"{script}\n"
    )
    said = subprocess.run([node, str(tmp_path / "created.js")], check=True, capture_output=True)
    lines = said.stdout.decode("utf-8").splitlines()
    shown = list(layouts()[0].addresses)
    hello = f"/magnet/hello 1 token {TOKEN}"
    assert lines == [hello, *shown, "every 100", hello, shown[0]]


def test_no_layout_that_is_shipped_holds_a_token():
    for content in files().values():
        assert b"/magnet/hello" not in content
        with contextlib.suppress(zlib.error):
            assert b"/magnet/hello" not in zlib.decompress(content)
