"""A live set is found by zeroconf, with a network of its own so that nobody else hears it."""

from __future__ import annotations

import asyncio
import sys

import pytest

from daw_bridge import doctor
from daw_bridge.config import BridgeConfig
from daw_bridge.query.announcing import OSC, OSC_QUERY, announced, services
from osc_server.contract.errors import DeviceUnavailable
from tests.daw_bridge.networks import seen_by
from tests.tools import require_package

ADDRESS = "10.77.0.1"


@pytest.fixture(scope="module")
def seen():
    """What a browser in another process saw come and go."""
    require_package("zeroconf", package="'magnet-bridge[discovery]'")
    if not sys.platform.startswith("linux"):
        pytest.skip("network namespaces, so that nobody else hears it")
    network = (
        "ip link set lo up && ip link set lo multicast on "
        f"&& ip address add {ADDRESS}/24 dev lo && ip route add 224.0.0.0/4 dev lo"
    )
    return seen_by("tests.daw_bridge.query.zeroconf_peers", ADDRESS, setup=network, seconds=120)


@pytest.mark.network
def test_a_browser_finds_osc_and_oscquery_where_they_are(seen):
    assert seen["added"] == [
        ["added", kind, f"magnet-bridge studio.{kind}", port, "studio.local.", [ADDRESS]]
        for kind, port in ((OSC, 12100), (OSC_QUERY, 12181))
    ]


@pytest.mark.network
def test_a_second_bridge_on_a_computer_gets_a_name_of_its_own(seen):
    (_, kind, name, port, *_), gone = seen["twin"]
    assert (kind, port) == (OSC, 12102)
    assert name == f"magnet-bridge studio 12102.{OSC}"
    assert gone == ["removed", OSC, name]


@pytest.mark.network
def test_at_its_end_everybody_is_told_that_it_is_gone(seen):
    assert seen["gone"] == [
        ["removed", kind, f"magnet-bridge studio.{kind}"] for kind in (OSC, OSC_QUERY)
    ]


def test_without_oscquery_only_osc_is_announced():
    (only,) = services("here", "0.0.0.0", 12100, 0)
    assert (only.type, only.port, only.addresses) == (OSC, 12100, ())


@pytest.mark.parametrize(
    ("settings", "announces"),
    [
        ({}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "0.0.0.0", "announce": False}, False),
        ({"announce": True}, True),
    ],
)
def test_the_network_is_told_where_the_bridge_is_open_or_on_request(settings, announces):
    assert BridgeConfig(**settings).announces() is announces


def test_without_the_package_the_way_to_get_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "zeroconf", None)  # as where it is not installed

    async def announce():
        async with announced(services("here", "127.0.0.1", 12100, 12181)):
            pass

    with pytest.raises(DeviceUnavailable, match=r"magnet-bridge\[discovery\]"):
        asyncio.run(announce())


def test_the_doctor_says_how_surfaces_find_us():
    assert doctor.check_discovery(True).verdict == "ok"
    finding = doctor.check_discovery(False)
    assert (finding.verdict, finding.remedy) == ("note", "pip install 'magnet-bridge[discovery]'")
