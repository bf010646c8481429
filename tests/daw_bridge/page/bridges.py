"""``magnet-bridge live`` as a program with its page, and a real browser in front of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from daw_bridge.server_process import free_port
from osc_server.contract.packets import decode, encode
from tests.daw_bridge.programs import Program, running
from tests.tools import require_tool

SECONDS = 40.0
"""How long a browser may take on a machine that has other things to do."""


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
    folder: Path, *flags: str, page_port: int = 0, token: str = ""
) -> Iterator[Bridge]:
    """A bridge with four decks, fast bars and the tone engine; without a sound device."""
    port, page_port = free_port(), page_port or free_port()
    given = ["--port", str(port), "--page-port", str(page_port), "--model", "tone"]
    given += ["--clips", str(folder / "clips"), "--decks", "4", "--bpm", "240", "--bars", "1"]
    if token:
        (folder / "token").write_text(token)
        given += ["--token-file", str(folder / "token")]
    silent = {"JACK_DEFAULT_SERVER": "none", "JACK_NO_START_SERVER": "1"}
    with running("live", *given, *flags, folder=folder, env=silent) as program:
        program.expect("page +http", seconds=SECONDS)
        program.expect("server +tone", seconds=SECONDS)
        yield Bridge(program, port, page_port)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = require_tool("chromium", package="chromium")
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
