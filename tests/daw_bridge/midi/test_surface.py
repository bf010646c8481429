"""The MIDI devices on a panel."""

from __future__ import annotations

from daw_bridge.midi.engine import Action
from daw_bridge.midi.surface import MidiSurface
from osc_server.contract.packets import OscMessage, encode


def surface():
    heard, shown, said = [], [], []
    made = MidiSurface(
        lambda message, _: heard.append(message),
        lambda address, value: shown.append((address, value)),
        said.append,
    )
    return made, heard, shown, said


def test_an_action_is_a_message_of_the_fader_dialect():
    made, heard, *_ = surface()
    made.act(Action("/magnet/deck/1/level", -6.0))
    assert heard == [OscMessage("/magnet/deck/1/level", (-6.0,))]


def test_feedback_reaches_the_lights_and_a_refusal_the_musician():
    made, _, shown, said = surface()
    made.send(encode("/magnet/deck/1/state", "playing"))
    made.send(encode("/magnet/error", "deck 9 is none"))
    assert (shown, said) == ([("/magnet/deck/1/state", "playing")], ["deck 9 is none"])


def test_every_address_of_every_deck_is_asked_for_once():
    made, heard, *_ = surface()
    made.ask(2)
    asked = [message.address for message in heard]
    assert {"/magnet/deck/2/state", "/magnet/clock/bpm", "/magnet/scene/8/launch"} <= set(asked)
    assert len(asked) == len(set(asked))
    assert not [message for message in heard if message.args]
