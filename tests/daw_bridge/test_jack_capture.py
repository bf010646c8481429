"""Capture through a real audio server: what others play on the bridge's beats, sample by sample."""

from __future__ import annotations

import re
import socket
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile

from daw_bridge.server_process import free_port
from osc_server.contract.packets import decode, encode
from tests.daw_bridge.integrations.hosts import host, recording
from tests.daw_bridge.programs import running
from tests.tools import require_portaudio, require_tool, running_jack

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

BAR = 96_000  # samples at 120 BPM and 48 kHz
SEAM = 240
PERIOD = 1024
INPUT = "PortAudio:in_0"
NOISE = """#N canvas 0 0 450 300 12;
#X obj 10 10 noise~;
#X obj 10 50 *~ 0.2;
#X obj 10 90 dac~ 1;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
"""


@pytest.fixture(scope="module")
def jack_server(tmp_path_factory):
    require_portaudio()
    with running_jack(tmp_path_factory.mktemp("jack"), patient=True) as server:
        yield server


@pytest.fixture
def pure_data(jack_server, tmp_path):
    """Somebody who plays noise; the JACK port that it comes out of."""
    pd = require_tool("pd", package="puredata-core")
    patch = tmp_path / "noise.pd"
    patch.write_text(NOISE)
    flags = ["-nogui", "-stderr", "-jack", "-r", "48000", "-channels", "1", "-nomidi"]
    command = [pd, *flags, "-send", "pd dsp 1", "-open", str(patch)]
    with host(command, jack_server.environment):
        yield port_of(jack_server, r"pure_data\S*:output\S*1")


def port_of(jack, pattern):
    deadline = time.monotonic() + 20
    while not (found := re.search(pattern, jack.run("jack_lsp"))):
        assert time.monotonic() < deadline, jack.run("jack_lsp")
        time.sleep(0.1)
    return found[0]


