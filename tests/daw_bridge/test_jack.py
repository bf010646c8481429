"""The live set through a real audio server: what JACK recorded, compared sample by sample."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.client import MagnetClient
from daw_bridge.server_process import free_port
from osc_server.contract.errors import MagnetError
from tests.daw_bridge.programs import alive, descendants, running
from tests.tools import audio_priority, require_portaudio, require_tool, running_jack
from tests.witness import watching_the_machine

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

RATE_HZ = 48000
BAR = 96_000  # samples at 120 BPM
LONG_SECONDS = 60
CROSSFADE = 240


@pytest.fixture(scope="module")
def jack_server(tmp_path_factory):
    """A JACK server that waits for the recorder: what is judged is the bridge."""
    require_portaudio()
    with running_jack(tmp_path_factory.mktemp("jack"), patient=True) as server:
        yield server


@contextmanager
def playing(jack_server, folder, *arguments, port=None, model="tone"):
    port = port or free_port()
    flags = ["--port", str(port), "--model", model, "--clips", str(folder / "clips")]
    flags += ["--host-api", "jack", "--bpm", "120"]
    environment = jack_server.environment
    with running("live", "pad", *arguments, *flags, folder=folder, env=environment) as program:
        program.expect(r"sound +\S.*JACK.*48000 Hz, blocks of 1024")
        program.expect("playing +pad")
        yield program


class Recording(threading.Thread):
    """``jack_capture`` on the bridge's first output: 32-bit float, not one bit changed."""

    def __init__(self, jack_server, path, seconds):
        super().__init__()
        capture = require_tool("jack_capture", package="jack-capture")
        source = ["-p", "PortAudio:out_0", "-c", "1"]
        self._path = path
        self._command = [capture, "-d", str(seconds), *source, "-ns", str(path)]
        self._environment = jack_server.environment
        self._limit = seconds + 30
        self.said = ""
        self.start()

    def run(self):
        with audio_priority():  # of this thread
            done = subprocess.run(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=self._limit,
                check=False,
            )
        self.said = done.stdout + done.stderr

    def samples(self):
        self.join()
        assert self._path.exists(), self.said
        return soundfile.read(self._path, dtype="float32")[0]


def clips_in(folder: Path) -> list[np.ndarray]:
    """What is on disk, the oldest first."""
    paths = sorted((folder / "clips").glob("*.wav"), key=lambda path: path.stat().st_mtime_ns)
    return [soundfile.read(path, dtype="float32", always_2d=True)[0][:, 0] for path in paths]


def find(recorded: np.ndarray, loop: np.ndarray, *, length: int = 2000) -> int | None:
    """The first sample from which ``recorded`` is ``loop`` from its beginning, bit for bit."""
    landmark = int(np.abs(loop[:length]).argmax())
    for place in np.flatnonzero(recorded == loop[landmark]):
        start = place - landmark
        if start >= 0 and np.array_equal(recorded[start : start + length], loop[:length]):
            return int(start)
    return None


