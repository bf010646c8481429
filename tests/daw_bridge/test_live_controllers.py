"""Controllers over JACK: played, pulled out and plugged in again while a loop sounds."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from daw_bridge.server_process import free_port
from osc_server.contract.packets import encode
from tests.daw_bridge.jack_ear import JackEar
from tests.daw_bridge.programs import Program, running
from tests.tools import end, require_package, require_portaudio, require_tool, running_jack

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

RATE_HZ = 48000
SECOND = RATE_HZ
SOFT, LOUD = 60, 62
NOTE_ON = 0x90
GONE = "is gone; the music goes on"
MAP = """
devices = "Pads*"

[[control]]
note = [60, 62]
address = "/magnet/deck/1/level"
mode = "press"
value = [-30, 0]

[[control]]
note = 1
address = "/magnet/deck/1/mute"
light = true
"""


@pytest.fixture(scope="module")
def jack_server(tmp_path_factory):
    """A JACK server that waits for whoever is late: what counts is what lies on which frame."""
    require_portaudio()
    require_package("jack", package="JACK-Client")
    with running_jack(tmp_path_factory.mktemp("jack"), patient=True) as server:
        yield server


class Live:
    """``magnet-bridge live`` with a loop of one bar, a map for pads, and an ear on its sound."""

    def __init__(self, program, ear, port):
        self.program, self.ear, self.port = program, ear, port

    def tell(self, address, value):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.sendto(encode(address, value), ("127.0.0.1", self.port))

    def loudness(self, begins):
        """The level in each tenth of a second, from a frame on."""
        sound = self.ear.sound[begins:]
        tenths = sound[: len(sound) // 4800 * 4800].reshape(-1, 4800)
        return np.sqrt(np.mean(tenths**2, axis=1))

    def levels_after_notes(self, begins):
        """The level from 0.2 to 0.9 s after each note: of the soft ones, of the loud ones."""
        found = {SOFT: [], LOUD: []}
        sound = self.ear.sound
        for at, data in self.ear.messages:
            if at >= begins and data[0] == NOTE_ON and at + SECOND <= len(sound):
                span = sound[at + SECOND // 5 : at + SECOND * 9 // 10]
                found[data[1]].append(np.sqrt(np.mean(span**2)))
        return found[SOFT], found[LOUD]


@contextmanager
def live(jack_server, folder):
    maps = folder / "config" / "magnet-bridge" / "midi"
    maps.mkdir(parents=True)
    (maps / "pads.midi.toml").write_text(MAP, "utf-8")
    port = free_port()
    flags = ["--port", str(port), "--model", "tone", "--clips", str(folder / "clips")]
    flags += ["--host-api", "jack", "--bpm", "120", "--bars", "1", "--seed", "3"]
    environment = jack_server.environment | {"MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK"}
    with (
        JackEar(jack_server) as ear,
        running("live", "pad", *flags, folder=folder, env=environment) as program,
    ):
        program.expect("playing +pad", seconds=90)
        ear.connect("PortAudio:out_0", "sound")
        yield Live(program, ear, port)


@contextmanager
def pads(bridge, environment):
    """``jack_midiseq``: a note that makes it soft and one that makes it loud, a second each."""
    tool = require_tool("jack_midiseq", package="jackd2")
    notes = ["0", str(SOFT), "24000", "48000", str(LOUD), "24000"]
    said = len(bridge.program.text)
    with subprocess.Popen(
        [tool, "Pads", "96000", *notes], env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as sequencer:  # fmt: skip
        try:
            bridge.ear.connect("Pads:", "midi")
            bridge.program.expect("Pads:out plays pads", after=said)
            yield sequencer
        finally:
            end(sequencer)


@contextmanager
def lamps(environment):
    """``jack_midi_dump``, which prints what it is told: the lights of the pads."""
    tool = require_tool("jack_midi_dump", package="jackd2")
    with subprocess.Popen(
        ["stdbuf", "-oL", tool, "-r", "Pads lamps"], env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield Program(process)
        finally:
            end(process)


def test_a_controller_is_lost_and_comes_back_while_the_loop_sounds(jack_server, tmp_path):
    environment = jack_server.environment
    with live(jack_server, tmp_path) as bridge, lamps(environment) as lit:
        ear, program = bridge.ear, bridge.program
        ear.listen(1)
        with pads(bridge, environment) as sequencer:
            soft, loud = bridge.levels_after_notes(ear.listen(5.5))
            assert min(len(soft), len(loud)) >= 1
            assert max(soft) < 0.1 * min(loud)
            said = len(program.text)
            sequencer.kill()
            program.expect(f"Pads:out {GONE}", after=said)
        alone = bridge.loudness(ear.listen(2))
        assert alone.min() > 0.5 * alone.max() > 0
        bridge.tell("/magnet/deck/1/mute", 1)
        ear.listen(1)
        assert not ear.sound[-RATE_HZ // 4 :].any()
        dumped = len(lit.text)
        with pads(bridge, environment):
            lit.expect("90 +01 +7f", after=dumped)  # it shows what holds by then
            bridge.tell("/magnet/deck/1/mute", 0)
            lit.expect("90 +01 +00", after=dumped)
            soft, loud = bridge.levels_after_notes(ear.listen(5.5))
            assert min(len(soft), len(loud)) >= 1
            assert max(soft) < 0.1 * min(loud)
    # Plugging in does not hold JACK up: its own log would tell of clients that did not answer.
    assert not re.findall(r".*time.?out.*", jack_server.log.read_text("utf-8", "replace"))
