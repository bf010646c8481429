"""The LV2 plugin under test: builds it and a small host, and drives both block by block."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

import daw_bridge.integrations
from tests.tools import require_tool

Samples = NDArray[np.float32]  # [n_samples, 2]

SOURCE = Path(daw_bridge.integrations.__file__).parent / "lv2"
HOST_SOURCE = Path(__file__).parent / "lv2_host"
URI = "urn:magnet-bridge:loop"
STATES = ("no server", "idle", "waiting", "rendering", "cued", "playing", "ready", "error")


@dataclass(frozen=True, slots=True)
class Built:
    """What was built for a test.

    Attributes:
        bundle: the plugin's bundle.
        host: the small host, a program.
    """

    bundle: Path
    host: Path


def build(folder: Path, *flags: str, watched: bool = True) -> Built:
    """Build the plugin as ``make plugin`` does, and the host beside it.

    Args:
        folder: where to.
        flags: more for the compiler, such as a sanitizer.
        watched: whether the host counts what run() may not do.
    """
    folder.mkdir(exist_ok=True)
    make = [require_tool("make", package="make"), "-s", "-C", str(SOURCE), f"OUT={folder}"]
    subprocess.run([*make, f"CFLAGS=-O2 {' '.join(flags)} -Werror"], check=True)
    compiler, program = require_tool("cc", package="gcc"), folder.with_name(f"{folder.name}-host")
    options = ["-std=c11", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror", *flags]
    options += [] if watched else ["-DNO_WATCH"]
    sources = [str(HOST_SOURCE / name) for name in ("host.c", "watch.c")]
    include = ["-I", str(SOURCE)]
    subprocess.run(
        [compiler, *options, *include, *sources, "-o", str(program), "-ldl", "-lpthread"],
        check=True,
    )
    return Built(folder / "magnet.lv2", program)


@dataclass(frozen=True, slots=True)
class Song:
    """A host's timeline with one tempo and meter from its first sample on.

    Attributes:
        rate_hz: samples per second.
        bpm: quarter notes a minute.
        beats: upper number of the meter.
        unit: lower number of the meter.
        ticks: of a quarter note that the host counts in, as Ardour and JACK do; 0 = none.
    """

    rate_hz: int
    bpm: float
    beats: int = 4
    unit: int = 4
    ticks: int = 0

    @property
    def samples_per_bar(self) -> Fraction:
        quarters = Fraction(self.beats * 4, self.unit)
        return quarters * 60 * self.rate_hz / Fraction(str(self.bpm))

    def bar_starts(self, bar: int) -> int:
        """The sample nearest to the beginning of a bar, counted from 0."""
        return int(self.samples_per_bar * bar + Fraction(1, 2))

    def at(self, frame: int, *, speed: float = 1.0) -> str:
        """What time:Position says at a sample, in the types that jalv and Ardour use."""
        bars = Fraction(frame) / self.samples_per_bar
        bar = bars.numerator // bars.denominator
        bar_beat = (bars - bar) * self.beats
        if self.ticks:
            per_unit = Fraction(self.ticks * 4, self.unit)
            bar_beat = Fraction(int(bar_beat * per_unit)) / per_unit
        words = [f"lframe={frame}", f"fspeed={speed}", f"lbar={bar}"]
        words += [f"fbarBeat={float(bar_beat):.9g}", f"fbeatsPerBar={self.beats}"]
        words += [f"ibeatUnit={self.unit}", f"fbeatsPerMinute={self.bpm:.9g}"]
        return " ".join(words)


@dataclass
class Lv2Host:
    """The plugin in the small host.

    Attributes:
        block: samples that ``play`` gives it at a time, in turn.
    """

    process: subprocess.Popen[str]
    audio: Path
    block: Sequence[int] = (512,)
    texts: dict[str, str] = field(default_factory=dict)
    _turn: int = 0

    def tell(self, line: str) -> str:
        """Send a line; the line that answers it."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError(f"the host died: {self.process.wait(10)}")
        return answer.rstrip("\n")

    def control(self, **values: float) -> None:
        for symbol, value in values.items():
            self.tell(f"control {symbol} {value}")

    def ports(self) -> dict[str, float]:
        pairs = (word.partition("=") for word in self.tell("ports").split())
        return {name: float(value) for name, _, value in pairs}

    @property
    def state(self) -> str:
        return STATES[int(self.ports()["state"])]

    def messages(self) -> dict[str, str]:
        """What the plugin has told of its prompt, its clip and itself; the newest of each."""
        for word in self.tell("texts").split("\x1f"):
            name, equals, value = word.partition("=")
            if equals:
                self.texts[name] = value
        return self.texts

    def play(self, n_samples: int) -> None:
        """Run blocks until so many samples are filled."""
        left = n_samples
        while left:
            size = min(self.block[self._turn % len(self.block)], left)
            self._turn += 1
            self.tell(f"run {size}")
            left -= size

    def move(self, position: str, offset: int = 0) -> None:
        """The host says in the next block where it is."""
        self.tell(f"at {offset} {position}")

    def heard(self) -> Samples:
        """Everything since the beginning."""
        return np.fromfile(self.audio, "<f4").reshape(-1, 2)

    def play_and_hear(self, n_samples: int) -> Samples:
        """Run blocks, and what was heard in them."""
        before = self.audio.stat().st_size // 8
        self.play(n_samples)
        return self.heard()[before:]

    def wait(self, *states: str, seconds: float = 120.0) -> None:
        """Run empty blocks until the state port shows one of these."""
        deadline = time.monotonic() + seconds
        while (state := self.state) not in states:
            if time.monotonic() > deadline:
                raise AssertionError(f"{state}: {self.messages()}, {self.ports()}")
            self.tell("run 0")
            time.sleep(0.01)

    def generate(self, prompt: str = "", **controls: float) -> str:
        """Ask for a loop and wait until it is there; its clip's id."""
        if prompt:
            self.tell(f"prompt {prompt}")
        self.control(generate=0, **controls)
        self.tell("run 0")
        self.messages().pop("clip", None)
        self.control(generate=1)
        self.tell("run 0")
        return self.next_clip("")

    def next_clip(self, before: str, seconds: float = 120.0) -> str:
        """Wait for a clip that is not the one before."""
        deadline = time.monotonic() + seconds
        while (clip := self.messages().get("clip", before)) == before:
            if self.state == "error" or time.monotonic() > deadline:
                raise AssertionError(f"{self.state}: {self.messages()}")
            self.tell("run 0")
            time.sleep(0.01)
        return clip

    def faults(self) -> str:
        return self.tell("faults")


