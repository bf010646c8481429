"""Devices come and go while music plays."""

from __future__ import annotations

import asyncio

import pytest

from daw_bridge.midi.engine import Action
from daw_bridge.midi.hub import MidiHub
from daw_bridge.midi.ports import MidiPorts
from daw_bridge.midi.shelf import MapShelf
from osc_server.contract.errors import BadRequest, DeviceUnavailable
from tests.daw_bridge.midi.maps import cc, note

PADS = """
devices = "Pads*"
open = "F0 01 F7"
close = "F0 00 F7"

[[control]]
note = 1
address = "/magnet/deck/1/mute"
light = true

[[control]]
cc = 1
address = "/magnet/deck/1/level"
range = [-60, 0]
"""
MUTE, LEVEL = "/magnet/deck/1/mute", "/magnet/deck/1/level"
ON, OFF = (0x90, 1, 127), (0x90, 1, 0)
OPEN, CLOSE = (0xF0, 1, 0xF7), (0xF0, 0, 0xF7)


class Cable:
    """The system's MIDI, with plugs that can be pulled."""

    def __init__(self):
        self.names: list[str] = []
        self.heard = {}
        self.sent: dict[str, list] = {}
        self.refused: set[str] = set()
        self.inputs_only: set[str] = set()
        self.outputs_refused: set[str] = set()

    def ports(self):
        outputs = [name for name in self.names if name not in self.inputs_only]
        return MidiPorts(tuple(self.names), tuple(outputs))

    def open_input(self, name, on_message):
        if name in self.refused:
            raise DeviceUnavailable(f"{name} is taken")
        self.heard[name] = on_message
        return _Plug(lambda: self.heard.pop(name))

    def open_output(self, name):
        if name in self.outputs_refused:
            raise DeviceUnavailable(f"{name} takes nothing")
        return _Output(self, name)


class _Plug:
    def __init__(self, pull):
        self.close = pull


class _Output:
    def __init__(self, cable, name):
        self._cable, self._name = cable, name
        self._sent = cable.sent.setdefault(name, [])

    def send(self, message):
        if self._name not in self._cable.names:
            raise DeviceUnavailable(f"{self._name} is gone")
        self._sent.append(message)

    def close(self):
        pass


class Stage:
    def __init__(self, folder):
        self.own = folder / "own"
        built_in = folder / "built-in"
        self.own.mkdir()
        built_in.mkdir()
        (built_in / "pads.midi.toml").write_text(PADS, "utf-8")
        self.cable = Cable()
        self.actions: list[Action] = []
        self.said: list[str] = []
        shelf = MapShelf(self.own, built_in)
        self.hub = MidiHub(self.cable, shelf, self.actions.append, self.said.append)

    def plug(self, *names):
        self.cable.names = list(names)
        self.hub.update(self.cable.ports())

    def plays(self, name, *messages):
        for message in messages:
            self.cable.heard[name](message)

    def sent(self, name="Pads"):
        told = list(self.cable.sent.get(name, ()))
        self.cable.sent.get(name, []).clear()
        return told


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def test_a_device_is_played_as_soon_as_it_is_plugged_in(stage):
    stage.plug("Pads")
    stage.plays("Pads", note(1))
    assert stage.actions == [Action(MUTE, 1)]
    assert stage.said == ["Pads plays pads"]


def test_a_device_that_comes_back_shows_what_holds_by_then(stage):
    stage.plug("Pads")
    stage.plug()
    stage.hub.show(MUTE, True)
    stage.sent()
    stage.plug("Pads")
    assert stage.sent() == [OPEN, ON]
    assert "Pads is gone" in stage.said[1]


def test_looking_again_changes_nothing(stage):
    stage.plug("Pads")
    stage.sent()
    stage.plug("Pads")
    assert stage.sent() == []
    assert len(stage.said) == 1


def test_a_device_without_a_map_is_left_to_others(stage):
    stage.plug("Something")
    assert stage.cable.heard == {}


def test_a_device_that_somebody_else_has_is_said_once_and_taken_when_it_is_free(stage):
    stage.cable.refused = {"Pads"}
    stage.plug("Pads")
    stage.plug("Pads")
    assert stage.said == ["Pads is taken"]
    stage.cable.refused = set()
    stage.plug("Pads")
    assert "Pads" in stage.hub.playing


def test_a_device_that_vanishes_while_its_lights_are_set_does_no_harm(stage):
    stage.plug("Pads")
    stage.cable.names = []
    stage.hub.show(MUTE, True)
    assert stage.hub.playing == {}
    stage.plug("Pads")
    assert stage.sent()[-1] == ON


def test_lights_that_come_a_moment_after_their_device_show_what_holds(stage):
    stage.cable.inputs_only = {"Pads"}
    stage.plug("Pads")
    stage.hub.show(MUTE, True)
    assert stage.sent() == []
    stage.cable.inputs_only = set()
    stage.plug("Pads")
    assert stage.sent() == [OPEN, ON]
    stage.plug("Pads")
    assert stage.sent() == []
    assert stage.said == ["Pads plays pads"]


