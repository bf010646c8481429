"""MIDI messages in, actions out; values in, lights out."""

from __future__ import annotations

import mido
import pytest

from daw_bridge.midi.engine import Action, clicks_of
from tests.daw_bridge.midi.maps import cc, engine, note, said, values

LEVEL = '[[control]]\ncc = 7\naddress = "/magnet/deck/1/level"\nrange = [-60, 0]\n'
MUTE = '[[control]]\nnote = 5\naddress = "/magnet/deck/1/mute"\n'
LAUNCH = '[[control]]\nnote = [11, 12]\naddress = "/magnet/deck/N/launch"\n'


def test_a_pad_launches_the_deck_of_its_place_in_the_list():
    assert said(engine(LAUNCH), note(12)) == [Action("/magnet/deck/2/launch", 1)]


def test_letting_a_pad_go_says_nothing_and_it_can_be_pressed_again():
    assert values(engine(LAUNCH), note(11), note(11, 0), note(11)) == [1, 1]


def test_a_note_on_with_velocity_0_is_a_release():
    release = mido.Message("note_on", note=11, velocity=0)
    assert values(engine(LAUNCH), note(11), release, note(11)) == [1, 1]


def test_a_button_that_sends_cc_is_pressed_from_the_middle_up():
    text = '[[control]]\ncc = 41\naddress = "/magnet/scene/3/launch"\n'
    played = said(engine(text), cc(41, 127), cc(41, 0), cc(41, 63))
    assert played == [Action("/magnet/scene/3/launch", 1)]


def test_a_control_of_one_channel_does_not_hear_another():
    text = MUTE + "channel = 2\n"
    assert values(engine(text), note(5, channel=1), note(5, channel=2)) == [1]


def test_a_list_of_channels_counts_decks():
    text = '[[control]]\nnote = 53\nchannel = [1, 2, 3]\naddress = "/magnet/deck/N/launch"\n'
    assert said(engine(text), note(53, channel=3)) == [Action("/magnet/deck/3/launch", 1)]


def test_a_switch_is_turned_over_by_each_press_before_news_of_it_is_back():
    assert values(engine(MUTE), note(5), note(5, 0), note(5)) == [1, 0]


def test_a_switch_that_somebody_else_turned_on_is_turned_off():
    assert values(engine(MUTE, mute=True), note(5)) == [0]


def test_hold_is_on_while_it_is_held():
    assert values(engine(MUTE + 'mode = "hold"\n'), note(5), note(5, 0)) == [1, 0]


def test_a_press_can_set_a_value():
    text = '[[control]]\nnote = [1, 2]\naddress = "/magnet/deck/1/bars"\nvalue = [4, 8]\n'
    assert said(engine(text), note(2)) == [Action("/magnet/deck/1/bars", 8)]


def test_a_program_change_chooses_a_preset():
    text = (
        '[[control]]\nprogram = [0, 1]\naddress = "/magnet/deck/1/preset"\n'
        'value = ["warm-pad", "rain"]\n'
    )
    change = mido.Message("program_change", program=1)
    assert values(engine(text), change, change) == ["rain", "rain"]


def test_a_fader_sends_its_range_from_end_to_end():
    assert values(engine(LEVEL), cc(7, 0), cc(7, 127)) == [-60, 0]


def test_the_very_bottom_can_stand_for_silence():
    moved = values(engine(LEVEL + "bottom = -90\n"), cc(7, 1), cc(7, 0))
    assert moved == [pytest.approx(-60 + 60 / 127), -90]


def test_a_reversed_range_falls_as_the_fader_rises():
    text = '[[control]]\ncc = 7\naddress = "/magnet/deck/1/guidance"\nrange = [10, 0]\n'
    assert values(engine(text), cc(7, 0), cc(7, 127)) == [10, 0]


