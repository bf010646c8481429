"""TouchOSC's layouts, read back from the files as TouchOSC reads them."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from daw_bridge.integrations.surfaces import INTEGRATIONS
from daw_bridge.integrations.surfaces.controls import SMALLEST, Area
from osc_server.contract.addresses import fader_row
from osc_server.contract.faders import read_fader

FILES = sorted((INTEGRATIONS / "touchosc").glob("*.tosc"))
TYPES = {"GROUP", "PAGER", "BUTTON", "FADER", "LABEL"}
PROPERTY_TYPES = {"b", "c", "f", "i", "r", "s"}


@dataclass
class Node:
    """A control of a file."""

    element: ET.Element
    page: str

    def value(self, key):
        for one in self.element.findall("properties/property"):
            if one.findtext("key") == key:
                return one.find("value")
        return None

    def text(self, key):
        value = self.value(key)
        return None if value is None else value.text

    @property
    def area(self):
        return Area(*(int(self.value("frame").findtext(axis)) for axis in "xywh"))

    @property
    def is_touched(self):
        return self.text("interactive") == "1" and self.element.get("type") in ("BUTTON", "FADER")

    @property
    def messages(self):
        return self.element.findall("messages/osc")


def read(path: Path) -> list[Node]:
    """Every control of a file, with the page that it is on."""
    document = ET.fromstring(zlib.decompress(path.read_bytes()))
    assert (document.tag, document.get("version")) == ("lexml", "3")
    found = []

    def walk(element, page):
        node = Node(element, page)
        found.append(node)
        inner = node.text("name") if element.get("type") == "GROUP" else page
        for child in element.findall("children/node"):
            walk(child, inner)

    (root,) = document
    walk(root, "")
    return found


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def nodes(request):
    return read(request.param)


def address(message):
    partials = message.findall("path/partial")
    assert [partial.findtext("type") for partial in partials] == ["CONSTANT"]
    return partials[0].findtext("value")


def test_there_is_one_for_a_tablet_and_one_for_a_phone():
    assert [path.stem for path in FILES] == ["magnet-phone", "magnet-tablet"]


def test_every_message_has_an_address_of_the_table_and_a_value_in_its_range(nodes):
    n_sent = 0
    for node in nodes:
        for message in node.messages:
            fader, _ = fader_row(address(message))  # raises where there is none
            if message.findtext("send") != "1":
                continue
            n_sent += 1
            assert fader.role != "readout", fader.address
            (argument,) = message.findall("arguments/partial")
            kind, conversion = argument.findtext("type"), argument.findtext("conversion")
            ends = [argument.findtext("value")]
            if kind == "VALUE":
                ends = [argument.findtext("scaleMin"), argument.findtext("scaleMax")]
            for end in ends:
                value = {"FLOAT": float, "INTEGER": int, "STRING": str}[conversion](end)
                taken = read_fader(fader, [value])
                assert fader.role == "button" or taken == value, (fader.address, value)
    assert n_sent > 80


def test_every_deck_and_scene_can_be_played(nodes):
    sent = {
        address(message)
        for node in nodes
        for message in node.messages
        if message.findtext("send") == "1"
    }
    moves = ["level", "launch", "stop", "generate", "vary", "undo", "redo", "keep", "mute", "solo"]
    decks = {f"/magnet/deck/{number}/{move}" for number in range(1, 9) for move in moves}
    scenes = {
        f"/magnet/scene/{number}/{move}" for number in range(1, 9) for move in ("launch", "store")
    }
    whole = {"/magnet/clock/bpm", "/magnet/clock/quantum", "/magnet/mix/level", "/magnet/mix/stop"}
    whole |= {"/magnet/mix/record", "/magnet/session/save"}
    whole |= {"/magnet/clock/tap"}
    assert decks | scenes | whole <= sent


def test_a_press_is_sent_at_every_touch_and_its_lamp_is_told(nodes):
    """A button whose value is 1 already, because its lamp is lit, must send again all the same."""
    heard = {
        address(message)
        for node in nodes
        for message in node.messages
        if message.findtext("receive") == "1"
    }
    for node in nodes:
        if node.is_touched and node.text("buttonType") == "0":
            (message,) = node.messages
            trigger = message.find("triggers/trigger")
            assert (trigger.findtext("var"), trigger.findtext("condition")) == ("touch", "RISE")
            assert address(message) in heard


def test_ids_and_names_are_unique_and_every_element_is_one_of_touchosc(nodes):
    ids = [node.element.get("ID") for node in nodes]
    assert len(set(ids)) == len(ids)
    names = [(node.element.get("type"), node.text("name")) for node in nodes]
    assert len(set(names)) == len(names)
    assert {node.element.get("type") for node in nodes} <= TYPES
    kinds = {one.get("type") for node in nodes for one in node.element.iter("property")}
    assert kinds <= PROPERTY_TYPES
    for node in nodes:
        order = [child.tag for child in node.element]
        known = ["properties", "values", "messages", "children"]
        assert order == [tag for tag in known if tag in order]


def test_a_finger_hits_one_thing_and_hits_it_easily(nodes):
    touched = [node for node in nodes if node.is_touched]
    for node in touched:
        area = node.area
        assert min(area.width, area.height) >= SMALLEST, (node.text("name"), area)
    for one, other in combinations(touched, 2):
        if one.page == other.page:
            names = one.text("name"), other.text("name")
            assert not one.area.overlaps(other.area), names


def test_everything_lies_within_its_page(nodes):
    pages = {node.text("name"): node for node in nodes if node.element.get("type") == "GROUP"}
    for node in nodes:
        if node.page and node.element.get("type") in ("BUTTON", "FADER", "LABEL"):
            whole = pages[node.page].area
            assert node.area.inside(Area(0, 0, whole.width, whole.height)), node.text("name")


def test_the_layout_asks_for_all_that_it_shows(nodes):
    """TouchOSC hears nothing before it has spoken, and UDP may lose what it was told."""
    script = nodes[0].text("script")
    asked = set(re.findall(r"'(/magnet/[^']+)'", script.splitlines()[0]))
    shown = {
        address(message)
        for node in nodes
        for message in node.messages
        if message.findtext("receive") == "1"
    }
    assert shown <= asked
    for one in asked:
        fader_row(one)
