"""The maps that come with the product."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daw_bridge.midi.engine import MapEngine
from daw_bridge.midi.map_reading import read_map
from daw_bridge.midi.shelf import MapShelf, built_in_maps
from osc_server.contract.fader_rows import DECK_STATES
from osc_server.library.presets import PresetShelf
from tests.daw_bridge.midi.maps import cc, note, said

PATHS = sorted(built_in_maps().glob("*.midi.toml"))
LIT = [path for path in PATHS if read_map(path).is_lit]


@pytest.fixture(scope="module")
def shelf():
    found = MapShelf(Path("nowhere"), built_in_maps())
    found.refresh()
    return found


def playing(name):
    return MapEngine(read_map(built_in_maps() / f"{name}.midi.toml"))


def test_all_of_them_are_read_without_a_complaint(shelf):
    assert shelf.problems == ()
    assert len(shelf.maps()) == len(PATHS) >= 9


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_no_control_does_two_things(path):
    sources = [control.source for control in read_map(path).controls]
    assert len(sources) == len(set(sources)) > 0


@pytest.mark.parametrize("path", LIT, ids=lambda path: path.name)
def test_lights_name_the_document_that_they_follow(path):
    assert read_map(path).document


@pytest.mark.parametrize("path", LIT, ids=lambda path: path.name)
def test_every_state_of_a_deck_that_is_shown_looks_different(path):
    states = {
        control.lamp.address: control.lamp.palette
        for control in read_map(path).controls
        if control.lamp is not None and control.lamp.address.endswith("/state")
    }
    for palette in states.values():
        assert set(palette) == set(DECK_STATES)
        assert len(set(palette.values())) == len(DECK_STATES)


@pytest.mark.parametrize(
    ("port", "name"),
    [
        ("Launchpad X:Launchpad X LPX MIDI In 28:1", "Launchpad X"),
        ("Launchpad X LPX MIDI Out", "Launchpad X"),
        ("Launchpad Mini MK3:Launchpad Mini MK3 LPMiniMK3 MI 32:1", "Launchpad Mini MK3"),
        ("APC MINI:APC MINI MIDI 1 20:0", "APC mini"),
        ("APC mini mk2:APC mini mk2 APC mini mk2 Contr 24:0", "APC mini mk2"),
        ("Akai APC40:Akai APC40 MIDI 1 20:0", "APC40"),
        ("APC40 mkII 1", "APC40 mkII"),
        ("nanoKONTROL2:nanoKONTROL2 nanoKONTROL2 _ CTR 20:0", "nanoKONTROL2"),
        ("Ableton Push 2 User Port", "Push 2"),
        ("Keystation 49 MK3:Keystation 49 MK3 20:0", "Keyboard"),
    ],
)
def test_a_controller_is_known_by_the_name_of_its_port(shelf, port, name):
    assert shelf.assign([port])[port].name == name


def test_of_a_device_with_two_ports_the_one_for_others_than_the_daw_is_played(shelf):
    windows = ["LPX MIDI 1", "MIDIIN2 (LPX MIDI) 2"]
    linux = ["APC mini mk2:APC mini mk2 Contr 24:0", "APC mini mk2:APC mini mk2 Notes 24:1"]
    assert list(shelf.assign(windows)) == windows[1:]
    assert list(shelf.assign(linux)) == linux[:1]


def test_a_virtual_cable_is_left_alone(shelf):
    assert shelf.assign(["Midi Through:Midi Through Port-0 14:0", "IAC Driver Bus 1"]) == {}


def test_a_launchpads_top_left_pad_launches_deck_1_and_its_lowest_right_button_scene_8():
    actions = said(playing("launchpad-x"), note(81), cc(19, 127))
    assert [action.address for action in actions] == [
        "/magnet/deck/1/launch",
        "/magnet/scene/8/launch",
    ]


def test_an_apc40s_strip_is_known_by_its_channel():
    actions = said(playing("apc40"), note(52, channel=8), cc(7, 127, channel=8))
    assert [(action.address, action.value) for action in actions] == [
        ("/magnet/deck/8/stop", 1),
        ("/magnet/deck/8/level", 6),
    ]


def test_a_nanokontrols_lowest_fader_is_silence():
    (action,) = said(playing("nanokontrol2"), cc(0, 0))
    assert (action.address, action.value) == ("/magnet/deck/1/level", -90)


def test_the_keyboards_programs_are_all_the_presets_that_come_with_the_product():
    presets, _ = PresetShelf([built_in_maps()]).all()
    controls = read_map(built_in_maps() / "keyboard.midi.toml").controls
    named = [control.value for control in controls if control.source.kind == "program"]
    assert named == [preset.name for preset in presets]


def test_maps_are_no_presets():
    presets, problems = PresetShelf([built_in_maps()]).all()
    assert problems == []
    assert not [preset.name for preset in presets if "midi" in preset.name]


def test_the_page_about_midi_names_every_map():
    page = (Path(__file__).parents[3] / "docs" / "midi.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z0-9-]+\.midi\.toml)`", page))
    assert {path.name for path in PATHS} <= named
