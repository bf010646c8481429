"""What is to be learned, as one text."""

from __future__ import annotations

import pytest

from daw_bridge.midi.targets import read_wish


@pytest.mark.parametrize(
    ("text", "address", "value"),
    [
        ("/magnet/deck/1/level", "/magnet/deck/1/level", None),
        (" /magnet/deck/1/bars  8 ", "/magnet/deck/1/bars", 8.0),
        ("/magnet/deck/1/preset warm-pad", "/magnet/deck/1/preset", "warm-pad"),
        ("/magnet/deck/1/prompt dusty breakbeat", "/magnet/deck/1/prompt", "dusty breakbeat"),
        ("", "", None),
    ],
)
def test_an_address_may_be_followed_by_what_a_press_sets(text, address, value):
    assert read_wish(text) == (address, value)