@contextmanager
def lv2_host(
    built: Built, folder: Path, rate_hz: int, port: int, *, jailed: bool = False, **env: str
) -> Iterator[Lv2Host]:
    """The plugin in the small host, with a server at a port of this computer.

    Args:
        built: what ``build`` gave.
        folder: for the audio.
        rate_hz: of the host.
        port: of the server.
        jailed: the kernel kills the audio thread at any system call but read and write.
        env: more variables.
    """
    audio = folder / f"heard-{time.monotonic_ns()}.f32"
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAGNET_")}
    environment = {**clean, "MAGNET_PORT": str(port), "MAGNET_PLUGIN_CONFIG": os.devnull, **env}
    if jailed:
        environment["MAGNET_JAIL"] = "1"
    plugin = next(built.bundle.glob("magnet.*[!l]"))
    process = subprocess.Popen(
        [str(built.host), str(plugin), str(rate_hz), str(audio)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Lv2Host(process, audio)
        process.stdin.close()
        code = process.wait(30)
        said = process.stderr.read()
        assert (code, said) == (0, ""), f"{code}: {said}"
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def read_clip(clips: Path, clip: str) -> Samples:
    """Both channels of a clip."""
    samples, _ = soundfile.read(clips / f"{clip}.wav", dtype="float32", always_2d=True)
    return samples if samples.shape[1] == 2 else np.repeat(samples, 2, axis=1)


def repeated(clip: Samples, starts: int, frames: range) -> Samples:
    """What a loop without end that began on a sample is on these samples."""
    return clip[(np.arange(frames.start, frames.stop) - starts) % len(clip)]
