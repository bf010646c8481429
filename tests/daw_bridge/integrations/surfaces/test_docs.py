"""Every address that the page on surfaces names is one of the protocol's."""

from __future__ import annotations

import re
from pathlib import Path

from daw_bridge.grid.keys import keys
from daw_bridge.integrations.surfaces.making import files
from daw_bridge.integrations.surfaces.realearn import pack
from osc_server.contract.addresses import fader_row, request_row

PAGE = (Path(__file__).parents[4] / "docs" / "surfaces.md").read_text("utf-8")


def test_every_address_is_in_the_table():
    named = set(re.findall(r"/magnet/[a-z0-9_/N]+", PAGE))
    assert len(named) > 10
    for address in named:
        if address == "/magnet/hello":
            request_row(address)
        else:
            fader_row(address.replace("/N/", "/1/"))


def test_every_file_that_is_made_is_named():
    for path in files():
        assert path.name in PAGE


def test_the_table_of_realearn_is_its_preset():
    sent = set(re.findall(r'"address": "([^"]+)"', pack().decode()))
    named = re.findall(r"^\| [^|]+ \| `(/magnet/[^`]+)`[^|]*\|$", PAGE, re.MULTILINE)
    assert {address.replace("/1/", "/N/") for address in sent if "deck/1/" in address} | {
        address for address in sent if "deck" not in address
    } == {address for address in named if "/clock/" not in address}


def test_the_table_of_the_grid_is_its_page():
    rows = re.findall(r"^\| row \d \| (\w+)", PAGE, re.MULTILINE)
    page = keys(16, 8, 8)
    assert rows == [page[0, row].address.rpartition("/")[2] for row in range(8)]
