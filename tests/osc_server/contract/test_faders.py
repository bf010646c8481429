"""The fader dialect: addresses with an index, values clipped, releases told from presses."""

import math

import pytest

from osc_server.contract.addresses import FADERS, REQUESTS, fader_row, is_fader_address
from osc_server.contract.errors import BadRequest
from osc_server.contract.faders import is_press, read_fader
from osc_server.contract.reference import reference_page


def read(address, *args):
    return read_fader(fader_row(address)[0], args)


def test_every_fader_is_the_bridges_and_has_one_row():
    addresses = [fader.address for fader in FADERS]
    assert len(set(addresses)) == len(addresses)
    assert {fader.owner for fader in FADERS} == {"bridge"}


def test_no_request_of_the_server_lies_in_a_room_of_the_bridge():
    assert not [row.address for row in REQUESTS if is_fader_address(row.address)]


def test_an_index_is_read_from_the_address():
    fader, index = fader_row("/magnet/deck/12/level")
    assert (fader.address, index, fader.at(12)) == (
        "/magnet/deck/N/level", 12, "/magnet/deck/12/level",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "sent", "holds"),
    [
        ("/magnet/deck/1/level", (40,), 12.0),
        ("/magnet/deck/1/level", ("-200",), -90.0),
        ("/magnet/clock/bpm", (128.5,), 128.5),
        ("/magnet/deck/1/seed", (-7.0,), -1),
        ("/magnet/deck/1/prompt", ("dusty", "breakbeat", 2), "dusty breakbeat 2"),
        ("/magnet/deck/1/mute", (1.0,), True),
        ("/magnet/deck/1/mute", (False,), False),
        ("/magnet/deck/1/follow", ("vary",), "vary"),
        ("/magnet/deck/1/follow", (2.0,), "vary"),
        ("/magnet/deck/1/follow", (99,), "next"),
    ],
)
def test_a_value_is_read_and_clipped(address, sent, holds):
    value = read(address, *sent)
    assert (value, type(value)) == (holds, type(holds))


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/magnet/deck/1/level", ("loud",)),
        ("/magnet/deck/1/level", (1, 2)),
        ("/magnet/deck/1/level", (math.nan,)),
        ("/magnet/deck/1/follow", (math.inf,)),
        ("/magnet/deck/1/follow", ("sideways",)),
    ],
)
def test_what_is_no_value_is_refused(address, sent):
    with pytest.raises(BadRequest):
        read(address, *sent)


def test_a_misspelled_address_names_the_nearest():
    with pytest.raises(BadRequest, match="did you mean /magnet/deck/N/level"):
        fader_row("/magnet/deck/3/levle")


@pytest.mark.parametrize(
    ("sent", "pressed"), [(1, True), (0.3, True), (True, True), (math.inf, True), (None, True),
                          (0, False), (0.0, False), (False, False), ("1", True), ("0", False)]
)  # fmt: skip
def test_a_release_is_no_press(sent, pressed):
    assert is_press(fader_row("/magnet/deck/1/launch")[0], [sent]) is pressed


def test_the_reference_page_holds_every_fader():
    page = reference_page()
    assert all(f"`{fader.address}`" in page for fader in FADERS)
