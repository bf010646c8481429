"""A parameter is chosen, a control is moved, and it is kept."""

from __future__ import annotations

import mido
import pytest

from daw_bridge.midi import learned_file
from daw_bridge.midi.learn import Learner
from daw_bridge.midi.learned_file import learned_path, save_learned
from daw_bridge.midi.map_reading import read_map
from osc_server.contract.errors import BadRequest, StorageFailed
from tests.daw_bridge.midi.maps import cc, note

LEVEL = "/magnet/deck/1/level"
MUTE = "/magnet/deck/1/mute"
LAUNCH = "/magnet/deck/1/launch"
PORT = "Knobs [2]:Knobs [2] MIDI 1 28:0"


def learned(address, *messages, value=None, port=PORT):
    learner = Learner(address, value)
    found = [learner.hear(port, message) for message in messages]
    assert found[:-1] == [None] * (len(found) - 1)
    return found[-1]


def kept(folder, address, *messages, **options):
    control = learned(address, *messages, **options)
    return save_learned(folder, options.get("port", PORT), control)


def source(control):
    return control.source.kind, control.source.number, control.source.channel


def test_a_knob_is_learned_once_it_has_stood_in_two_places():
    control = learned(LEVEL, cc(7, 3, channel=4), cc(7, 3, channel=4), cc(7, 4, channel=4))
    assert (*source(control), control.mode) == ("cc", 7, 4, "turn")


def test_a_neighbour_that_trembles_once_is_not_learned():
    assert source(learned(LEVEL, cc(8, 1), cc(7, 3), cc(7, 4))) == ("cc", 7, 1)


def test_two_devices_are_told_apart():
    learner = Learner(LEVEL)
    assert learner.hear("one", cc(7, 1)) is None
    assert learner.hear("two", cc(7, 2)) is None
    assert learner.hear("two", cc(7, 3)) is not None


def test_a_fader_in_two_halves_is_learned_as_one():
    control = learned(LEVEL, cc(7, 3), cc(39, 3), cc(7, 4))
    assert source(control) == ("cc14", 7, 1)


def test_an_nrpn_is_learned_and_not_the_controllers_that_carry_it():
    select = (cc(99, 1), cc(98, 2))
    control = learned(LEVEL, *select, cc(6, 5), *select, cc(6, 6))
    assert source(control) == ("nrpn", 130, 1)


def test_controller_6_alone_is_a_knob():
    assert source(learned(LEVEL, cc(6, 1), cc(6, 2))) == ("cc", 6, 1)


def test_pitch_bend_is_learned():
    bends = [mido.Message("pitchwheel", pitch=pitch) for pitch in (1, 500)]
    assert source(learned(LEVEL, *bends)) == ("pitchbend", 0, 1)


def test_a_pad_is_learned_at_its_first_touch():
    control = learned(LAUNCH, note(40, 5, channel=10))
    assert (*source(control), control.mode) == ("note", 40, 10, "press")


def test_a_pad_turns_a_switch_over():
    assert learned(MUTE, note(40)).mode == "toggle"


def test_a_button_that_sends_cc_turns_a_switch_over_and_a_fader_holds_it():
    assert learned(MUTE, cc(7, 127), cc(7, 0)).mode == "toggle"
    assert learned(MUTE, cc(7, 60), cc(7, 61)).scale.curve == "switch"


def test_notes_are_not_learned_for_a_number():
    assert learned(LEVEL, note(40), note(41)) is None


def test_a_program_is_learned_for_a_preset():
    control = learned(
        "/magnet/deck/1/preset", mido.Message("program_change", program=9), value="warm-pad"
    )
    assert (source(control), control.value) == (("program", 9, 1), "warm-pad")


@pytest.mark.parametrize(
    ("address", "value", "words"),
    [
        ("/magnet/deck/1/levle", None, "did you mean /magnet/deck/1/level"),
        ("/magnet/deck/1/state", None, "only tells"),
        ("/magnet/deck/1/preset", None, "say what a press shall set"),
        ("/magnet/deck/1/bars", 1000, "out of range"),
    ],
)
def test_what_cannot_be_learned_is_refused_at_once(address, value, words):
    with pytest.raises(BadRequest, match=words):
        Learner(address, value)


