"""A stage: eight decks on eight outputs of JACK, somebody who moves their faders, a recorder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from daw_bridge.server_process import free_port
from osc_server.contract.packets import encode
from tests.daw_bridge.integrations.hosts import recording
from tests.daw_bridge.programs import Program, running
from tests.tools import JackServer, end

RATE_HZ = 48000
BPM = 240.0
BAR = 48_000  # samples at 240 BPM and 48 kHz
CROSSFADE = 240
N_DECKS = 8
PROMPTS = (
    *("house drums", "sub bass", "minor chords", "warm pad"),
    *("pluck arp", "flute melody", "rain", "techno drums"),
)
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip on disk.

    Attributes:
        deck: counted from 1.
        seed: that made it; of one deck they count up.
        samples: ``[n_samples]``.
        notes: what its sidecar says could not be met.
    """

    deck: int
    seed: int
    samples: Samples
    notes: str


class Stage:
    """A live set under way, and the faders of a surface.

    Attributes:
        program: ``magnet-bridge live``.
        port: that it is spoken to on.
        heard: the recording, ``[n_samples, 8]``, once it is finished.
    """

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.port = port
        self._surface = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._surface.connect(("127.0.0.1", port))

    def set(self, deck: int, **values: float | str) -> None:
        """Move faders and press buttons of a deck."""
        for name, value in values.items():
            self._surface.send(encode(f"/magnet/deck/{deck}/{name}", value))

    def end(self) -> None:
        """End the set: what was heard takes its time to be written, and nothing more is made."""
        end(self.program.process)

    def close(self) -> None:
        """Move no more."""
        self._surface.close()


@contextmanager
def playing_stage(jack: JackServer, folder: Path, model: str) -> Iterator[Stage]:
    """``magnet-bridge live`` with eight decks, deck N on output N."""
    port = free_port()
    outputs = "/".join(str(number) for number in range(1, N_DECKS + 1))
    arguments = ["--decks", str(N_DECKS), "--outputs", "1", "--deck-outputs", outputs]
    arguments += ["--host-api", "jack", "--bpm", f"{BPM:g}", "--port", str(port)]
    arguments += ["--model", model, "--clips", str(folder / "clips")]
    with running("live", *arguments, folder=folder, env=jack.environment) as program:
        program.expect(r"sound +\S.*JACK.*48000 Hz, blocks of 1024")
        program.expect(r"server +\S+ on cpu", seconds=120)
        stage = Stage(program, port)
        try:
            yield stage
        finally:
            stage.close()


@contextmanager
def heard_by_jack(jack: JackServer, path: Path) -> Iterator[list[Samples]]:
    """Record all eight outputs; after the block the list holds one array a deck."""
    channels: list[Samples] = []
    ports = [f"PortAudio:out_{index}" for index in range(N_DECKS)]
    with recording(jack, ports, path) as running_recording:
        yield channels
        channels += list(running_recording.finish().T.copy())


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Another program that wants all it can get of one core, at the usual priority."""
    busy = subprocess.Popen(["sh", "-c", "while :; do :; done"], start_new_session=True)
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def clips_of_deck(folder: Path, deck: int) -> list[Clip]:
    """The clips of a deck in the order in which they were made."""
    found = []
    for path in (folder / "clips").glob("*.json"):
        sidecar = json.loads(path.read_text("utf-8"))
        if sidecar["request"]["lane"] == f"deck {deck}":
            samples = soundfile.read(path.with_suffix(".wav"), dtype="float32", always_2d=True)[0]
            found.append(Clip(deck, sidecar["seed"], samples[:, 0], sidecar["notes"]))
    return sorted(found, key=lambda clip: clip.seed)


def places(recorded: Samples, clips: list[Clip]) -> list[int]:
    """The sample on which each clip begins, as long as they are found, one after another."""
    found: list[int] = []
    since = 0
    for clip in clips:
        place = _find(recorded, clip.samples, since)
        if place is None:
            break
        found.append(place)
        since = place + 1
    return found


def _find(recorded: Samples, loop: Samples, since: int, *, length: int = 4000) -> int | None:
    """Where ``recorded`` is ``loop`` from its beginning, bit for bit."""
    landmark = int(np.abs(loop[:length]).argmax())
    for place in np.flatnonzero(recorded[since:] == loop[landmark]) + since - landmark:
        if place >= 0 and np.array_equal(recorded[place : place + length], loop[:length]):
            return int(place)
    return None


def soak_seconds() -> float:
    """How long a soak lasts: ten minutes, or ``MAGNET_SOAK_SECONDS``."""
    return float(os.environ.get("MAGNET_SOAK_SECONDS", "600"))
