"""Controllers over JACK: played, pulled out and plugged in again while a loop sounds."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from osc_server.contract.packets import encode
from tests.daw_bridge.programs import Program
from tests.daw_bridge.test_live_clock import RATE_HZ, live
from tests.tools import end, require_package, require_portaudio, require_tool, running_jack

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

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


@contextmanager
def mapped_live(jack_server, folder):
    """The bridge with a loop of one bar, a map for pads, and an ear on its sound."""
    maps = folder / "config" / "magnet-bridge" / "midi"
    maps.mkdir(parents=True)
    (maps / "pads.midi.toml").write_text(MAP, "utf-8")
    with live(jack_server, folder, block=jack_server.block) as bridge:
        yield bridge


def tell(bridge, address, value):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.sendto(encode(address, value), ("127.0.0.1", bridge.port))


def loudness(ear, begins):
    """The level in each tenth of a second, from a frame on."""
    sound = ear.sound[begins:]
    tenths = sound[: len(sound) // 4800 * 4800].reshape(-1, 4800)
    return np.sqrt(np.mean(tenths**2, axis=1))


def levels_after_notes(ear, begins):
    """The level from 0.2 to 0.9 s after each note: of the soft ones, of the loud ones."""
    found = {SOFT: [], LOUD: []}
    sound = ear.sound
    for at, data in ear.messages:
        if at >= begins and data[0] == NOTE_ON and at + RATE_HZ <= len(sound):
            span = sound[at + RATE_HZ // 5 : at + RATE_HZ * 9 // 10]
            found[data[1]].append(np.sqrt(np.mean(span**2)))
    return found[SOFT], found[LOUD]


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
    with mapped_live(jack_server, tmp_path) as bridge, lamps(environment) as lit:
        ear, program = bridge.ear, bridge.program
        ear.listen(1)
        with pads(bridge, environment) as sequencer:
            soft, loud = levels_after_notes(ear, ear.listen(5.5))
            assert min(len(soft), len(loud)) >= 1
            assert max(soft) < 0.1 * min(loud)
            said = len(program.text)
            sequencer.kill()
            program.expect(f"Pads:out {GONE}", after=said)
        alone = loudness(ear, ear.listen(2))
        assert alone.min() > 0.5 * alone.max() > 0
        tell(bridge, "/magnet/deck/1/mute", 1)
        ear.listen(1)
        assert not ear.sound[-RATE_HZ // 4 :].any()
        dumped = len(lit.text)
        with pads(bridge, environment):
            lit.expect("90 +01 +7f", after=dumped)  # it shows what holds by then
            tell(bridge, "/magnet/deck/1/mute", 0)
            lit.expect("90 +01 +00", after=dumped)
            soft, loud = levels_after_notes(ear, ear.listen(5.5))
            assert min(len(soft), len(loud)) >= 1
            assert max(soft) < 0.1 * min(loud)
    # Plugging in does not hold JACK up: its own log would tell of clients that did not answer.
    assert not re.findall(r".*time.?out.*", jack_server.log.read_text("utf-8", "replace"))
