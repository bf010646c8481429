"""Ardour without a display: makes a session with the plugin on a track, and exports it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.daw_bridge.ardours import agreed, run
from tests.daw_bridge.integrations.lv2 import URI, Song
from tests.tools import require_tool

SUPERCLOCK = 282240000
"""Ardour's ticks of time in a second."""

# The parameters that Ardour counts are the plugin's control inputs, in their order.
MAKE = r"""
AudioEngine:set_backend("None (Dummy)", "", "")
local s = create_session("FOLDER", "session", RATE)
assert(s)
local map = Temporal.TempoMap.write_copy()
map:set_tempo(Temporal.Tempo(BPM, BPM, 4), Temporal.timepos_t(0))
map:set_meter(Temporal.Meter(BEATS, UNIT), Temporal.timepos_t(0))
Temporal.TempoMap.update(map)
s:new_audio_track(2, 2, nil, 1, "Loop", ARDOUR.PresentationInfo.max_order,
                  ARDOUR.TrackMode.Normal)
local proc = ARDOUR.LuaAPI.new_plugin(s, "URI", ARDOUR.PluginType.LV2, "")
assert(not proc:isnil())
assert(s:route_by_name("Loop"):add_processor_by_index(proc, 0, nil, true) == 0)
local set = function (which, value)
    assert(ARDOUR.LuaAPI.set_processor_param(proc, which, value))
    ARDOUR.LuaAPI.usleep(500000)
end
ARDOUR.LuaAPI.usleep(1500000)
set(1, 1)       -- one bar
set(5, 1)       -- the first preset
set(0, 1)       -- generate
for turn = 1, 400 do
    local found = io.popen("ls 'CLIPS'/*.json 2>/dev/null"):read("*l")
    ARDOUR.LuaAPI.usleep(found and 3000000 or 250000)
    if found then break end
end
set(0, 0)
s:goto_start(false)
ARDOUR.LuaAPI.usleep(500000)
s:save_state("", false, false, false, false, false)
close_session()
quit()
"""


def environment(bundles: Path, home: Path, port: int) -> dict[str, str]:
    """An environment in which Ardour finds the plugin, and nothing of the user's."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAGNET_")}
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    return {**clean, **own, "LV2_PATH": str(bundles), "MAGNET_PORT": str(port)}


def make_session(folder: Path, song: Song, clips: Path, env: dict[str, str]) -> Path:
    """A session whose one track holds the plugin with a loop of one bar, by the first preset."""
    session, script = folder / "session", folder / "make.lua"
    words = {"FOLDER": str(session), "RATE": str(song.rate_hz), "BPM": str(song.bpm), "URI": URI}
    words |= {"CLIPS": str(clips), "BEATS": str(song.beats), "UNIT": str(song.unit)}
    text = MAKE
    for word, value in words.items():
        text = text.replace(word, value)
    script.write_text(text)
    run([require_tool("ardour7-lua", package="ardour"), str(script)], env, session)
    return session


def export(session: Path, seconds: int, env: dict[str, str]) -> NDArray[np.float32]:
    """The first seconds of the session, through Ardour's own export."""
    file = session / "session.ardour"
    span = f'start="a0" end="a{seconds * SUPERCLOCK}" flags="IsSessionRange"'
    mark = f'<Location id="999999" name="session" {span} locked="0" timestamp="0"/>'
    text = file.read_text("utf-8")
    assert "<Locations/>" in text
    file.write_text(text.replace("<Locations/>", f"<Locations>{mark}</Locations>"), "utf-8")
    return agreed(lambda: _export_once(session, env))


def _export_once(session: Path, env: dict[str, str]) -> NDArray[np.float32]:
    out = session.parent / "export.wav"
    program = require_tool("ardour7-export", package="ardour")
    options = ["-b", "float", "-o", str(out)]
    run([program, *options, str(session), "session"], env, out)
    samples, _ = soundfile.read(out, dtype="float32", always_2d=True)
    return samples
