"""When something is not as it should be: the musician is told, and nothing is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile

from daw_bridge.client import MagnetClient
from tests.daw_bridge.integrations.reaper.runs import BRIDGE, Reaper, items_of
from tests.daw_bridge.servers import RunningServer, running_server

PROJECT = """
local p = s.project({ rate = 48000, markers = { { seconds = 0, bpm = 120, num = 4, den = 4 } } })
p.selected_track = s.model.track(p, "Drums")
p.selection = { 2, 4 }
s.set({ prompt = "dusty breakbeat" })
s.start("MAGNeT.lua")
"""
ASKED = f"{PROJECT}s.click('Generate')\n"
RENDERING = f"{ASKED}s.wait_for(' %')\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that takes a second or two for a clip."""
    with running_server(tmp_path_factory.mktemp("server"), "--model", "tone:0.05") as running:
        yield running


@pytest.fixture
def reaper(server: RunningServer, tmp_path: Path) -> Reaper:
    return Reaper(tmp_path, server.port)


def problems(server: RunningServer) -> list[str]:
    """Why clips did not land, of all clips of the server."""
    sidecars = [json.loads(path.read_text()) for path in server.clips.glob("*.json")]
    return [landing["problem"] for each in sidecars for landing in each["landings"]]


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


GONE = {
    "its track was deleted": "s.model.delete(p.tracks[1])",
    "its project was closed": "p.alive = false\n"
    "s.project({ markers = { { seconds = 0, bpm = 99, num = 4, den = 4 } } })",
}


@pytest.mark.parametrize("why", GONE)
def test_a_clip_whose_place_is_gone_stays_in_the_library_and_says_why(
    server: RunningServer, reaper: Reaper, why: str
) -> None:
    report = reaper.run(f"{RENDERING}{GONE[why]}\ns.wait_for('not in the project')\ns.step()")
    text = " ".join(report["texts"])
    assert f"It could not be put into the project: {why}. The clip is kept:" in text
    kept = "".join(text.partition("The clip is kept: ")[2].split()).partition(".wav")[0] + ".wav"
    assert soundfile.info(kept).frames == 2 * 48000
    assert [track for track in report["tracks"] if track["items"]] == []
    assert eventually(lambda: why in problems(server))


def test_a_clip_waits_until_a_recording_stops(reaper: Reaper) -> None:
    report = reaper.run(f"""{RENDERING}
s.world.play_state = 5
s.wait_for("waits until the recording stops")
assert(#p.tracks[1].items == 0)
s.world.play_state = 1
s.wait_for("✓")
""")
    assert len(items_of(report, "Drums")) == 1


def test_a_tempo_that_changes_while_the_clip_is_made_is_followed(reaper: Reaper) -> None:
    report = reaper.run(f"""{RENDERING}
local tempo = require("tempo")
p.tempo = tempo.new({{ {{ seconds = 0, bpm = 125, num = 4, den = 4 }} }})
s.wait_for("✓")
""")
    (item,) = items_of(report, "Drums")
    assert item["values"]["D_POSITION"] == 92160 / 48000
    assert item["values"]["D_LENGTH"] == 92160 / 48000
    stretch = item["takes"][0]["stretch"]
    assert stretch[0] == [0, 0]
    assert stretch[-1] == pytest.approx([1.92, 2.0])


def test_cancel_stops_the_job_and_the_next_one_comes(reaper: Reaper) -> None:
    report = reaper.run(f"""{RENDERING}
s.click("×")
s.wait_for("cancelled")
s.click("Generate")
s.wait_for("✓")
""")
    assert len(items_of(report, "Drums")) == 1


def test_two_reapers_on_one_server_do_not_disturb_each_other(
    server: RunningServer, tmp_path: Path
) -> None:
    hosts = [Reaper(tmp_path / name, server.port) for name in ("one", "two")]
    for host in hosts:
        host.folder.mkdir()
    both = [
        hosts[0].start(f"{ASKED}s.wait_for('✓')\n"),
        hosts[1].start(f"{RENDERING}s.click('×')\ns.wait_for('cancelled')\n"),
    ]
    (done, err), (_, other_err) = (process.communicate(timeout=90) for process in both)
    assert [process.returncode for process in both] == [0, 0], err + other_err
    (item,) = items_of(json.loads(done.splitlines()[-1]), "Drums")
    assert item["values"]["D_POSITION"] == 2


def test_a_reaper_that_vanishes_in_mid_job_costs_nothing(
    server: RunningServer, reaper: Reaper
) -> None:
    before = set(server.clips.glob("*.wav"))
    process = reaper.start(
        f"{RENDERING}io.stdout:write('rendering\\n')\nio.stdout:flush()\ns.wait_for('never')"
    )
    assert process.stdout.readline() == "rendering\n"
    process.kill()
    process.communicate()
    (session,) = (reaper.resources / "magnet-bridge").iterdir()
    # What the companion does when the sign of life stays away, without waiting two minutes for it.
    assert eventually(lambda: (session / "job-1.txt").read_text().count("state ready") == 1)
    with MagnetClient(port=server.port) as magnet:
        assert magnet.generate("bass", bars=1).seconds == 2
    (session / "bye.txt").touch()
    assert eventually(lambda: "Reaper was gone before it could be put there" in problems(server))
    assert eventually(lambda: not session.exists())
    made = set(server.clips.glob("*.wav")) - before
    assert len(made) == 2
    assert all(soundfile.info(path).frames == 2 * 48000 for path in made)


