"""What OSCQuery answers over HTTP, as the proposal has it."""

from __future__ import annotations

import base64

import pytest

from osc_server.contract.addresses import FADERS, fader_row
from osc_server.contract.faders import read_fader
from tests.daw_bridge.query.served import served


def ask(*paths, token="", n_decks=2, **headers):
    async def talk(asked):
        return [await asked.get(path, **headers) for path in paths]

    return served(talk, token=token, n_decks=n_decks)


def methods(node):
    if "CONTENTS" not in node:
        yield node
    for below in node.get("CONTENTS", {}).values():
        yield from methods(below)


@pytest.fixture(scope="module")
def tree():
    ((status, root),) = ask("/", n_decks=3)
    assert status == 200
    return root


def test_the_tree_holds_every_row_of_the_table_with_decks_and_scenes_counted_out(tree):
    n_of = {"/magnet/deck/N": 3, "/magnet/scene/N": 8}
    expected = {
        fader.at(index)
        for fader in FADERS
        for index in range(1, 1 + n_of.get(fader.address.rpartition("/")[0], 1))
    }
    assert {node["FULL_PATH"] for node in methods(tree)} == expected


def test_a_node_lies_where_its_path_says(tree):
    def check(node, path):
        assert node["FULL_PATH"] == path
        assert node["DESCRIPTION"]
        for name, below in node.get("CONTENTS", {}).items():
            check(below, f"{path.rstrip('/')}/{name}")

    check(tree, "/")


def test_every_value_has_the_type_and_lies_in_the_range_that_its_node_names(tree):
    kinds = {"f": float, "i": int, "s": str}
    for node in methods(tree):
        (value,) = node["VALUE"]
        assert type(value) is kinds[node["TYPE"]], node
        (limits,) = node.get("RANGE", [{}])
        if "VALS" in limits:
            assert value in limits["VALS"], node
        if "MIN" in limits:
            assert limits["MIN"] <= value <= limits["MAX"], node


def test_what_a_node_offers_is_what_the_panel_takes(tree):
    """The ends of each range, and each choice, are read as they are: nothing is clipped."""
    for node in methods(tree):
        fader, _ = fader_row(node["FULL_PATH"])
        (limits,) = node.get("RANGE", [{}])
        offered = limits.get("VALS", [limits[end] for end in ("MIN", "MAX") if end in limits])
        for value in offered:
            assert read_fader(fader, [value]) == value, node
        assert node["ACCESS"] == (1 if fader.role == "readout" else 3)


def test_units_are_those_of_the_proposal_and_others_are_words():
    level, bpm, bars = ask("/magnet/deck/1/level", "/magnet/clock/bpm?UNIT", "/magnet/deck/1/bars")
    assert level[1]["UNIT"] == ["gain.db"]
    assert level[1]["RANGE"] == [{"MIN": -90.0, "MAX": 12.0}]
    assert level[1]["CLIPMODE"] == ["both"]
    assert bpm == (200, {"UNIT": ["time.bpm"]})
    assert "UNIT" not in bars[1]
    assert "bars" in bars[1]["DESCRIPTION"]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/magnet/deck/1/level?VALUE", 200, {"VALUE": [0.0]}),
        ("/magnet/deck/1/level?TYPE", 200, {"TYPE": "f"}),
        ("/magnet/deck/1/state?RANGE", 200, None),
        ("/magnet/deck/1?TYPE", 200, {}),  # a container has no type, and that is no mistake
        ("/magnet/deck/1?VALUE", 204, None),
        ("/magnet/deck/1?ACCESS", 200, {"ACCESS": 0}),
        ("/magnet/deck/1/level?OVERLOADS", 204, None),  # of the proposal, and not here
        ("/magnet/deck/1/level?GABBA", 400, None),
        ("/magnet/deck/3/level", 404, None),
        ("/magnet/deck/0/level?VALUE", 404, None),
        ("/magnet/deck/1/level/deeper", 404, None),
        ("/elsewhere", 404, None),
        ("/magnet/deck/1/level/", 200, None),
        ("/magnet/deck/1/level?FULL_PATH", 200, {"FULL_PATH": "/magnet/deck/1/level"}),
    ],
)
def test_a_question_gets_the_code_of_the_proposal(path, status, body):
    ((got, answer),) = ask(path)
    assert got == status
    if body is not None:
        assert answer == body


def test_host_info_says_where_osc_is_heard_and_what_is_supported():
    root, elsewhere = ask("/?HOST_INFO", "/no/such/path?HOST_INFO")
    assert root == elsewhere  # the path does not matter
    status, info = root
    assert (status, info["OSC_PORT"], info["OSC_TRANSPORT"]) == (200, 12100, "UDP")
    assert info["EXTENSIONS"]["LISTEN"] is True
    assert "HOST_INFO" not in ask("/")[0][1]
    _, level = ask("/magnet/deck/1/level")[0]
    assert set(level) - {"FULL_PATH", "TYPE"} <= set(info["EXTENSIONS"])


def test_a_value_is_the_one_that_holds_now():
    async def talk(asked):
        asked.live.send("deck/2/level", -7.5)
        asked.live.send("deck/2/prompt", "warm bass")
        return [await asked.get(f"/magnet/deck/2/{name}?VALUE") for name in ("level", "prompt")]

    assert served(talk) == [(200, {"VALUE": [-7.5]}), (200, {"VALUE": ["warm bass"]})]


def test_another_name_for_this_computer_is_turned_away():
    assert ask("/", Host="evil.example")[0][0] == 421


def test_a_page_of_somebody_else_is_turned_away():
    assert ask("/", Origin="http://evil.example")[0][0] == 403


def test_with_a_token_nobody_asks_without_it():
    def basic(password):
        return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()

    assert ask("/", token="secret")[0][0] == 401
    assert ask("/", token="secret", Authorization=basic("wrong"))[0][0] == 401
    assert ask("/", token="secret", Authorization=basic("secret"))[0][0] == 200
    assert ask("/", token="secret", Authorization="Bearer secret")[0][0] == 200
    assert ask("/", token="secret", Authorization="Basic ???")[0][0] == 401


def test_who_guesses_tokens_has_to_wait():
    statuses = [s for s, _ in ask(*["/"] * 7, token="secret", Authorization="Bearer wrong")]
    assert statuses == [401] * 5 + [429] * 2
