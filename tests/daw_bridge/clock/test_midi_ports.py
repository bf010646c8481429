"""MIDI clock through ports that come and go."""

from __future__ import annotations

import itertools

import mido
import pytest

from daw_bridge.clock.midi_clock_out import MidiClockOut
from daw_bridge.midi.clock_in import MidiClockIn
from daw_bridge.midi.clock_out import MidiClockSender
from daw_bridge.midi.clock_ports import MidiClockPorts
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
    def __init__(self):
        self.sent = []
        self.closed = False

    def send(self, message):
        self.sent.append(message)

    def close(self):
        self.closed = True


class Backend:
    """Opens outputs."""

    def __init__(self):
        self.opened, self.taken = {}, set()

    def open_output(self, name):
        if name in self.taken:
            raise DeviceUnavailable(f"{name} is taken")
        self.opened[name] = Port()
        return self.opened[name]


def play(time, clock_in, port, due):
    for seconds in due:
        time.seconds = seconds
        clock_in.hear(port, mido.Message("clock"))


def ports_of(wanted_in=(), wanted_out=(), **settings):
    """Ports of a clock that is at rest, its ears, and what was said."""
    clock_in, backend, said = MidiClockIn(Time()), Backend(), []
    stage = Stage()

    def ticks():
        return MidiClockOut(stage.clock, stage.clock.time)

    ports = MidiClockPorts(clock_in, ticks, wanted_in, wanted_out, said.append, **settings)
    ports.use(backend)
    return ports, clock_in, backend, said


def test_the_port_that_sends_ticks_leads():
    time = Time()
    clock_in = MidiClockIn(time)
    clock_in.hear("pads", mido.Message("note_on", note=60))
    play(time, clock_in, "drum machine", ticks_of(lambda _: 125.0, 4.0))
    assert clock_in.reading(time.seconds).bpm == pytest.approx(125)
    assert clock_in.port == "drum machine"


def test_a_second_sender_does_not_take_the_lead():
    time = Time()
    clock_in = MidiClockIn(time)
    for seconds in ticks_of(lambda _: 125.0, 4.0):
        play(time, clock_in, "b", [seconds])
        clock_in.reading(seconds)
        if seconds > 2:
            play(time, clock_in, "a", [seconds])
    assert clock_in.reading(time.seconds) is not None
    assert clock_in.port == "b"


def test_a_port_that_is_gone_no_longer_leads():
    time = Time()
    clock_in = MidiClockIn(time)
    play(time, clock_in, "drum machine", ticks_of(lambda _: 125.0, 4.0))
    assert clock_in.reading(time.seconds) is not None
    clock_in.keep(["pads"])
    assert clock_in.reading(time.seconds) is None


def test_where_inputs_are_named_only_they_are_opened_and_heard():
    ports, clock_in, *_ = ports_of(wanted_in=["drum", "daw"])
    assert [ports.hears(name) for name in ("Drum Machine", "My DAW", "Pads")] == [True, True, False]
    for _ in ticks_of(lambda _: 125.0, 4.0):
        ports.hear("Pads", mido.Message("clock"))
    assert clock_in.reading(0.0) is None
    assert clock_in.port == ""


@pytest.mark.parametrize("opens_any", [True, False])
def test_inputs_that_nobody_named_are_opened_where_they_can_be_shared(opens_any):
    ports, *_ = ports_of(opens_any=opens_any)
    assert ports.hears("Pads") is opens_any


def test_a_named_output_is_sent_a_clock_whenever_it_is_there():
    ports, _, backend, said = ports_of(wanted_out=["drum"])
    ports.look(MidiPorts((), ("Drum Machine", "Pads")))
    (first,) = backend.opened.values()
    ports.look(MidiPorts((), ("Pads",)))
    assert first.closed
    ports.look(MidiPorts((), ("Drum Machine", "Pads")))
    ports.close()
    assert list(backend.opened) == ["Drum Machine"]
    assert backend.opened["Drum Machine"] is not first
    assert said == [
        "MIDI clock goes to Drum Machine",
        "Drum Machine takes no MIDI clock any more; it gets it again once it is back",
        "MIDI clock goes to Drum Machine",
    ]


def test_an_output_that_is_taken_is_told_once_and_tried_again():
    ports, _, backend, said = ports_of(wanted_out=["drum"])
    backend.taken.add("Drum Machine")
    for _ in range(3):
        ports.look(MidiPorts((), ("Drum Machine",)))
    assert said == ["Drum Machine is taken"]
    backend.taken.clear()
    ports.look(MidiPorts((), ("Drum Machine",)))
    ports.close()
    assert said[1:] == ["MIDI clock goes to Drum Machine"]


def test_each_message_is_sent_when_it_is_due():
    stage = Stage(bpm=125.0).run_to(1.0)
    time, port = Time(1.0), Port()
    sender = MidiClockSender(MidiClockOut(stage.clock, stage.clock.time), port, time)
    stamps = []
    port.send = lambda message: stamps.append((time.seconds, message))
    sender.send_until(1.09, time.sleep)
    clocks = [at for at, message in stamps if message == (0xF8,)]
    assert [round(b - a, 4) for a, b in itertools.pairwise(clocks)] == [0.02] * 3
