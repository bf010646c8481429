"""MIDI clock through ports that come and go."""

from __future__ import annotations

import itertools

import mido
import pytest

from daw_bridge.clock.midi_clock_out import MidiClockOut
from daw_bridge.midi.clock_in import MidiClockIn
from daw_bridge.midi.clock_out import MidiClockSender
from daw_bridge.midi.ports import MidiPorts
from osc_server.contract.errors import DeviceUnavailable
from tests.daw_bridge.clock.senders import Stage, ticks_of


class Time:
    """Passes only when somebody sleeps."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def __call__(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


class Port:
    def __init__(self, on_message=None):
        self.on_message = on_message
        self.sent = []
        self.closed = False

    def send(self, message):
        self.sent.append(message)

    def close(self):
        self.closed = True


def play(time, port, due):
    for seconds in due:
        time.seconds = seconds
        port.on_message(mido.Message("clock"))


def opened_by(clock_in, names, wanted="", taken=()):
    ports = {}

    def open_input(name, on_message):
        if name in taken:
            raise DeviceUnavailable(name)
        ports[name] = Port(on_message)
        return ports[name]

    clock_in.look(MidiPorts(tuple(names), ()), open_input, wanted)
    return ports


def test_the_port_that_sends_ticks_leads():
    time = Time()
    clock_in = MidiClockIn(time)
    ports = opened_by(clock_in, ["pads", "drum machine"])
    play(time, ports["drum machine"], ticks_of(lambda _: 125.0, 4.0))
    assert clock_in.reading(time.seconds).bpm == pytest.approx(125)
    assert clock_in.port == "drum machine"


def test_a_second_sender_does_not_take_the_lead():
    time = Time()
    clock_in = MidiClockIn(time)
    ports = opened_by(clock_in, ["b", "a"])
    for seconds in ticks_of(lambda _: 125.0, 4.0):
        play(time, ports["b"], [seconds])
        clock_in.reading(seconds)
        if seconds > 2:
            play(time, ports["a"], [seconds])
    assert clock_in.reading(time.seconds) is not None
    assert clock_in.port == "b"


def test_a_port_that_is_gone_is_closed_and_opened_again_when_it_is_back():
    clock_in = MidiClockIn(Time())
    before = opened_by(clock_in, ["drum machine"])
    opened_by(clock_in, [])
    assert before["drum machine"].closed
    assert "drum machine" in opened_by(clock_in, ["drum machine"])


def test_only_the_wanted_port_is_opened_and_a_taken_one_is_left_alone():
    clock_in = MidiClockIn(Time())
    assert list(opened_by(clock_in, ["Pads", "Drum Machine"], "drum")) == ["Drum Machine"]
    assert opened_by(MidiClockIn(Time()), ["x"], taken=["x"]) == {}


def test_notes_are_left_alone():
    clock_in = MidiClockIn(Time())
    port = opened_by(clock_in, ["keys"])["keys"]
    port.on_message(mido.Message("note_on", note=60))
    assert clock_in.reading(0.0) is None


def test_each_message_is_sent_when_it_is_due():
    stage = Stage(bpm=125.0).run_to(1.0)
    time, port = Time(1.0), Port()
    sender = MidiClockSender(MidiClockOut(stage.clock, stage.clock.time), port, time)
    stamps = []
    port.send = lambda message: stamps.append((time.seconds, message))
    sender.send_until(1.09, time.sleep)
    clocks = [at for at, message in stamps if message == (0xF8,)]
    assert [round(b - a, 4) for a, b in itertools.pairwise(clocks)] == [0.02] * 3