def test_an_order_goes_on_with_the_next_bridge_when_the_first_was_killed(reaper: Reaper) -> None:
    report = reaper.run(f"""{RENDERING}
local told = "/magnet-bridge/session-*/bridge.txt"
local words = io.popen("cat " .. s.world.resources .. told):read("a")
os.execute("kill -9 " .. words:match("pid (%d+)"))
s.step()
s.world.now = s.world.now + 16
s.wait_for("✓")
""")
    assert len(report["commands"]) == 2
    assert len(items_of(report, "Drums")) == 1


def test_a_clip_for_a_new_track_waits_until_its_project_is_in_front(reaper: Reaper) -> None:
    asked = RENDERING.replace("p.selected_track = ", "local other = ")
    report = reaper.run(f"""{asked}
local second = s.project({{ markers = {{ {{ seconds = 0, bpm = 99, num = 4, den = 4 }} }} }})
s.wait_for("waits until its project is in front")
assert(#second.tracks == 0)
table.remove(s.world.projects, 1)
s.wait_for("✓")
""")
    assert len(items_of(report, "dusty breakbeat")) == 1


@pytest.mark.parametrize(
    ("command", "words", "later"),
    [
        ("", "magnet-bridge install reaper", 0),
        ("true", "magnet-bridge did not start", 61),
        (f"{BRIDGE} --no-such-flag", "magnet-bridge did not start", 61),
    ],
)
def test_a_bridge_that_cannot_start_is_said_in_the_window(
    reaper: Reaper, command: str, words: str, later: int
) -> None:
    report = reaper.run(
        f"{ASKED}s.world.now = s.world.now + {later}\ns.wait_for('{words}', 5)", command=command
    )
    assert items_of(report, "Drums") == []


def test_what_the_server_refuses_is_said_in_its_own_words(reaper: Reaper) -> None:
    report = reaper.run(
        ASKED.replace("p.selection = { 2, 4 }", "p.selection = { 0, 1200 }")
        + "s.wait_for('failed')\ns.step()"
    )
    assert "beats 2400 is out of range: 0.25 to 1024 quarter notes" in " ".join(report["texts"])


REFUSED = {
    "Say what you want to hear": ("s.set({ prompt = '' })", "Generate"),
    "Select an item first": ("", "Vary"),
    "is MIDI": ("it.takes[1].midi = true", "Continue"),
    "offline or was moved": ("it.takes[1].source.path = '/gone/away.wav'", "Continue"),
    "another speed": ("it.takes[1].values.D_PLAYRATE = 1.5", "Vary"),
    "shows a section": ("it.takes[1].source.parent = it.takes[1].source", "Vary"),
    "is locked": ("it.values.C_LOCK = 1", "Vary"),
    "reaches beyond": ("p.selection = { 1, 3 }", "Infill"),
    "Select the time inside": ("p.selection = { 0, 0 }", "Infill"),
    "The tempo changes within": (
        "p.tempo = require('tempo').new({ { seconds = 0, bpm = 120, num = 4, den = 4 },"
        "{ seconds = 3, bpm = 90 } })",
        "Vary",
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_missing_is_said_before_anything_is_asked(tmp_path: Path, words: str) -> None:
    spoil, button = REFUSED[words]
    soundfile.write(tmp_path / "sound.wav", [0.1] * 96000, 48000)
    select = "" if "item first" in words else "p.selected_item = it\n"
    report = Reaper(tmp_path, 1).run(f"""
local start = {{ seconds = 0, bpm = 120, num = 4, den = 4 }}
local p = s.project({{ rate = 48000, markers = {{ start }} }})
p.selected_track = s.model.track(p, "Drums")
local it = s.item(p.tracks[1], 2, 2, [[{tmp_path / "sound.wav"}]])
s.set({{ prompt = "dusty breakbeat" }})
{spoil}
{select}s.start("MAGNeT.lua")
s.click("{button}")
s.wait_for("{words}", 5)
""")
    assert report["commands"] == []


def test_a_window_of_any_size_is_drawn(tmp_path: Path) -> None:
    report = Reaper(tmp_path, 1).run(f"""{PROJECT}
s.click("Vary")
for _, size in ipairs({{ {{ 1, 1 }}, {{ 20, 400 }}, {{ 3000, 30 }}, {{ 560, 340 }} }}) do
  gfx.w, gfx.h = size[1], size[2]
  s.step()
end
""")
    assert "Select an item first." in report["texts"]