def test_what_was_learned_is_a_map_that_plays_its_port_wherever_it_is_plugged_in(tmp_path):
    path = kept(tmp_path, LEVEL, cc(7, 1), cc(7, 2))
    device_map = read_map(path)
    assert device_map.rank("Knobs [2]:Knobs [2] MIDI 1 130:0") == 0
    assert device_map.rank("Knobs 2") is None
    assert [control.address for control in device_map.controls] == [LEVEL]


@pytest.mark.parametrize(
    ("address", "messages", "value"),
    [
        (LEVEL, (cc(7, 1), cc(7, 2)), None),
        ("/magnet/deck/2/temperature", (cc(7, 1), cc(39, 1), cc(7, 2)), None),
        ("/magnet/deck/2/seed", (cc(99, 1), cc(98, 2), cc(6, 1), cc(6, 9)), None),
        (MUTE, (note(4),), None),
        (MUTE, (cc(4, 60), cc(4, 70)), None),
        (LAUNCH, (note(4),), None),
        (LEVEL, tuple(mido.Message("pitchwheel", pitch=pitch) for pitch in (1, 2)), None),
        ("/magnet/deck/3/follow", (cc(4, 60), cc(4, 70)), None),
        ("/magnet/deck/1/prompt", (note(4),), 'a "dusty" \\ break\nbeat'),
        ("/magnet/deck/1/bars", (note(4),), 8),
    ],
)
def test_a_file_gives_back_what_was_learned(tmp_path, address, messages, value):
    control = learned(address, *messages, value=value)
    assert read_map(save_learned(tmp_path, PORT, control)).controls == (control,)


def test_what_is_learned_later_is_added_and_comments_stay(tmp_path):
    path = kept(tmp_path, LEVEL, cc(7, 1), cc(7, 2))
    path.write_text(path.read_text("utf-8") + "# my launch pad\n", "utf-8")
    kept(tmp_path, LAUNCH, note(4))
    assert [control.address for control in read_map(path).controls] == [LEVEL, LAUNCH]
    assert "# my launch pad" in path.read_text("utf-8")


def test_a_control_that_is_learned_anew_forgets_what_it_did(tmp_path):
    kept(tmp_path, LEVEL, cc(7, 1), cc(7, 2))
    kept(tmp_path, LAUNCH, note(4))
    path = kept(tmp_path, "/magnet/deck/2/level", cc(7, 1), cc(7, 2))
    addresses = [control.address for control in read_map(path).controls]
    assert addresses == [LAUNCH, "/magnet/deck/2/level"]


def test_a_parameter_that_is_learned_anew_leaves_its_old_control(tmp_path):
    kept(tmp_path, LEVEL, cc(7, 1), cc(7, 2))
    path = kept(tmp_path, LEVEL, cc(8, 1), cc(8, 2))
    assert [source(control) for control in read_map(path).controls] == [("cc", 8, 1)]


def test_a_file_that_was_edited_and_is_wrong_is_left_as_it_is(tmp_path):
    path = kept(tmp_path, LEVEL, cc(7, 1), cc(7, 2))
    broken = path.read_text("utf-8").replace("level", "levle")
    path.write_text(broken, "utf-8")
    with pytest.raises(BadRequest, match=r"line \d+, address.*did you mean"):
        kept(tmp_path, LAUNCH, note(4))
    assert path.read_text("utf-8") == broken


def test_a_file_that_cannot_be_written_keeps_what_it_had(tmp_path, monkeypatch):
    path = kept(tmp_path, LEVEL, cc(7, 1), cc(7, 2))
    before = path.read_text("utf-8")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(learned_file.os, "replace", full)
    with pytest.raises(StorageFailed, match="No space left"):
        kept(tmp_path, LAUNCH, note(4))
    assert [path.read_text("utf-8") for path in tmp_path.iterdir()] == [before]


def test_every_device_has_a_file_of_its_own(tmp_path):
    names = {learned_path(tmp_path, port).name for port in ("Knobs 20:0", "Pads:Pads MIDI 1 24:0")}
    assert names == {"learned-knobs.midi.toml", "learned-pads-midi-1.midi.toml"}
