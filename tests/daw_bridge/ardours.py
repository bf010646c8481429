"""Ardour without a screen: sessions as it makes them, and what it exports of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.tools import require_tool

# Three tempos, one of them by eighths, and three meters, one of them odd.
TEMPOS = """
local tempos = Temporal.TempoMap.fetch_writable ()
local function at (quarter) return Temporal.timepos_t.from_ticks (1920 * quarter) end
tempos:set_tempo (Temporal.Tempo (128.5, 128.5, 4), at (0))
tempos:set_tempo (Temporal.Tempo (97.3, 97.3, 4), at (16))
tempos:set_meter (Temporal.Meter (3, 4), at (16))
tempos:set_meter (Temporal.Meter (7, 8), at (28))
tempos:set_tempo (Temporal.Tempo (270, 270, 8), at (28))
Temporal.TempoMap.update (tempos)
"""
STEADY = """
local tempos = Temporal.TempoMap.fetch_writable ()
tempos:set_tempo (Temporal.Tempo ({bpm}, {bpm}, 4), Temporal.timepos_t.from_ticks (0))
Temporal.TempoMap.update (tempos)
"""

_MAKE = """
AudioEngine:set_backend ("None (Dummy)", "", "")
local session = create_session ("{folder}", "{name}", {rate_hz})
session:new_audio_track (1, 2, nil, 1, "Mono", -1, ARDOUR.TrackMode.Normal, true)
session:new_audio_track (2, 2, nil, 1, "Wide & open", -1, ARDOUR.TrackMode.Normal, true)
{tempos}
local read = Temporal.TempoMap.read ()
for quarter = 0, 56 do
    local place = Temporal.timepos_t.from_ticks (960 * quarter)
    local bbt = read:bbt_at (place)
    if bbt.beats == 1 and bbt.ticks == 0 then print ("bar", bbt.bars, place:samples ()) end
end
session:save_state ("")
close_session ()
quit ()
"""


def environment(home: Path) -> dict[str, str]:
    """An environment in which Ardour leaves the user's own settings alone."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return plain | {"HOME": str(home)}


def make_session(home: Path, name: str, rate_hz: int, tempos: str = "") -> dict[int, int]:
    """Let Ardour make a session with two tracks; the sample of each bar, as Ardour counts."""
    program = require_tool("ardour7-lua", package="ardour")
    script = home / "make.lua"
    script.write_text(
        _MAKE.format(folder=home / name, name=name, rate_hz=rate_hz, tempos=tempos), "utf-8"
    )
    done = subprocess.run(
        [program, str(script)], env=environment(home), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("bar")]
    assert lines, done.stdout + done.stderr
    return {int(bar): int(sample) for _, bar, sample in lines}


def export(home: Path, name: str) -> NDArray[np.float32]:
    """What Ardour exports of a session, ``[n_samples, 2]``: all that its master puts out."""
    program = require_tool("ardour7-export", package="ardour")
    target = home / f"{name}-export.wav"
    done = subprocess.run(
        [program, "-b", "float", "-o", str(target), str(home / name), name],
        env=environment(home), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert target.is_file(), done.stdout + done.stderr
    samples, _ = soundfile.read(target, dtype="float32", always_2d=True)
    return samples