def test_an_exponential_curve_has_its_geometric_mean_in_the_middle():
    text = (
        '[[control]]\npitchbend = true\naddress = "/magnet/deck/1/temperature"\n'
        'range = [0.25, 4]\ncurve = "exponential"\n'
    )
    moves = [mido.Message("pitchwheel", pitch=pitch) for pitch in (-8192, 0, 8191)]
    assert values(engine(text), *moves) == pytest.approx([0.25, 1.0, 4.0], rel=1e-3)


def test_a_switch_curve_speaks_only_where_it_turns_over():
    text = '[[control]]\ncc = 1\naddress = "/magnet/deck/1/solo"\ncurve = "switch"\n'
    assert values(engine(text), cc(1, 10), cc(1, 60), cc(1, 64), cc(1, 90), cc(1, 2)) == [0, 1, 0]


def test_a_whole_number_is_sent_as_one():
    text = '[[control]]\ncc = 1\naddress = "/magnet/deck/1/seed"\nrange = [0, 10]\n'
    assert values(engine(text), cc(1, 64)) == [5]


def test_a_14_bit_controller_is_one_move_of_both_halves():
    text = LEVEL.replace("cc = 7", "cc14 = 7")
    (level,) = values(engine(text), cc(7, 64), cc(39, 1))
    assert level == pytest.approx(-60 + 60 * (64 * 128 + 1) / 16383)


def test_the_fine_half_of_a_14_bit_controller_may_come_alone():
    text = LEVEL.replace("cc = 7", "cc14 = 7")
    assert len(values(engine(text), cc(7, 64), cc(39, 1), cc(39, 2), cc(39, 3))) == 3


def test_an_nrpn_is_selected_once_and_moved_with_7_or_14_bits():
    text = LEVEL.replace("cc = 7", "nrpn = 1000")
    select = (cc(99, 1000 >> 7), cc(98, 1000 & 127))
    coarse, fine = values(engine(text), *select, cc(6, 127), cc(6, 64), cc(38, 0))[::2]
    assert coarse == 0
    assert fine == pytest.approx(-60 + 60 * 64 * 128 / 16383)


def test_data_entry_without_or_for_another_nrpn_does_nothing():
    text = LEVEL.replace("cc = 7", "nrpn = 1000")
    other = (cc(99, 0), cc(98, 1), cc(6, 5))
    rpn = (cc(99, 7), cc(98, 104), cc(101, 0), cc(100, 0), cc(6, 5))
    assert values(engine(text), cc(6, 3), *other, *rpn) == []


def test_a_fader_elsewhere_does_nothing_until_it_passes_the_value():
    playing = engine(LEVEL, level=-30)  # the middle
    assert values(playing, cc(7, 10), cc(7, 40), cc(7, 60)) == []
    assert values(playing, cc(7, 70)) == [pytest.approx(-60 + 60 * 70 / 127)]


def test_a_fader_that_was_met_is_followed_also_in_leaps():
    playing = engine(LEVEL, level=-60)
    assert len(values(playing, cc(7, 1), cc(7, 100), cc(7, 20))) == 3


def test_a_value_that_somebody_else_moves_has_to_be_met_again():
    playing = engine(LEVEL, level=-60)
    assert len(values(playing, cc(7, 1))) == 1
    playing.show("/magnet/deck/1/level", 0.0)
    assert values(playing, cc(7, 2), cc(7, 50)) == []
    assert values(playing, cc(7, 127)) == []  # it is the value
    assert len(values(playing, cc(7, 100))) == 1


def test_late_news_of_its_own_moves_does_not_make_a_fader_let_go():
    playing = engine(LEVEL, level=-60)
    sent = values(playing, *(cc(7, value) for value in range(1, 60)))
    assert len(sent) == 59
    for value in sent[:3]:
        playing.show("/magnet/deck/1/level", value)
    assert len(values(playing, cc(7, 61))) == 1


def test_takeover_can_be_turned_off():
    assert len(values(engine(LEVEL + "pickup = false\n", level=-30), cc(7, 127))) == 1


