"""The tables of commands in the hosts' pages say what the hosts' own code can do, and all of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from daw_bridge.cli import app
from daw_bridge.integrations.ableton.MagnetBridge.words import JOB_VERBS
from daw_bridge.integrations.host_commands import table
from daw_bridge.integrations.host_commands.pages import BEGIN, END, tables, with_table
from daw_bridge.integrations.host_commands.table import COMMANDS, HOSTS, Host, Way
from daw_bridge.integrations.patches.device import VERBS, controls
from daw_bridge.integrations.patches.making import INTEGRATIONS

DOCS = Path(__file__).parents[3] / "docs"


def text_of(*parts: str) -> str:
    return INTEGRATIONS.joinpath(*parts).read_text("utf-8")


def ableton() -> set[str]:
    assert set(VERBS) - {"cancel"} == set(JOB_VERBS)
    return {*VERBS, *(control.word for control in controls())}


def reaper() -> set[str]:
    actions = {path.stem.partition(" - ")[2] for path in (INTEGRATIONS / "reaper").glob("*.lua")}
    window = text_of("reaper", "lib", "window.lua")
    buttons = re.findall(r'\{ verb = "(\w+)"', window)
    assert actions - {""} == {*buttons, "cancel"}
    return {*actions, *re.findall(r'\{ name = "(\w+)", label', window)}


def ardour() -> set[str]:
    commands = get_command(app).commands
    takes = {option.name for option in commands["generate"].params}
    assert {"ardour", "clip"} <= {option.name for option in commands["land"].params}
    return {*commands, "get", "cancel", *(takes & {"takes"})}  # land CLIP; any program has Ctrl+C


def plugin() -> set[str]:
    return set(re.findall(r"PORT\([A-Z]+, \d+, (\w+), ", text_of("lv2", "ports.h")))


def max_patch() -> set[str]:
    script = text_of("max", "javascript", "magnet-player.js")
    done = re.search(r"var DO = \{(.*?)\n\};", script, re.DOTALL)[1]
    kept = re.search(r"var set = \{(.*?)\};", script)[1]
    return set(re.findall(r'"?(\w+)"?:', done)) | set(re.findall(r"(\w+):", kept))


def pure_data() -> set[str]:
    patch = text_of("pd", "magnet-request.pd")
    words = [
        word for line in re.findall(r"obj \d+ \d+ route (.*?)[,;]", patch) for word in line.split()
    ]
    return {"capture" if word == "record" else word for word in words}


def supercollider() -> set[str]:
    classes = text_of("supercollider", "classes", "MagnetBridge.sc")
    classes += text_of("supercollider", "classes", "MagnetMaking.sc")
    methods = set(re.findall(r"^\t(\w+) \{", classes, re.MULTILINE))
    takes = (
        {"takes", "preview"}
        if {"onTake", "onPreview"} <= set(re.findall(r"\w+", classes))
        else set()
    )
    return {"loop" if name == "closeLoop" else name for name in methods} | takes


CODE: dict[str, Callable[[], set[str]]] = {
    "ableton.md": ableton,
    "reaper.md": reaper,
    "ardour.md": ardour,
    "plugin.md": plugin,
    "max.md": max_patch,
    "pure-data.md": pure_data,
    "supercollider.md": supercollider,
}


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.page)
def test_a_host_is_said_to_have_exactly_the_commands_that_its_code_has(host: Host) -> None:
    has = CODE[host.page]() & set(COMMANDS)
    assert {command for command in COMMANDS if host.can(command)} == has


@pytest.mark.parametrize("page", tables())
def test_the_pages_show_the_table_as_it_is_made(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert with_table(text, tables()[page]) == text


def test_every_host_with_a_page_is_in_the_table_and_says_all_commands_in_one_order() -> None:
    own = {host.page for host in vars(table).values() if isinstance(host, Host)}
    assert own == {host.page for host in HOSTS} == set(CODE)
    for host in HOSTS:
        assert list(host.ways) == list(COMMANDS)
        lonely = [way for way in host.ways.values() if isinstance(way, str) and len(way) < 10]
        assert lonely == []  # what cannot be done is said with what to do


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.page)
def test_every_page_of_a_host_has_a_picture(host: Host) -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (DOCS / host.page).read_text("utf-8"))
    assert pictures
    assert [name for name in pictures if not (DOCS / name).is_file()] == []


def test_a_page_without_its_place_is_not_written() -> None:
    for page in ("no marks", BEGIN, f"{BEGIN}{END}{BEGIN}{END}"):
        with pytest.raises(ValueError, match="one place"):
            with_table(page, "a table")


def test_a_way_of_the_table_has_its_words() -> None:
    ways = [way for host in HOSTS for way in host.ways.values() if isinstance(way, Way)]
    assert all(way.how and "|" not in way.how + way.starts_from + way.lands for way in ways)
