"""The page as a live set serves it: where, to whom, and what the terminal shows of it."""

from __future__ import annotations

import asyncio
import io
import socket

import pytest
from rich.console import Console

from daw_bridge.config import BridgeConfig
from daw_bridge.server_process import free_port
from daw_bridge.session.page import page_address, page_served, show_page
from osc_server.contract.errors import Forbidden
from tests.daw_bridge.live.sets import PulledSet


def served(config, talk):
    """Run ``await talk(live)`` while the page of a live set is served."""

    async def run():
        live = PulledSet()
        try:
            async with page_served(config, live.live, live.panel, Console(file=io.StringIO())):
                return await talk(live)
        finally:
            await live.live.close()

    return asyncio.run(run())


async def page_of(live):
    return live.state.page, live.state.message


def shown(config, page="http://somewhere/", *, terminal=True):
    live = PulledSet()
    live.state.page = page
    console = Console(file=io.StringIO(), force_terminal=terminal, highlight=False, width=200)
    show_page(config, live.live, console)
    return console.file.getvalue()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "token"
    path.write_text("stage left")
    return path


def test_the_set_says_where_its_page_is():
    port = free_port()
    assert served(BridgeConfig(page_port=port), page_of) == (f"http://127.0.0.1:{port}/", "")


def test_a_set_can_be_without_a_page():
    assert served(BridgeConfig(page_port=0), page_of) == ("", "")


def test_a_taken_port_costs_the_page_and_not_the_set():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        page, message = served(BridgeConfig(page_port=port), page_of)
    assert page == ""
    assert f"there is no page: port {port}" in message
    assert "--page-port" in message


def test_a_page_never_stands_open_to_the_network_without_a_token():
    with pytest.raises(Forbidden, match="--token-file"):
        served(BridgeConfig(host="0.0.0.0", page_port=free_port()), page_of)


def test_an_address_carries_the_token_in_a_form_that_browsers_read():
    assert page_address("192.168.1.20", 12180, "stage left&more") == (
        "http://192.168.1.20:12180/?token=stage%20left%26more"
    )
    assert page_address("fe80::1", 12180) == "http://[fe80::1]:12180/"
    assert "0.0.0.0" not in page_address("0.0.0.0", 12180)


def test_a_terminal_shows_a_phone_the_way_in(secret):
    text = shown(BridgeConfig(host="192.168.1.20", token_file=secret))
    assert "http://192.168.1.20:12180/?token=stage%20left" in text
    assert text.count("█") > 100


def test_a_log_never_gets_the_token_and_this_computer_needs_no_code(secret):
    assert shown(BridgeConfig(host="192.168.1.20", token_file=secret), terminal=False) == ""
    assert shown(BridgeConfig(token_file=secret)) == ""
    assert shown(BridgeConfig(host="192.168.1.20", token_file=secret), page="") == ""
