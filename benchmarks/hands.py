"""From a hand to the sound: a fader to its level, a pad to its take, through OSC and JACK.

    python benchmarks/hands.py

Starts JACK without a sound card and ``magnet-bridge live`` on it, moves a fader and presses
``launch`` over UDP a hundred times each at any moment, and hears with a client of its own on which
frame the sound changed. What a sound card adds behind JACK is not in it. Linux only, as JACK's
dummy driver is; prints a table and writes ``results-hands.json``.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.jack_ear import JackEar
from daw_bridge.server_process import free_port
from osc_server.contract.packets import encode
from tests.daw_bridge.programs import running
from tests.tools import JackServer, running_jack

N_MOVES = 100
BPM = 240.0
BEAT_SECONDS = 60 / BPM
LEVELS_DB = (0.0, -20.0)
_NEAR = 1e-4
BLOCKS = (256, 512, 1024)
RESULTS = Path(__file__).parent / "results-hands.json"


class Set:
    """A live set on JACK with one take on deck 1, an ear on it, and a hand."""

    def __init__(self, ear: JackEar, hand: socket.socket, clip: np.ndarray) -> None:
        self.ear = ear
        self.hand = hand
        self.clip = clip

    def send(self, address: str, value: float | str) -> int:
        """Move a fader; the frame on which it was sent."""
        frame = self.ear.frame()
        self.hand.send(encode(f"/magnet/{address}", value))
        return frame


@contextmanager
def live_set(jack: JackServer, folder: Path) -> Iterator[Set]:
    """A one-bar take plays."""
    port = free_port()
    arguments = ["--bars", "1", "--bpm", f"{BPM:g}", "--host-api", "jack", "--port", str(port)]
    arguments += ["--model", "tone", "--clips", str(folder / "clips"), "--block", str(jack.block)]
    with (
        running("live", "pad", *arguments, folder=folder, env=jack.environment) as program,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand,
    ):
        program.expect("playing +pad")
        (path,) = (folder / "clips").glob("*.wav")
        clip = soundfile.read(path, dtype="float32", always_2d=True)[0][:, 0]
        hand.connect(("127.0.0.1", port))
        os.environ.update(jack.environment)
        ear = JackEar("PortAudio:out_0", seconds=N_MOVES * 2)
        try:
            yield Set(ear, hand, clip)
        finally:
            ear.close()


def fader_ms(stage: Set) -> list[float]:
    """From moving a level to the first sample that differs."""
    time.sleep(3)  # so that the loop is heard once as it is
    moved = []
    for number in range(N_MOVES):
        moved.append(stage.send("deck/1/level", LEVELS_DB[(number + 1) % 2]))
        time.sleep(random.uniform(0.15, 0.3))
    first, heard = stage.ear.heard()
    gain = _gain(heard, stage.clip)
    waits = []
    for number, frame in enumerate(moved):
        before = 10 ** (LEVELS_DB[number % 2] / 20)
        since = frame - first
        changed = np.flatnonzero(np.abs(gain[since : since + stage.ear.rate_hz] - before) > 0.01)
        waits.append(1000 * float(changed[0]) / stage.ear.rate_hz)
    return waits


def _gain(heard: np.ndarray, clip: np.ndarray) -> np.ndarray:
    """The factor on each sample of a loop that plays from some place on; nan where it is near 0."""
    start = int(_beginnings(heard[: 3 * len(clip)], clip)[0])
    whole = np.roll(np.resize(clip, len(heard) + len(clip)), start)[: len(heard)]
    return np.where(np.abs(whole) > 0.02, heard / np.where(whole == 0, 1, whole), np.nan)


def missed_ms(stage: Set) -> list[float]:
    """How far ahead a beat was that a press of ``launch`` was too late for; of all presses."""
    stage.send("clock/quantum", "beat")
    time.sleep(1)
    pressed = []
    for _ in range(N_MOVES):
        pressed.append(stage.send("deck/1/launch", 1))
        time.sleep(3 * BEAT_SECONDS + random.uniform(0, BEAT_SECONDS))
    first, heard = stage.ear.heard()
    begun = _beginnings(heard, stage.clip)
    missed = []
    for frame in pressed:
        at = int(begun[begun > frame - first][0])
        waited = (at - (frame - first)) / stage.ear.rate_hz
        missed.append(1000 * (waited - BEAT_SECONDS if waited > BEAT_SECONDS else 0.0))
    return missed


def _beginnings(heard: np.ndarray, clip: np.ndarray) -> np.ndarray:
    """Where the clip begins in what was heard; a level that was moved is back to within -80 dB."""
    opening = clip[:4000]
    landmark = int(np.abs(opening).argmax())
    places = np.flatnonzero(np.abs(heard - opening[landmark]) < _NEAR) - landmark
    whole = [p for p in places if 0 <= p <= len(heard) - len(opening)]
    return np.array([p for p in whole if np.abs(heard[p : p + 4000] - opening).max() < _NEAR])


def main() -> int:
    """Measure, print, write."""
    rows = {}
    for block in BLOCKS:
        with (
            tempfile.TemporaryDirectory() as name,
            running_jack(Path(name), block=block, patient=True) as jack,
            live_set(jack, Path(name)) as stage,
        ):
            fader, missed = fader_ms(stage), missed_ms(stage)
        rows[block] = {
            "block_ms": 1000 * block / jack.rate_hz,
            "fader_median_ms": float(np.median(fader)),
            "fader_worst_ms": max(fader),
            "missed_worst_ms": max(missed),
        }
        print(block, {key: round(value, 1) for key, value in rows[block].items()}, flush=True)
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
