"""Names and messages of JACK's ports; the ports themselves are played in test_live_controllers."""

from __future__ import annotations

import mido
import pytest

from daw_bridge.midi.jack_backend import JackBackend
from daw_bridge.midi.jack_wires import JackInput, JackOutput
from osc_server.contract.errors import DeviceUnavailable

RATE_HZ = 48000


class OwnPort:
    """A port of ours of JACK-Client, as JACK's thread sees it in one block."""

    def __init__(self, room=64):
        self.room = self.max_event_size = room
        self.coming = []
        self.written = []

    def incoming_midi_events(self):
        return iter(self.coming)

    def clear_buffer(self):
        self.written.clear()
        self.max_event_size = self.room

    def write_midi_event(self, offset, message):
        assert len(message) <= self.max_event_size
        self.max_event_size -= len(message)
        self.written.append((offset, message))


class CardWithNames:
    """What JACK says of a card's ports, which no driver without a card has."""

    errors = KeyError

    def __init__(self):
        self.port, self.wire = OwnPort(), None

    def senders(self):
        return ("system:midi_capture_1", "Pads:out")

    def receivers(self):
        return ("system:midi_playback_1",)

    def shown(self, name):
        return {
            "system:midi_capture_1": "alsa:Grid/in",
            "system:midi_playback_1": "alsa:Grid/out",
        }.get(name, name)

    def connect_from(self, name, hear):
        if name not in self.senders():
            raise KeyError(name)
        self.wire = JackInput(name, self.port, RATE_HZ, is_physical=True)
        self.wire.add(hear, 0.0)

    def disconnect_from(self, name, hear):
        self.wire.remove(hear)


def test_a_card_s_ports_are_known_and_opened_by_the_name_of_their_device():
    jack, heard = CardWithNames(), []
    backend = JackBackend(jack, lambda work: work())
    ports = backend.ports()
    assert ports.inputs == ("alsa:Grid/in", "Pads:out")
    assert ports.outputs == ("alsa:Grid/out",)
    plug = backend.open_input("alsa:Grid/in", heard.append)
    assert jack.wire.name == "system:midi_capture_1"
    jack.port.coming = [
        (3, b"\x90\x3c\x40"),
        (4, b"\xf8"),
        (5, b"\xfe"),
        (6, b"\x90"),
        (7, b"\xfa"),
    ]
    jack.wire.read(0)
    assert heard == [mido.Message("note_on", note=60, velocity=64), mido.Message("start")]
    plug.close()
    jack.wire.read(0)
    assert len(heard) == 2
    with pytest.raises(DeviceUnavailable, match="'Gone:out' of JACK cannot be used"):
        backend.open_input("Gone:out", heard.append)


def test_several_hear_one_port_and_only_a_program_s_messages_are_meant_later():
    port, first, second = OwnPort(), [], []
    hears = [lambda *said: first.append(said), lambda *said: second.append(said)]
    for physical, later in ((False, 0.25), (True, 0.0)):
        wire = JackInput("Pads:out", port, RATE_HZ, is_physical=physical)
        for hear in (*hears, hears[0]):  # who hears it already does not hear it twice
            wire.add(hear, 0.25)
        port.coming = [(480, b"\xfa")]
        wire.read(RATE_HZ)
        assert first == second == [("Pads:out", b"\xfa", pytest.approx(1.01 + later))]
        wire.remove(hears[0])
        assert wire.is_heard
        wire.remove(hears[1])
        assert not wire.is_heard
        first.clear(), second.clear()


def test_messages_go_out_in_order_on_their_frames_and_what_does_not_fit_with_the_next_block():
    port = OwnPort(room=8)
    output = JackOutput(port, RATE_HZ, 0.0)
    output.send((0x90, 1, 127))
    output.send_at(100 / RATE_HZ, (0xF8,))
    output.send((0x90, 2, 127))
    output.send((0x90, 3, 127))
    output.send((0xF0, *range(20), 0xF7))  # larger than any block has room for
    output.send_at(2000 / RATE_HZ, (0xFC,))
    output.write(0, 1024)
    assert port.written == [(0, b"\x90\x01\x7f"), (100, b"\xf8"), (100, b"\x90\x02\x7f")]
    output.write(1024, 1024)
    assert port.written == [(0, b"\x90\x03\x7f"), (2000 - 1024, b"\xfc")]
    output.write(2048, 1024)
    assert port.written == []