class Surface:
    """Speaks the fader dialect to a live set."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(20)

    def send(self, address, *args):
        self.socket.send(encode(f"/magnet/{address}", *args))

    def hear(self, address, pattern):
        """Wait until an address says something that matches."""
        told = []
        while True:
            for message in decode(self.socket.recv(2048)):
                told.append((message.address, *message.args))
                asked = message.address == f"/magnet/{address}"
                if asked and re.search(pattern, str(message.args[0])):
                    return
            assert len(told) < 5000, told[-20:]


@contextmanager
def listening(jack, folder, source, *arguments):
    """A live set whose deck 1 plays on output 1, and whose input 1 hears ``source``."""
    port = free_port()
    flags = ["--port", str(port), "--model", "tone", "--clips", str(folder / "clips")]
    flags += ["--host-api", "jack", "--bpm", "120", "--bars", "2", "--seed", "1"]
    flags += ["--decks", "2", "--deck-outputs", "1/2", "--inputs", "1", *arguments]
    with running("live", "pad", *flags, folder=folder, env=jack.environment) as program:
        program.expect("playing +pad")
        for connected in re.findall(r"^ +(\S+)", jack.run("jack_lsp", "-c", INPUT), re.M):
            jack.run("jack_disconnect", connected, INPUT)
        jack.run("jack_connect", source, INPUT)
        surface = Surface(port)
        surface.send("live/message")
        surface.send("deck/2/capture_bars", 2)
        yield program, surface
        surface.socket.close()


def capture(surface, folder):
    """Press on deck 2, and read what was written."""
    surface.send("deck/2/capture", 1)
    surface.hear("live/message", "deck 2 took the last 2 bars")
    (path,) = (folder / "clips" / "captures").glob("*.wav")
    return soundfile.read(path, dtype="float32")[0]


def the_loop(folder):
    (path,) = (folder / "clips").glob("*.wav")
    return soundfile.read(path, dtype="float32", always_2d=True)[0][:, 0]


def find(heard, wanted, length=2000):
    """Where ``heard`` is ``wanted`` from its beginning, bit for bit."""
    landmark = int(np.abs(wanted[:length]).argmax())
    for place in np.flatnonzero(heard == wanted[landmark]):
        start = int(place) - landmark
        if start >= 0 and np.array_equal(heard[start : start + length], wanted[:length]):
            return start
    raise AssertionError("it is not in there")


def test_a_deck_that_is_wired_to_the_input_comes_back_on_its_own_beats(jack_server, tmp_path):
    # A wire from our output to our input: JACK hands it over one period later.
    wire_ms = str(PERIOD / 48)
    with listening(jack_server, tmp_path, "PortAudio:out_0", "--input-latency", wire_ms) as (
        _,
        surface,
    ):
        time.sleep(7)  # three bars and a half come in
        captured = capture(surface, tmp_path)
        surface.send("deck/1/stop", 1)
        surface.send("deck/2/state")
        surface.hear("deck/2/state", "playing")
    loop = the_loop(tmp_path)
    assert len(captured) == 2 * BAR
    # The two bars end on the last bar line: on the loop's own beginning, or in its middle.
    played = next(
        turned
        for turned in (loop, np.roll(loop, BAR))
        if np.array_equal(captured[:100], turned[:100])
    )
    assert np.array_equal(captured[:-SEAM], played[:-SEAM])
    assert captured[-SEAM:] == pytest.approx(played[-SEAM:], abs=1e-6)


def test_what_another_program_plays_on_these_beats_is_captured_to_the_sample(
    jack_server, pure_data, tmp_path
):
    with listening(jack_server, tmp_path, pure_data) as (_, surface):
        ports = ["PortAudio:out_0", pure_data]
        with recording(jack_server, ports, tmp_path / "heard.wav") as recorder:
            time.sleep(8)
            captured = capture(surface, tmp_path)
            heard = recorder.finish()
    deck, noise = heard[:, 0], heard[:, 1]
    begins = find(noise, captured)
    # A third party heard both: the noise on each bar line of the deck is what was captured.
    assert (begins - find(deck, the_loop(tmp_path))) % BAR == 0
    assert len(captured) == 2 * BAR
    assert np.array_equal(captured[:-SEAM], noise[begins : begins + 2 * BAR - SEAM])


def test_the_latency_that_is_counted_is_told(jack_server, tmp_path):
    with listening(jack_server, tmp_path, "system:capture_1") as (program, _):
        program.expect(r"listening to system, inputs 1, on the output's own samples, 0\.0 ms")


TWO_STREAMS = """
import re, subprocess, time
from daw_bridge.audio.device_input import DeviceInput
from daw_bridge.audio.device_output import DeviceOutput
from daw_bridge.audio.input import InputSettings
from daw_bridge.audio.output import OutputSettings
from daw_bridge.audio.portaudio import input_devices

EVERY = 12_000

class Pulse:
    def process(self, out, start):
        out[:] = 0.0
        out[(-start) % EVERY :: EVERY] = 0.9

output = DeviceOutput(OutputSettings(host_api="jack", channels=(1,)))
(device, *_) = [one for one in input_devices() if "JACK" in one.host_api]
source = DeviceInput(device, InputSettings(channels=(1,)), output, 1024)
output.start(Pulse())
source.start()
ports = subprocess.run(["jack_lsp"], capture_output=True, text=True).stdout
listener = re.search(r"PortAudio\\S*:in_0", ports)[0]
subprocess.run(["jack_disconnect", "system:capture_1", listener], check=True)
subprocess.run(["jack_connect", "PortAudio:out_0", listener], check=True)
began = time.monotonic()
while time.monotonic() < began + 5:
    source.look(time.monotonic())
    time.sleep(1 / 30)
sample = output.heard_sample() // EVERY * EVERY
place = source.place_of(sample)
time.sleep(0.3)
heard = source.ring.read(place - EVERY // 2, place + EVERY // 2)[:, 0]
print("off", int(heard.argmax()) - EVERY // 2)
source.stop()
output.stop()
"""


def test_two_streams_are_aligned_by_the_times_of_their_drivers(jack_server):
    """Two streams of their own on one sound server, so that the truth is known."""
    said = jack_server.run(sys.executable, "-c", TWO_STREAMS)
    off = int(re.search(r"off (-?\d+)", said)[1])
    # The drivers count a card's latency, two periods, that a wire does not have; what is left are
    # some samples. 5 ms leave room for a machine that stands still now and then.
    assert abs(off + 2 * PERIOD) <= 240, said
