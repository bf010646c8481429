"""What may stand in a map, and the sentence for what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from daw_bridge.midi.map_reading import parse_map, read_map
from osc_server.contract.errors import BadRequest, StorageFailed

HEAD = 'name = "mine"\ndevices = "*"\n\n'
GOOD = '[[control]]\nnote = 1\naddress = "/magnet/deck/1/launch"\n\n'


def refusal(text):
    with pytest.raises(BadRequest) as caught:
        parse_map(HEAD + text, Path("mine.midi.toml"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        ("colors = 1\n", 4, "colors", "did you mean colours"),
        ('open = "F0 00"\n', 4, "open", "no MIDI message in hex"),
        ('open = "90 3C"\n', 4, "open", "no MIDI message in hex"),
        ("[colours.deck]\nplaying = 128\n", 5, "playing", "0 to 127"),
        ("[colours.deck]\nplaying = { value = 1, channel = 17 }\n", 5, "playing", "1 to 16"),
        (GOOD + "[[control]]\nnote = 128\naddress = 'x'\n", 9, "note", "0 to 127"),
        (GOOD + "[[control]]\nchannel = 1\n", 8, "address", "a control is one of note, cc"),
        ("[[control]]\nnote = 1\ncc = 1\n", 6, "cc", "a control is one of"),
        (
            '[[control]]\ncc = 1\naddress = "/magnet/deck/1/levle"\n',
            6,
            "address",
            "did you mean /magnet/deck/1/level",
        ),
        ('[[control]]\ncc = 1\naddress = "/magnet/deck/65/level"\n', 6, "address", "1 to 64"),
        ('[[control]]\ncc = 1\naddress = "/magnet/deck/1/state"\n', 6, "address", "only tells"),
        (
            '[[control]]\ncc = 1\naddress = "/magnet/deck/1/level"\nrange = [-120, 0]\n',
            7,
            "range",
            "-90 to 12 dB",
        ),
        (
            '[[control]]\ncc = 1\naddress = "/magnet/deck/1/level"\nrange = [-60, 0]\n'
            'curve = "exponential"\n',
            8,
            "curve",
            "on one side of 0",
        ),
        (
            '[[control]]\ncc = 1\naddress = "/magnet/deck/1/level"\ncurve = "linaer"\n',
            7,
            "curve",
            "did you mean linear",
        ),
        (
            '[[control]]\nnote = 1\naddress = "/magnet/deck/1/preset"\nvalue = [1, 2]\n',
            7,
            "value",
            "1 controls need 1 values",
        ),
        ('[[control]]\nprogram = 1\naddress = "/magnet/deck/1/bars"\n', 6, "address", "value ="),
        (
            '[[control]]\nnote = 1\naddress = "/magnet/deck/1/bars"\nvalue = 1000\n',
            7,
            "value",
            "out of range",
        ),
        (
            '[[control]]\nnote = 1\naddress = "/magnet/deck/1/launch"\nmode = "toggle"\n',
            7,
            "mode",
            "two sides",
        ),
        (
            '[[control]]\nnote = [1, 2]\naddress = "/magnet/deck/1/launch"\n',
            6,
            "address",
            "write N",
        ),
        (
            '[[control]]\nnote = 1\naddress = "/magnet/deck/1/launch"\nlight = true\n'
            'colours = "deck"\n',
            8,
            "colours",
            "must be",
        ),
        (
            "[colours.deck]\nplayign = 1\n\n[[control]]\nnote = 1\n"
            'address = "/magnet/deck/1/launch"\nlight = "/magnet/deck/1/state"\ncolours = "deck"\n',
            11,
            "colours",
            "nothing that /magnet/deck/N/state can be",
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_and_field(text, line, field, words):
    sentence = refusal(text)
    assert f"MIDI map mine.midi.toml, line {line}, {field}: " in sentence
    assert words in sentence


def test_a_map_for_no_device_is_refused():
    with pytest.raises(BadRequest, match="devices"):
        parse_map(GOOD, Path("mine.midi.toml"))


def test_what_is_no_toml_is_refused_with_its_line():
    assert "line 4" in refusal("[[control\n")


def test_a_file_that_is_no_text_is_a_sentence(tmp_path):
    path = tmp_path / "bad.midi.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StorageFailed, match=r"bad\.midi\.toml cannot be read"):
        read_map(path)


def test_a_device_is_known_by_any_part_of_its_ports_name_that_a_pattern_gives():
    device_map = parse_map('devices = ["*LPX MIDI*", "*Launchpad*"]', Path("x.midi.toml"))
    assert device_map.rank("Launchpad X:Launchpad X LPX MIDI In 28:1") == 0
    assert device_map.rank("LAUNCHPAD mini") == 1
    assert device_map.rank("nanoKONTROL2") is None