def assert_looped_exactly(recorded: np.ndarray, loop: np.ndarray) -> None:
    """All that was recorded is the loop, round after round, without a sample more or less."""
    start = find(recorded, loop)
    assert start is not None, "the loop is not in the recording"
    n_before = -(-start // len(loop)) * len(loop)
    whole = np.tile(loop, len(recorded) // len(loop) + 3)
    expected = whole[n_before - start :][: len(recorded)]
    differing = np.flatnonzero(recorded != expected)
    assert not differing.size, f"{differing.size} samples differ, the first at {differing[0]}"


class Rendering(threading.Thread):
    """Somebody else's jobs for the real model, one after the other, through the front port."""

    def __init__(self, port):
        super().__init__()
        self._port = port
        self._ending = threading.Event()
        self.clips_made = 0
        self.start()

    def run(self):
        try:
            with MagnetClient(port=self._port) as magnet:
                while not self._ending.is_set():
                    magnet.generate("busy drums", bars=4, model="embedded")
                    self.clips_made += 1
        except MagnetError:
            return

    def end(self):
        self._ending.set()
        self.join()


def test_a_loop_is_exact_for_sixty_seconds_while_the_worker_renders(jack_server, tmp_path):
    port = free_port()
    arguments = ("--bars", "2", "--seed", "1")
    with (
        watching_the_machine() as witnesses,
        playing(jack_server, tmp_path, *arguments, port=port) as program,
    ):
        (loop,) = clips_in(tmp_path)
        rendering = Rendering(port)
        recorded = Recording(jack_server, tmp_path / "heard.wav", LONG_SECONDS).samples()
        rendering.end()
        said = program.text
    assert rendering.clips_made >= 3
    assert len(recorded) >= (LONG_SECONDS - 1) * RATE_HZ
    assert_looped_exactly(recorded, loop)
    # Where a core stands still for 10 ms, no program on it is in time.
    late = [int(ours) for _, ours in re.findall(r"underruns +(\d+) \((\d+) ours\)", said)]
    assert max(late, default=0) <= len(witnesses.stalls_ms)


def test_the_loop_does_not_stop_when_the_server_is_killed(jack_server, tmp_path):
    with playing(jack_server, tmp_path, "--bars", "1") as program:
        (loop,) = clips_in(tmp_path)
        recording = Recording(jack_server, tmp_path / "heard.wav", 6)
        (server, *_) = sorted(descendants(program.pid))
        os.kill(server, signal.SIGKILL)
        program.expect("starting it again")
        recorded = recording.samples()
    assert_looped_exactly(recorded, loop)


def test_each_clip_takes_over_on_the_exact_sample_of_its_bar(jack_server, tmp_path):
    arguments = ("--bars", "1", "--every", "2")
    with playing(jack_server, tmp_path, *arguments):
        recorded = Recording(jack_server, tmp_path / "heard.wav", 14).samples()
    found = [(find(recorded, clip), clip) for clip in clips_in(tmp_path)]
    # The first one found was playing already when the recording began.
    heard = [(start, clip) for start, clip in found if start is not None][1:]
    assert len(heard) >= 3
    assert {(start - heard[0][0]) % (2 * BAR) for start, _ in heard} == {0}
    for start, clip in heard:
        # Every sample is the clip's, up to the crossfade that ends on the next one's bar.
        rounds = recorded[start : start + 2 * BAR - CROSSFADE]
        assert np.array_equal(rounds, np.tile(clip, 2)[: len(rounds)])


def test_generate_plays_a_clip_on_a_real_device_and_comes_back(jack_server, tmp_path):
    arguments = ["kick", "--bars", "1", "--play", "--model", "tone", "--host-api", "jack"]
    arguments += ["--clips", str(tmp_path / "clips"), "--port", str(free_port())]
    environment = jack_server.environment
    with running("generate", *arguments, folder=tmp_path, env=environment) as program:
        program.expect("playing on")
        program.seconds_to_end()
    assert program.process.returncode == 0


def test_the_loop_comes_back_by_itself_with_a_jack_server_that_was_gone(tmp_path):
    require_portaudio()
    with (
        running_jack(tmp_path, patient=True) as dying,
        playing(dying, tmp_path, "--bars", "1", "--seed", "3") as program,
    ):
        (loop,) = clips_in(tmp_path)
        os.kill(dying.pid, signal.SIGKILL)
        os.waitpid(dying.pid, 0)  # else its name stays taken
        program.expect("has stopped: is it still plugged in")
        program.expect("went on in a new process: no sound", seconds=60)
        with running_jack(tmp_path, patient=True, name=dying.name) as back:
            told = program.expect("went on in a new process: .*JACK", seconds=60)
            program.expect("playing +pad", after=told)
            recorded = Recording(back, tmp_path / "heard.wav", 4).samples()
    assert_looped_exactly(recorded, loop)


@pytest.mark.parametrize("later_seconds", [0.0, 0.7, 1.4, 2.1])
def test_a_jack_server_that_dies_is_a_sentence_and_holds_up_nothing(tmp_path, later_seconds):
    require_portaudio()
    with running_jack(tmp_path, patient=True) as dying, playing(dying, tmp_path) as program:
        family = descendants(program.pid)
        os.kill(dying.pid, signal.SIGKILL)
        program.expect("has stopped: is it still plugged in|start magnet-bridge again")
        time.sleep(later_seconds)  # it closes, and begins anew in another process meanwhile
        os.kill(program.pid, signal.SIGTERM)
        assert program.seconds_to_end() < 2.5
    assert not alive(family)
