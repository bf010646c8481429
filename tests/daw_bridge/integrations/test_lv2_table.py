"""The LV2 plugin's descriptions agree: the code's table, the Turtle that hosts read, the page."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from daw_bridge.install.building import build_lv2
from daw_bridge.install.host import Places
from osc_server.contract.errors import BadRequest
from tests.daw_bridge.integrations.lv2 import SOURCE, STATES, Built, build, lv2_host
from tests.tools import require_tool

PAGE = Path(__file__).parents[3] / "docs" / "plugin.md"


def ports_of_the_code() -> list[tuple[str, ...]]:
    """Index, symbol, and the range with its default for a control."""
    text = (SOURCE / "ports.h").read_text("utf-8")
    rows = re.findall(r"PORT\([A-Z_]+, (\d+), (\w+)(?:, ([-\d]+), ([-\d]+), ([-\d]+))?\)", text)
    return [row for row in rows if row[0]]


def blocks_of_the_turtle() -> list[str]:
    """One a port."""
    text = (SOURCE / "magnet.ttl").read_text("utf-8")
    return re.split(r"\n    \] , \[|lv2:port \[", text)[1:]


def said(block: str, name: str) -> str:
    match = re.search(rf'{name} "?([^"\n]*?)"?(?: ;|\n|$)', block)
    return match[1] if match else ""


def test_the_turtle_has_the_ports_of_the_code() -> None:
    turtle = [
        tuple(
            said(block, f"lv2:{name}")
            for name in ("index", "symbol", "minimum", "default", "maximum")
        )
        for block in blocks_of_the_turtle()
    ]
    assert len(turtle) == 20
    assert turtle == ports_of_the_code()
    assert [int(row[0]) for row in turtle] == list(range(20))


def test_the_page_has_the_controls_of_the_turtle() -> None:
    rows = []
    for block in blocks_of_the_turtle()[4:]:
        symbol, name, low, usual, high = (
            said(block, f"lv2:{word}")
            for word in ("symbol", "name", "minimum", "default", "maximum")
        )
        comment = said(block, "rdfs:comment")
        rows.append(f"| `{symbol}` | {name} | {low} to {high} | {usual} | {comment} |")
    page = PAGE.read_text("utf-8")
    shown = re.findall(r"^\| `.*\|$", page, re.MULTILINE)
    assert [row.replace("  ", " ") for row in rows] == shown


def test_the_states_have_the_same_numbers_everywhere() -> None:
    block = next(b for b in blocks_of_the_turtle() if said(b, "lv2:symbol") == "state")
    points = re.findall(r'rdfs:label "([\w ]+)" ; rdf:value (\d)', block)
    assert [(STATES[int(value)], value) for _, value in points] == points
    code = re.findall(r"STATE_(\w+) = (\d)", (SOURCE / "ports.h").read_text("utf-8"))
    assert [(name.lower().replace("_", " "), value) for name, value in code] == points
    page = PAGE.read_text("utf-8")
    assert all(f"{value} {label}" in page for label, value in points)


def test_the_makefile_builds_every_source() -> None:
    makefile = (SOURCE / "Makefile").read_text("utf-8")
    files = {path.name for path in SOURCE.iterdir() if path.suffix in (".c", ".h")}
    assert len(files) > 20
    assert set(re.findall(r"\b\w+\.[ch]\b", makefile)) == files


def test_no_source_is_longer_than_a_room_with_one_purpose() -> None:
    long = {path.name: path.read_text("utf-8").count("\n") for path in SOURCE.iterdir()}
    assert {name: n for name, n in long.items() if n > 400} == {}


def test_the_bundle_is_valid_lv2(tmp_path: Path) -> None:
    require_tool("sord_validate", package="sordi")
    validate = require_tool("lv2_validate", package="lv2-dev")
    bundle = build(tmp_path).bundle
    files = [str(path) for path in bundle.glob("*.ttl")]
    done = subprocess.run([validate, *files], capture_output=True, text=True, check=False)
    assert "Found 0 errors" in done.stdout + done.stderr


def test_install_builds_a_plugin_that_runs(tmp_path: Path) -> None:
    require_tool("cc", package="gcc")
    built = build(tmp_path / "made")
    contents = build_lv2(SOURCE, Places.of_this_computer())
    for name, content in contents.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    assert "@BINARY@" not in (tmp_path / "magnet.lv2" / "manifest.ttl").read_text()
    with lv2_host(Built(tmp_path / "magnet.lv2", built.host), tmp_path, 48000, 1) as plugin:
        plugin.tell("run 64")
        assert plugin.state == "no server"


def test_install_says_what_to_install_where_it_cannot_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for system, word in (("Linux", "lv2-dev"), ("Darwin", "brew"), ("Windows", "MSYS2")):
        with pytest.raises(BadRequest, match=word):
            build_lv2(SOURCE, Places(tmp_path, system, {"CC": "no-such-compiler"}))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadRequest, match="no C compiler"):
        build_lv2(SOURCE, Places(tmp_path, "Linux", {}))
