"""Reaper's pattern file: joined to addresses that there are, in units that fit."""

from __future__ import annotations

import re
from pathlib import Path

import daw_bridge.integrations
from daw_bridge.reaper.osc_pattern import N_DECKS, pattern_file, patterns
from osc_server.contract.addresses import FADERS
from osc_server.contract.faders import split_index

FILE = Path(daw_bridge.integrations.__path__[0]) / "reaper" / "OSC" / "magnet-bridge.ReaperOSC"
LINE = re.compile(r"([A-Z_]+) ([fbt])(/\S+)")
UNITS = {"TRACK_VOLUME": "dB", "MASTER_VOLUME": "dB", "TEMPO": "quarter notes a minute"}


def test_the_file_is_what_the_table_makes() -> None:
    assert FILE.read_bytes() == pattern_file().encode()


def test_every_line_is_an_address_of_the_fader_table_in_its_unit() -> None:
    rows = {row.address: row for row in FADERS}
    lines = [line for line in FILE.read_text().splitlines() if LINE.fullmatch(line)]
    assert len(lines) == len(patterns()) >= 5
    for line in lines:
        action, flag, address = LINE.fullmatch(line).groups()
        row = rows[split_index(address.replace("@", "1"))[0]]
        assert row.value.unit == UNITS.get(action, "")
        assert (flag == "f") == (row.value.kind == "number")


def test_tracks_1_to_8_are_the_decks_by_volume_mute_and_solo() -> None:
    text = FILE.read_text()
    assert f"DEVICE_TRACK_COUNT {N_DECKS}\n" in text
    for word, address in (("VOLUME", "f/magnet/deck/@/level"), ("MUTE", "b/magnet/deck/@/mute")):
        assert f"\nTRACK_{word} {address}\n" in text
    assert "\nTRACK_SOLO b/magnet/deck/@/solo\n" in text
    assert "\nTEMPO f/magnet/clock/bpm\n" in text


def test_no_lamp_is_joined_that_reaper_would_take_for_a_press() -> None:
    lamps = {row.address.replace("/N/", "/@/") for row in FADERS if row.role == "button"}
    joined = {each.address for each in patterns()}
    assert joined & lamps == set()
