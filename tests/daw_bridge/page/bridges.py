"""``magnet-bridge live`` as a program with its page, and a real browser in front of it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from daw_bridge.server_process import free_port
from osc_server.contract.packets import decode, encode
from tests.daw_bridge.programs import Program, running
from tests.tools import require_tool

SECONDS = 40.0
"""How long a browser may take on a machine that has other things to do."""
expect.set_options(timeout=SECONDS * 1000)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A running bridge.

    Attributes:
        program: its process.
        port: its front port.
        page_port: the page's.
    """

    program: Program
    port: int
    page_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.page_port}/"

    def osc(self, address: str, *args: object) -> object:
        """Send over OSC, or without arguments ask and hear the answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(SECONDS)
            udp.sendto(encode(f"/magnet/{address}", *args), ("127.0.0.1", self.port))
            if args:
                return None
            (message,) = decode(udp.recv(2048))
            return message.args[0]


@contextmanager
def running_bridge(
    folder: Path,
    *flags: str,
    page_port: int = 0,
    token: str = "",
    env: dict[str, str] | None = None,
    enter: Sequence[str] = (),
) -> Iterator[Bridge]:
    """A bridge with four decks, fast bars and the tone engine; without a sound device.

    ``env`` says otherwise, and ``enter`` is put before its command.
    """
    port, page_port = free_port(), page_port or free_port()
    given = ["--port", str(port), "--page-port", str(page_port), "--model", "tone"]
    given += ["--clips", str(folder / "clips"), "--decks", "4", "--bpm", "240", "--bars", "1"]
    if token:
        (folder / "token").write_text(token)
        given += ["--token-file", str(folder / "token")]
    silent = {"JACK_DEFAULT_SERVER": "none", "JACK_NO_START_SERVER": "1"}
    env = {"MAGNET_QUERY_PORT": "0"} | (env or silent)
    with running("live", *given, *flags, folder=folder, env=env, enter=enter) as program:
        program.expect("page +http", seconds=SECONDS)
        program.expect("server +tone", seconds=SECONDS)
        yield Bridge(program, port, page_port)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """The Chromium at a path, without a window."""
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with launched(require_tool("chromium", package="chromium")) as browser:
        yield browser


@contextmanager
def opened(chromium: Browser, url: str, **how: object) -> Iterator[Page]:
    """A page with cookies of its own; what goes wrong in it is an error of the test."""
    context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}} | how)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(url)
    try:
        yield page
        assert [line for line in wrong if not re.search("WebSocket|ERR_|status of", line)] == []
    finally:
        context.close()


def generate(page: Page, number: int, prompt: str) -> None:
    """Type a prompt, and wait until its take is there."""
    deck = page.locator(f"#deck-{number}")
    before = deck.locator(".takes").inner_text()
    deck.get_by_label("prompt").fill(prompt)
    deck.get_by_label("prompt").press("Enter")
    expect(deck.locator(".takes")).not_to_have_text(before)


def in_state(page: Page, number: int, state: str) -> None:
    """Wait until a deck is in a state."""
    expect(page.locator(f"#deck-{number}")).to_have_attribute("data-state", state)