def test_a_value_that_nobody_has_said_is_taken_over_at_once():
    assert len(values(engine(LEVEL), cc(7, 90))) == 1


@pytest.mark.parametrize(
    ("relative", "raw", "clicks"),
    [
        ("twos-complement", 1, 1),
        ("twos-complement", 127, -1),
        ("offset-64", 63, -1),
        ("sign-bit", 2, 2),
        ("sign-bit", 66, -2),
    ],
)
def test_an_endless_knob_says_its_way_in_three_dialects(relative, raw, clicks):
    assert clicks_of(raw, relative) == clicks


def test_an_endless_knob_goes_on_from_the_value_that_holds():
    text = '[[control]]\ncc = 14\naddress = "/magnet/clock/bpm"\nrange = [40, 240]\nstep = 1\n'
    playing = engine(text + 'relative = "twos-complement"\n')
    assert values(playing, cc(14, 1)) == []  # nobody has said the tempo
    playing.show("/magnet/clock/bpm", 128.5)
    assert values(playing, cc(14, 2), cc(14, 127)) == [130.5, 129.5]


def test_an_endless_knob_stops_at_the_ends():
    playing = engine(LEVEL + 'relative = "twos-complement"\n', level=-0.1)
    assert values(playing, cc(7, 5), cc(7, 5)) == [0]


def test_what_a_map_does_not_know_is_nothing():
    clock = mido.Message("clock")
    sysex = mido.Message("sysex", data=[1, 2])
    touch = mido.Message("aftertouch", value=3)
    assert said(engine(LEVEL), clock, sysex, touch, note(1), cc(8, 1)) == []


LIT = """
[colours.deck]
empty = 0
playing = 21
cued = [0, { value = 21, channel = 2 }]

[[control]]
note = [81, 82]
address = "/magnet/deck/N/launch"
light = "/magnet/deck/N/state"
colours = "deck"
"""


def test_a_light_shows_the_state_of_its_deck():
    assert engine(LIT).show("/magnet/deck/2/state", "playing") == ((0x90, 82, 21),)


def test_a_light_that_blinks_is_told_both_colours():
    told = engine(LIT).show("/magnet/deck/1/state", "cued")
    assert told == ((0x90, 81, 0), (0x91, 81, 21))


def test_a_light_is_told_nothing_twice():
    playing = engine(LIT)
    playing.show("/magnet/deck/1/state", "playing")
    assert playing.show("/magnet/deck/1/state", "playing") == ()


def test_a_state_without_a_colour_is_dark():
    playing = engine(LIT)
    playing.show("/magnet/deck/1/state", "playing")
    assert playing.show("/magnet/deck/1/state", "stopped") == ((0x90, 81, 0),)


def test_a_device_that_comes_is_told_its_mode_and_every_light():
    text = 'open = "F0 00 20 29 02 0C 0E 01 F7"\n' + LIT
    playing = engine(text, state="playing")
    assert playing.opening() == (
        (0xF0, 0x00, 0x20, 0x29, 0x02, 0x0C, 0x0E, 0x01, 0xF7),
        (0x90, 81, 21),
        (0x90, 82, 0),
    )
    assert len(playing.opening()) == 3  # it may have been unplugged: told again


def test_a_device_that_is_let_go_is_dark_and_in_its_own_mode():
    text = 'close = "F0 01 F7"\n' + LIT
    assert engine(text).closing() == ((0x90, 81, 0), (0x90, 82, 0), (0xF0, 1, 0xF7))


def test_a_light_without_colours_shows_where_the_value_stands():
    playing = engine(LEVEL + "light = true\n")
    assert playing.show("/magnet/deck/1/level", -30.0) == ((0xB0, 7, 64),)


def test_the_light_of_a_switch_is_on_or_off():
    playing = engine(MUTE + "light = true\n")
    told = playing.show("/magnet/deck/1/mute", True), playing.show("/magnet/deck/1/mute", False)
    assert told == (((0x90, 5, 127),), ((0x90, 5, 0),))
