"""What is made for Max and Max for Live is whole, and says only what the contract knows."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from daw_bridge.integrations.ableton.MagnetBridge.words import JOB_VERBS, OTHER_VERBS
from daw_bridge.integrations.patches import device
from daw_bridge.integrations.patches.amxd import AUDIO_EFFECT
from daw_bridge.integrations.patches.making import INTEGRATIONS, files
from osc_server.contract.addresses import DEFAULT_PORT, fader_row
from osc_server.contract.clip_names import GENERATE
from tests.daw_bridge.integrations.patches.patch_files import (
    boxes_of,
    patcher_of,
    ports_by_reference,
    read_amxd,
    words_of,
)

DEVICE = Path("ableton/device/MagnetBridge.amxd")
PLAYER = Path("max/patchers/magnet~.maxpat")
HELP = Path("max/help/magnet~.maxhelp")
PATCHES = (DEVICE, PLAYER, HELP)
GENERATE_NAMES = {parameter.name: parameter for parameter in GENERATE}
SCRIPT_WORDS = {
    *("begin", "loaded", "wrapped", "tempo", "meter", "rate", "port", "more"),
    *("start", "stop", "prompt", "bars", "bpm", "seed", "amount", "takes", "take"),
    *("temperature", "guidance", *JOB_VERBS, *OTHER_VERBS),
}


def parameters() -> dict[str, dict]:
    """Of the device: what Max keeps of each parameter."""
    return {
        box["varname"]: box["saved_attribute_attributes"]["valueof"]
        for box in boxes_of(DEVICE)
        if box.get("parameter_enable")
    }


@pytest.mark.parametrize("path", files(), ids=str)
def test_a_committed_file_is_what_the_description_makes(path: Path) -> None:
    assert (INTEGRATIONS / path).read_bytes() == files()[path]


def test_the_device_is_an_audio_effect_in_an_unfrozen_container() -> None:
    kind, text = read_amxd((INTEGRATIONS / DEVICE).read_bytes())
    assert kind == AUDIO_EFFECT
    assert text.lstrip().startswith("{")


@pytest.mark.parametrize("path", PATCHES, ids=str)
def test_every_object_is_one_of_maxs_and_has_its_inlets_and_outlets(path: Path) -> None:
    found = {
        (box["id"], *words_of(box)): (box["numinlets"], box["numoutlets"]) for box in boxes_of(path)
    }
    assert len(found) > 20
    assert found == {(box["id"], *words_of(box)): ports_by_reference(box) for box in boxes_of(path)}


@pytest.mark.parametrize("path", PATCHES, ids=str)
def test_every_cord_goes_from_an_outlet_to_an_inlet_once(path: Path) -> None:
    boxes = {box["id"]: box for box in boxes_of(path)}
    assert len(boxes) == len(boxes_of(path))
    cords = []
    for line in patcher_of(path)["lines"]:
        (source, outlet), (sink, inlet) = (line["patchline"][e] for e in ("source", "destination"))
        assert 0 <= outlet < boxes[source]["numoutlets"]
        assert 0 <= inlet < boxes[sink]["numinlets"]
        cords.append((source, outlet, sink, inlet))
    assert len(set(cords)) == len(cords)


@pytest.mark.parametrize("path", PATCHES, ids=str)
def test_nothing_but_words_for_people_is_left_without_a_cord(path: Path) -> None:
    ends = {
        line["patchline"][end][0]
        for line in patcher_of(path)["lines"]
        for end in ("source", "destination")
    }
    lonely = {words_of(box)[0] for box in boxes_of(path) if box["id"] not in ends}
    assert lonely <= {"comment"}


@pytest.mark.parametrize("path", PATCHES, ids=str)
def test_messages_say_only_what_the_scripts_and_the_contract_know(path: Path) -> None:
    messages = [box["text"].split() for box in boxes_of(path) if box["maxclass"] == "message"]
    prepends = [words_of(box)[1] for box in boxes_of(path) if words_of(box)[0] == "prepend"]
    assert len(messages) + len(prepends) > 8
    assert {words[0] for words in messages} | set(prepends) <= SCRIPT_WORDS
    more = [words[1::2] for words in messages if words[0] == "more"]
    assert {name for names in more for name in names} <= set(GENERATE_NAMES)


def test_ports_are_the_contracts_and_the_scripts_own() -> None:
    sends = {
        path: words_of(box)[2]
        for path in PATCHES
        for box in boxes_of(path)
        if words_of(box)[0] == "udpsend"
    }
    assert sends == {DEVICE: str(device.LISTEN_PORT), PLAYER: str(DEFAULT_PORT)}


def test_every_control_of_live_can_be_automated_but_the_port_and_the_words() -> None:
    stored = {name for name, value in parameters().items() if value["parameter_invisible"] != 0}
    assert stored == {"Port", "Prompt"}
    assert all(
        box.get("parameter_enable") for box in boxes_of(DEVICE) if box["maxclass"][:5] == "live."
    )


def test_parameters_have_names_of_their_own_and_are_listed_for_push() -> None:
    names = [value["parameter_longname"] for value in parameters().values()]
    assert len(set(names)) == len(names) == 14
    listed = patcher_of(DEVICE)["parameters"]
    banks = listed.pop("parameterbanks")
    assert {entry[0] for entry in listed.values()} == set(names)
    in_banks = [name for bank in banks.values() for name in bank["parameters"] if name != "-"]
    assert sorted(in_banks) == sorted(set(names) - {"Port", "Prompt"})


@pytest.mark.parametrize("name", ["Temperature", "Guidance", "Amount"])
def test_a_dial_has_the_range_of_the_contract(name: str) -> None:
    row = fader_row(f"/magnet/deck/1/{name.lower()}")[0].value
    value = parameters()[name]
    assert (value["parameter_mmin"], value["parameter_mmax"]) == (row.low, row.high)


def test_numbers_and_choices_lie_within_the_contracts_ranges() -> None:
    bars, takes = GENERATE_NAMES["bars"], GENERATE_NAMES["takes"]
    assert all(bars.low <= float(c) <= bars.high for c in parameters()["Bars"]["parameter_enum"])
    value = parameters()["Takes"]
    assert (value["parameter_mmin"], value["parameter_mmax"]) == (takes.low, takes.high)
    seed, value = GENERATE_NAMES["seed"], parameters()["Seed"]
    assert value["parameter_mmin"] == -1
    assert value["parameter_mmax"] <= seed.high


def test_initial_values_lie_within_their_ranges() -> None:
    for name, value in parameters().items():
        for initial in value.get("parameter_initial", ()):
            low = value.get("parameter_mmin", 0)
            assert low <= initial <= value["parameter_mmax"], name


def test_what_live_shows_fits_the_device_and_nothing_lies_on_anything() -> None:
    shown = {
        box["id"]: box["presentation_rect"] for box in boxes_of(DEVICE) if "presentation" in box
    }
    assert len(shown) > 15
    for left, top, width, height in shown.values():
        assert left >= 0 <= top
        assert left + width <= device.WIDTH
        assert top + height <= device.HEIGHT
    for a, b in combinations(shown.values(), 2):
        beside = a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0]
        above = a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
        assert beside or above, (a, b)
