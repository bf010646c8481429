"""The page while Ableton Link leads: a peer of another library, all in a network of their own."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.daw_bridge.networks import own_network
from tests.daw_bridge.page.bridges import (
    SECONDS,
    generate,
    in_state,
    launched,
    opened,
    running_bridge,
)
from tests.tools import end, require_package, require_tool

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="network namespaces, so that nobody else hears it"
)

THEIRS = 133.25


class Peer:
    """A Link peer: what it sees, and the tempo that it sets."""

    def __init__(self, process):
        self._process = process

    def ask(self, bpm=""):
        """How many others it sees, and the session's tempo; after setting one where it is given."""
        self._process.stdin.write(f"{bpm}\n".encode())
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def sees(self, bpm):
        """Wait until it is in one session with ours, at a tempo."""
        self._until(lambda seen: seen == [1, pytest.approx(bpm, abs=0.001)])

    def sets(self, bpm):
        """Set a tempo once it is in one session with ours: before, that would be its own."""
        self._until(lambda seen: seen[0] == 1)
        self.ask(bpm)

    def _until(self, reached):
        deadline = time.monotonic() + SECONDS
        while not reached(seen := self.ask()):
            assert time.monotonic() < deadline, seen
            time.sleep(0.1)


@contextmanager
def peer(network):
    python = [sys.executable, "-W", "ignore", "-m"]
    process = subprocess.Popen(
        [*network, *python, "tests.daw_bridge.clock.link_peer", str(THEIRS)],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            yield Peer(process)
        finally:
            end(process)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A network, a bridge in it that joins Link, and a browser that reaches it."""
    require_package("link", package="LinkPython-extern")
    require_package("aalink", package="aalink")
    folder = tmp_path_factory.mktemp("link")
    chromium = require_tool("chromium", package="chromium")
    silent = {"JACK_DEFAULT_SERVER": "none", "JACK_NO_START_SERVER": "1", "MAGNET_LINK": "1"}
    with own_network() as network:
        script = folder / "chromium"
        script.write_text(f'#!/bin/sh\nexec {shlex.join([*network, chromium])} "$@"\n')
        script.chmod(0o755)
        with (
            running_bridge(folder, env=silent, enter=network) as bridge,
            launched(str(script)) as browser,
            opened(browser, bridge.url) as page,
            opened(browser, bridge.url) as other,
        ):
            expect(page.locator("#deck-1")).to_be_visible()
            yield network, page, other


def tempo(page):
    return page.get_by_label("Tempo in BPM")


def leads(page):
    return page.get_by_label("Who leads the clock")


def type_tempo(page, bpm):
    tempo(page).fill(str(bpm))
    tempo(page).press("Enter")


def test_who_joins_later_finds_the_tempo_of_the_page_and_then_both_may_set_it(stage):
    network, page, other = stage
    expect(leads(page)).to_have_text("internal clock")
    page.wait_for_timeout(3000)  # only then the session is known to be ours
    type_tempo(page, 131)
    expect(tempo(other)).to_have_value("131")
    with peer(network) as ableton:
        ableton.sees(131.0)
        for one in (page, other):
            expect(leads(one)).to_have_text("Link")
            expect(tempo(one)).to_have_value("131")
        type_tempo(page, 120.5)
        ableton.sees(120.5)
        for one in (page, other):
            expect(tempo(one)).to_have_value("120.5")
        page.get_by_label("Tempo up").click()
        ableton.sees(121.5)
        expect(tempo(other)).to_have_value("121.5")
        ableton.sets(128.0)  # and theirs is taken here
        for one in (page, other):
            expect(tempo(one)).to_have_value("128")


def test_a_tap_or_a_transport_of_the_page_moves_no_session(stage):
    network, page, _ = stage
    with peer(network) as ableton:
        expect(leads(page)).to_have_text("Link")
        ableton.sets(THEIRS)
        expect(tempo(page)).to_have_value("133.25")
        page.get_by_role("button", name="Tap", exact=True).click(force=True)
        expect(page.locator(".message")).to_contain_text("a tap does not count while Link leads")
        page.get_by_label("Transport: stop").click(force=True)
        expect(page.locator(".message")).to_contain_text("the transport comes from Link")
        ableton.sees(THEIRS)


def test_a_session_that_everybody_has_left_leaves_its_tempo_and_the_loops(stage):
    network, page, other = stage
    with peer(network) as ableton:
        expect(leads(page)).to_have_text("Link")
        ableton.sets(140.0)
        expect(tempo(page)).to_have_value("140")
        generate(page, 1, "drums")
        in_state(page, 1, "playing")
    said = "link is silent: the clock goes on alone at 140 BPM"
    expect(page.locator(".message")).to_contain_text(said)
    for one in (page, other):
        expect(leads(one)).to_have_text("internal clock")
        expect(tempo(one)).to_have_value("140")
        in_state(one, 1, "playing")
    place = page.locator(".place").inner_text()
    expect(page.locator(".place")).not_to_have_text(place)


def test_link_is_chosen_and_waited_for(stage):
    network, page, other = stage
    page.get_by_label("Clock source").select_option("link")
    expect(leads(other)).to_have_text("waits for Link")
    expect(other.get_by_label("Clock source")).to_have_value("link")
    with peer(network):
        expect(leads(other)).to_have_text("Link")
        page.get_by_label("Clock source").select_option("internal")
        expect(leads(other)).to_have_text("internal clock")
    page.get_by_label("Clock source").select_option("auto")
    expect(leads(other)).to_have_text("internal clock")
