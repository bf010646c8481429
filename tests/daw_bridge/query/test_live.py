"""OSCQuery of ``magnet-bridge live`` as a program."""

from __future__ import annotations

import json
import socket
import urllib.request

import pytest

from daw_bridge.server_process import free_port
from osc_server.contract.packets import decode, encode
from tests.daw_bridge.grid.serialosc import HERE
from tests.daw_bridge.programs import running

SECONDS = 60.0


def get(port, path):
    with urllib.request.urlopen(f"http://{HERE}:{port}{path}", timeout=SECONDS) as response:
        return json.loads(response.read())


def tell(port, address, *args):
    """Send over OSC, then ask on the same address until it is heard."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(SECONDS)
        udp.sendto(encode(address, *args), (HERE, port))
        udp.sendto(encode(address), (HERE, port))
        (message,) = decode(udp.recv(2048))
        return message.args


@pytest.fixture(scope="module")
def bridge(tmp_path_factory):
    """Front port and query port of a running bridge with three decks."""
    folder = tmp_path_factory.mktemp("live")
    port, query_port = free_port(), free_port()
    flags = ["--port", str(port), "--query-port", str(query_port), "--model", "tone"]
    flags += ["--clips", str(folder / "clips"), "--decks", "3"]
    silent = {"JACK_DEFAULT_SERVER": "none", "JACK_NO_START_SERVER": "1"}
    with running("live", *flags, folder=folder, env=silent) as program:
        program.expect("server +tone", seconds=SECONDS)
        yield port, query_port, folder


def test_a_surface_learns_where_osc_is_heard_and_what_there_is(bridge):
    port, query_port, _ = bridge
    info = get(query_port, "/?HOST_INFO")
    assert (info["NAME"], info["OSC_PORT"]) == ("magnet-bridge", port)
    decks = get(query_port, "/")["CONTENTS"]["magnet"]["CONTENTS"]["deck"]["CONTENTS"]
    assert sorted(decks) == ["1", "2", "3"]


def test_what_osc_moves_oscquery_tells(bridge):
    port, query_port, _ = bridge
    assert tell(port, "/magnet/deck/3/level", -9.0) == (-9.0,)
    assert get(query_port, "/magnet/deck/3/level?VALUE") == {"VALUE": [-9.0]}


def test_a_query_port_that_is_taken_costs_the_surfaces_and_not_the_set(bridge):
    _, query_port, folder = bridge
    port = free_port()
    flags = ["--port", str(port), "--query-port", str(query_port), "--model", "tone"]
    flags += ["--clips", str(folder / "clips")]
    with running("live", *flags, folder=folder) as program:
        program.expect(f"there is no OSCQuery: port {query_port} on 127.0.0.1 is taken")
        program.expect("server +tone", seconds=SECONDS)
        assert tell(port, "/magnet/deck/1/level", -3.0) == (-3.0,)
