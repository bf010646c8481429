"""A live set in time with others under JACK: what is heard, in frames, against their ticks."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from daw_bridge.server_process import free_port
from osc_server.contract.packets import decode, encode
from tests.daw_bridge.jack_ear import CONTINUE, POSITION, START, JackEar, onsets
from tests.daw_bridge.programs import Program, running
from tests.tools import end, require_package, require_portaudio, require_tool, running_jack

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

BLOCK = 4096  # four ticks at 125 BPM: a busy machine is late for fewer of them
RATE_HZ = 48000


@pytest.fixture(scope="module")
def jack_server(tmp_path_factory):
    """A JACK server that waits for whoever is late: what counts is what lies on which frame."""
    require_portaudio()
    require_package("jack", package="JACK-Client")
    with running_jack(tmp_path_factory.mktemp("jack"), patient=True, block=BLOCK) as server:
        yield server


class Live:
    """``magnet-bridge live`` with a loop of clicks, and an ear on its sound."""

    def __init__(self, program, ear, port):
        self.program, self.ear, self.port = program, ear, port

    def ask(self, word):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.settimeout(5)
            wire.sendto(encode(f"/magnet/clock/{word}"), ("127.0.0.1", self.port))
            (message,) = decode(wire.recv(1400))
        return message.args[0]

    def clicks(self, begins):
        sound = self.ear.sound[begins:]
        return begins + onsets(sound, 0.5 * np.abs(sound).max())  # above the sine beneath them


@contextmanager
def live(jack_server, folder, *flags, bpm=120, jitter_seconds=0.0, block=BLOCK):
    """The bridge plays a bar of clicks; the ear is connected to it."""
    port = free_port()
    flags = ["--port", str(port), "--model", "tone", "--clips", str(folder / "clips"), *flags]
    flags += ["--host-api", "jack", "--block", str(block), "--bpm", str(bpm)]
    flags += ["--bars", "1", "--seed", "3", "--midi-api", "jack"]
    with (
        JackEar(jack_server, jitter_seconds) as ear,
        running("live", "pad", *flags, folder=folder, env=jack_server.environment) as program,
    ):
        program.expect("playing +pad", seconds=90)
        ear.connect("PortAudio:out_0", "sound")
        yield Live(program, ear, port)


@contextmanager
def midi_clock(jack_server, ear, *flags):
    """``jack_midi_clock``, which follows JACK's transport and tells it to whoever listens."""
    tool = require_tool("jack_midi_clock", package="jack-midi-clock")
    sender = subprocess.Popen(
        [tool, *flags],
        env=jack_server.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ear.connect("mclk_out", "midi")
        yield sender
    finally:
        ear.client.transport_stop()
        end(sender)


def line_of(ticks):
    """The sender's beats on the frames: where beat 0 lies, and frames a beat."""
    period, first = np.polyfit(np.arange(len(ticks)) / 24, ticks, 1)
    return first, period


def beats_of(clicks, ticks):
    """On which of the sender's beats each click lies."""
    first, period = line_of(ticks)
    return (clicks - first) / period


def off_ms(clicks, ticks):
    """How far each click is from the nearest of the sender's beats."""
    beats = beats_of(clicks, ticks)
    return (beats - np.round(beats)) * line_of(ticks)[1] / RATE_HZ * 1000


def off_ticks_ms(clicks, ticks):
    """How far each click is from the nearest tick."""
    return np.abs(clicks[:, None] - ticks[None, :]).min(axis=1) / RATE_HZ * 1000


def ticks_since_start(ear):
    """The ticks after the last start, or the song position that came in its place."""
    return ear.ticks(max(at for at, data in ear.messages if data[0] in (START, CONTINUE, POSITION)))


def undisturbed(jack_server, ear, measure):
    """What was measured while JACK lost nothing: a block that nobody wrote is nobody's beat."""

    def n_lost():
        return len(ear.lost_at) + jack_server.log.read_text("utf-8", "replace").count("XRun")

    for _ in range(6):
        before = n_lost()
        found = measure()
        if n_lost() == before:
            return found
    pytest.fail("JACK lost blocks each time: this machine is too busy to measure anything")


@pytest.mark.parametrize("jitter_seconds", [0.0, 0.003])
def test_a_loop_lies_on_the_beats_of_a_foreign_midi_clock(jack_server, tmp_path, jitter_seconds):
    flags = ("--clock-in", "ear:cable", "--clock-offset", "-10")  # the cable's length
    with live(jack_server, tmp_path, *flags, jitter_seconds=jitter_seconds) as bridge:
        ear = bridge.ear
        ear.wait_for_connection("ear:cable", "magnet-bridge")

        def measure():
            said = len(bridge.program.text)
            with midi_clock(jack_server, ear, "-b", "125") as sender:
                ear.start_from_the_top()
                bridge.program.expect("midi leads the clock", after=said)
                ear.listen(4)  # two bars
                begins = ear.listen(5)
                ticks, bpm = ticks_since_start(ear), bridge.ask("bpm")
                led = off_ms(bridge.clicks(begins), ticks)
                sender.kill()
                bridge.program.expect("midi is silent: the clock goes on alone", after=said)
                alone = off_ms(bridge.clicks(ear.listen(4)), ticks)
            return ticks, bpm, led, alone

        ticks, bpm, led, alone = undisturbed(jack_server, ear, measure)
        assert line_of(ticks)[1] == pytest.approx(RATE_HZ * 60 / 125, abs=1)
        assert abs(bpm - 125) < 0.1
        assert min(len(led), len(alone)) >= 7
        assert np.abs(led).max() < 5
        assert np.abs(alone).max() < 5
        assert bridge.ask("leader") == "internal"


class Timebase:
    """JACK's timebase: bar, beat and tempo of the transport; the tempo can be changed."""

    def __init__(self, client, bpm):
        self.bpm, self._beat, self._frame = bpm, 0.0, 0
        client.set_timebase_callback(self._tell)

    def _tell(self, state, n_frames, position, new_position):
        frame = position.frame
        if new_position or frame < self._frame:
            self._beat = frame * self.bpm / 60 / RATE_HZ
        else:
            self._beat += (frame - self._frame) * self.bpm / 60 / RATE_HZ
        self._frame = frame
        bar, beat = divmod(self._beat, 4)
        position.valid = 0x10  # bar, beat and tick
        position.bar, position.beat = int(bar) + 1, int(beat) + 1
        position.tick = int(beat % 1 * 1920)
        position.bar_start_tick = bar * 4 * 1920
        position.beats_per_bar, position.beat_type = 4, 4
        position.ticks_per_beat, position.beats_per_minute = 1920, self.bpm


def test_a_foreign_transport_stops_starts_and_changes_the_tempo(jack_server, tmp_path):
    with (
        live(jack_server, tmp_path, "--clock-in", "mclk") as bridge,
        midi_clock(jack_server, bridge.ear),
    ):
        ear = bridge.ear
        timebase = Timebase(ear.client, 125.0)
        ear.wait_for_connection("mclk_out", "magnet-bridge")
        ear.start_from_the_top()
        bridge.program.expect("midi leads the clock: 12")
        ear.listen(4)
        timebase.bpm = 131.0
        ear.listen(6)

        def measure():
            begins = ear.listen(5)
            return ear.ticks(begins), bridge.clicks(begins)

        ticks, clicks = undisturbed(jack_server, ear, measure)
        assert 60 * RATE_HZ / line_of(ticks)[1] == pytest.approx(131, abs=0.01)
        assert abs(bridge.ask("bpm") - 131) < 0.1
        assert off_ticks_ms(clicks, ticks).max() < 5

        def start_again():
            said = len(bridge.program.text)
            ear.client.transport_stop()
            bridge.program.expect("midi has stopped", after=said)
            ear.listen(0.3)
            begins = ear.listen(2)
            silence = ear.sound[begins:]
            ear.start_from_the_top()
            bridge.program.expect("midi leads the clock", after=said)
            ear.listen(1)
            begins = ear.listen(5)
            return silence, off_ms(bridge.clicks(begins), ticks_since_start(ear))

        silence, off = undisturbed(jack_server, ear, start_again)
        assert not silence.any()
        assert len(off) >= 9
        assert np.abs(off).max() < 5


def test_a_foreign_follower_is_in_time_with_what_is_heard(jack_server, tmp_path):
    tool = require_tool("jack_mclk_dump", package="jack-midi-clock")
    # The ear passes on what it hears: back to us that would be a circle, which costs a block.
    flags = ("--clock-in", "nobody", "--clock-out", "ear:midi,mclk_dump")
    with live(jack_server, tmp_path, *flags, bpm=133.25) as bridge:
        bridge.program.expect("MIDI clock goes to ear:midi")
        ear = bridge.ear
        ear.listen(2)

        def measure():
            begins = ear.listen(5)
            return ear.ticks(begins), bridge.clicks(begins)

        ticks, clicks = undisturbed(jack_server, ear, measure)
        first, period = line_of(ticks)
        assert np.abs(ticks - first - period / 24 * np.arange(len(ticks))).max() < 4  # frames
        assert 60 * RATE_HZ / period == pytest.approx(133.25, abs=0.01)
        assert len(clicks) >= 10
        assert off_ticks_ms(clicks, ticks).max() < 2

        heard = 0
        for _ in range(2):  # it may go and come back
            with subprocess.Popen(
                ["stdbuf", "-oL", tool, "-n"], env=jack_server.environment, stdout=subprocess.PIPE
            ) as process:
                follower = Program(process)
                heard = bridge.program.expect("MIDI clock goes to jack_mclk_dump", after=heard)
                follower.expect(r"flt: +133\.(1[5-9]|2\d|3[0-5])\[BPM\]")
                end(process)
            heard = bridge.program.expect("jack_mclk_dump.* takes no MIDI clock", after=heard)
        assert "failed" not in bridge.program.text