def test_lights_that_cannot_be_had_are_said_once_and_lit_as_soon_as_they_can(stage):
    stage.cable.outputs_refused = {"Pads"}
    stage.plug("Pads")
    stage.plug("Pads")
    assert stage.said == ["Pads takes nothing; it plays without lights", "Pads plays pads"]
    stage.hub.show(MUTE, True)
    stage.cable.outputs_refused = set()
    stage.plug("Pads")
    assert stage.sent() == [OPEN, ON]


def test_a_fader_of_one_device_lets_go_when_another_moves_the_value(stage):
    stage.plug("Pads", "Pads 2")
    stage.hub.show(LEVEL, -60.0)
    stage.plays("Pads", cc(1, 1))
    stage.hub.show(LEVEL, stage.actions[-1].value)
    stage.plays("Pads 2", cc(1, 1), cc(1, 64))
    stage.hub.show(LEVEL, stage.actions[-1].value)
    n_actions = len(stage.actions)
    stage.plays("Pads", cc(1, 2))
    assert len(stage.actions) == n_actions


def test_devices_are_given_back_dark_and_in_their_own_mode(stage):
    stage.plug("Pads")
    stage.hub.show(MUTE, True)
    stage.sent()
    stage.hub.close()
    assert stage.sent() == [OFF, CLOSE]
    assert stage.cable.heard == {}


def test_a_map_that_is_edited_counts_while_it_plays(stage):
    stage.plug("Pads")
    own = PADS.replace("note = 1", "note = 2")
    (stage.own / "pads.midi.toml").write_text(own, "utf-8")
    stage.plug("Pads")
    stage.plays("Pads", note(1), note(2))
    assert stage.actions == [Action(MUTE, 1)]


def test_a_map_that_is_wrong_is_said_and_the_others_play(stage):
    (stage.own / "mine.midi.toml").write_text('devices = "*"\ncolor = 1\n', "utf-8")
    stage.plug("Pads")
    assert "line 2, color" in stage.said[0]
    assert "Pads" in stage.hub.playing


def test_what_an_action_refuses_is_a_sentence(stage, tmp_path):
    def refuse(action):
        raise BadRequest("deck 1 is locked")

    hub = MidiHub(
        stage.cable, MapShelf(stage.own, tmp_path / "built-in"), refuse, stage.said.append
    )
    stage.cable.names = ["Pads"]
    hub.update(stage.cable.ports())
    stage.plays("Pads", note(1))
    assert stage.said[-1] == "deck 1 is locked"


def test_what_is_learned_plays_at_once_over_the_ready_made_map(stage):
    stage.plug("Pads")
    stage.hub.learn("/magnet/deck/2/launch")
    stage.plays("Pads", note(9), note(9, 0), note(9), note(1))
    assert [action.address for action in stage.actions] == ["/magnet/deck/2/launch", MUTE]
    assert "kept in" in stage.said[2]


def test_a_device_without_a_map_can_be_learned_from(stage):
    stage.plug("Pads", "Something")
    stage.hub.learn(LEVEL)
    stage.plays("Something", cc(7, 1), cc(7, 2), cc(7, 3))
    assert [action.address for action in stage.actions] == [LEVEL]
    assert list(stage.hub.playing) == ["Pads", "Something"]


def test_nothing_is_played_while_it_learns_and_all_is_played_once_it_is_given_up(stage):
    stage.plug("Pads", "Something")
    stage.hub.learn(LEVEL)
    stage.plays("Pads", note(1), note(1, 0))
    assert stage.actions == []
    stage.hub.forget_learning()
    stage.plays("Pads", note(1))
    assert stage.actions == [Action(MUTE, 1)]
    assert list(stage.cable.heard) == ["Pads"]


def test_what_cannot_be_learned_leaves_the_maps_playing(stage):
    stage.plug("Pads")
    with pytest.raises(BadRequest):
        stage.hub.learn("/magnet/deck/1/state")
    stage.plays("Pads", note(1))
    assert len(stage.actions) == 1


def test_somebody_else_can_hear_the_same_port(stage):
    heard = []
    stage.hub.listen(lambda port, message: heard.append((port, message.type)))
    stage.plug("Pads")
    stage.plays("Pads", note(1))
    assert heard == [("Pads", "note_on")]


def test_a_computer_without_midi_is_said_to_have_none(stage):
    def none():
        raise DeviceUnavailable("no MIDI here")

    stage.cable.ports = none
    with pytest.raises(DeviceUnavailable, match="no MIDI here"):
        asyncio.run(stage.hub.watch())


def test_the_watch_finds_what_is_plugged_in_later(stage):
    async def play():
        watching = asyncio.create_task(stage.hub.watch(look_seconds=0))
        while "Pads" not in stage.hub.playing:
            await asyncio.sleep(0)
            stage.cable.names = ["Pads"]
        watching.cancel()

    asyncio.run(asyncio.wait_for(play(), 10))
    assert stage.said == ["Pads plays pads"]


def test_who_learns_without_a_controller_is_told_that_none_is_plugged_in(tmp_path):
    said = []
    shelf = MapShelf(tmp_path, tmp_path)
    hub = MidiHub(Cable(), shelf, lambda action: None, said.append)
    hub.update(MidiPorts((), ()))
    hub.learn(LEVEL)
    assert said == [f"move a control for {LEVEL} (no controller is plugged in yet)"]
