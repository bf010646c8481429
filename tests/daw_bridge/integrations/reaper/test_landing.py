"""From the selection in Reaper to an item on its bar: the scripts, the command, a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.daw_bridge.integrations.reaper.runs import LUAS, Reaper, items_of
from tests.daw_bridge.programs import run
from tests.daw_bridge.servers import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def reaper(server: RunningServer, tmp_path: Path) -> Reaper:
    return Reaper(tmp_path, server.port)


def landings_of(server: RunningServer, clip: str) -> list[dict[str, str]]:
    return json.loads((server.clips / f"{clip}.json").read_text())["landings"]


GENERATE = """
local start = {{ seconds = 0, bpm = {bpm}, num = {num}, den = {den} }}
local p = s.project({{ rate = {rate}, markers = {{ start }} }})
p.selected_track = s.model.track(p, "Drums")
local bar = {num} * 4 / {den} * 60 / {bpm}
p.selection = {{ {first} * bar + 0.004, {last} * bar - 0.003 }}
s.set({{ prompt = "dusty breakbeat" }})
s.start("MAGNeT.lua")
s.click("Generate")
s.wait_for("✓")
"""


@pytest.mark.parametrize("lua", LUAS)
@pytest.mark.parametrize(
    ("rate", "bpm", "meter"), [(44100, 128.5, "4/4"), (96000, 117.3, "3/4"), (48000, 90.0, "7/8")]
)
def test_a_clip_for_the_time_selection_lies_on_its_bar_to_the_sample(
    server: RunningServer, tmp_path: Path, lua: str, rate: int, bpm: float, meter: str
) -> None:
    num, den = meter.split("/")
    scenario = GENERATE.format(rate=rate, bpm=bpm, num=num, den=den, first=4, last=6)
    report = Reaper(tmp_path, server.port, lua).run(scenario)
    (item,) = items_of(report, "Drums")
    bar = Fraction(int(num) * 4, int(den)) * 60 / Fraction(bpm) * rate
    first, end = round(4 * bar), round(6 * bar)
    assert item["values"]["D_POSITION"] * rate == pytest.approx(first, abs=1e-6)
    length = item["values"]["D_LENGTH"] * rate
    assert length == pytest.approx(end - first, abs=1e-6)
    (take,) = item["takes"]
    assert take["rate"] == rate
    assert take["n_samples"] == round(2 * bar)
    assert soundfile.info(take["path"]).frames == take["n_samples"]
    assert take["values"] == {"D_STARTOFFS": 0, "D_PLAYRATE": 1, "B_PPITCH": 0}
    assert take["stretch"] == []
    assert take["name"] == "dusty breakbeat"
    assert (item["values"]["B_LOOPSRC"], item["values"]["C_BEATATTACHMODE"]) == (1, 2)
    assert report["undo"] == ["MAGNeT: dusty breakbeat"]
    assert report["updates"] == 1
    (landing,) = landings_of(server, take["ext"]["clip"])
    assert (landing["place"], landing["problem"]) == ('track 1 "Drums", bar 5', "")


MAPS = {
    "a tempo change in the middle": (
        "{ seconds = 0, bpm = 120, num = 4, den = 4 }, { seconds = 4, bpm = 126 }",
        "{ 0, 4 + 4 * 60 / 126 * 2 }",
        [("4/4", 16)],
    ),
    "a gliding tempo": (
        "{ seconds = 0, bpm = 100, num = 4, den = 4, linear = true }, { seconds = 9, bpm = 110 }",
        "{ 0, 9 }",
        [("4/4", 16)],
    ),
    "a change from 4/4 to 3/4": (
        "{ seconds = 0, bpm = 120, num = 4, den = 4 },{ seconds = 4, bpm = 120, num = 3, den = 4 }",
        "{ 0, 7 }",
        [("4/4", 8), ("3/4", 6)],
    ),
    "a leap of the tempo": (
        "{ seconds = 0, bpm = 90, num = 3, den = 4 }, { seconds = 4, bpm = 140 }",
        "{ 0, 4 + 6 * 60 / 140 }",
        [("3/4", 6), ("3/4", 6)],
    ),
}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("rate", [44100, 96000])
def test_every_beat_of_a_clip_lies_on_its_beat_where_the_tempo_map_changes(
    reaper: Reaper, name: str, rate: int
) -> None:
    markers, selection, pieces = MAPS[name]
    report = reaper.run(f"""
local p = s.project({{ rate = {rate}, markers = {{ {markers} }} }})
p.selected_track = s.model.track(p, "Keys")
p.selection = {selection}
s.set({{ prompt = "warm pad" }})
s.start("MAGNeT.lua")
s.click("Generate")
local function done()
  local n = 0
  for _, text in ipairs(s.texts()) do n = n + (text:find("✓") and 1 or 0) end
  return n == {len(pieces)}
end
s.wait(done)
s.beats = {{}}
local beat = 0
for _, item in ipairs(p.tracks[1].items) do
  while reaper.TimeMap2_QNToTime(p, beat) < item.values.D_POSITION + item.values.D_LENGTH - 1e-4 do
    table.insert(s.beats, {{ beat, reaper.TimeMap2_QNToTime(p, beat) }})
    beat = beat + 1
  end
end
p.undo = s.beats
""")
    items = items_of(report, "Keys")
    beats = dict(report["undo"])
    assert len(items) == len(pieces)
    first = 0
    for item, (_, n_beats) in zip(items, pieces, strict=True):
        (take,) = item["takes"]
        position = item["values"]["D_POSITION"]
        assert position * rate == pytest.approx(round(beats[first] * rate), abs=1e-6)
        seconds_a_beat = take["n_samples"] / rate / n_beats
        for beat in range(n_beats):
            there = where_in_source(take["stretch"], beats[first + beat] - position)
            assert there == pytest.approx(beat * seconds_a_beat, abs=1 / rate)
        first += n_beats
    ends = [item["values"]["D_POSITION"] + item["values"]["D_LENGTH"] for item in items]
    starts = [item["values"]["D_POSITION"] for item in items]
    assert np.array(ends[:-1]) * rate == pytest.approx(np.array(starts[1:]) * rate, abs=1e-6)


def where_in_source(stretch: list[list[float]], seconds: float) -> float:
    """The place in its file that a take plays so long after its item's beginning."""
    if not stretch:
        return seconds
    there, source = zip(*stretch, strict=True)
    return float(np.interp(seconds, there, source))


PLAIN = """
local p = s.project({ rate = 48000, markers = { { seconds = 0, bpm = 120, num = 4, den = 4 } } })
p.selected_track = s.model.track(p, "Drums")
p.selection = { 2, 6 }
"""
GENERATED = f"""{PLAIN}
s.set({{ prompt = "dusty breakbeat" }})
s.start("MAGNeT.lua")
s.click("Generate")
s.wait_for("✓")
p.selected_item = p.tracks[1].items[1]
"""
ANOTHER = """
s.wait(function()
  local n = 0
  for _, text in ipairs(s.texts()) do n = n + (text:find("✓") and 1 or 0) end
  return n == 2
end)
"""


def test_takes_become_takes_of_one_item_and_the_best_is_heard(
    server: RunningServer, reaper: Reaper
) -> None:
    report = reaper.run(GENERATED.replace("{ prompt", "{ takes = 3, prompt"))
    (item,) = items_of(report, "Drums")
    clips = [take["ext"]["clip"] for take in item["takes"]]
    assert len(set(clips)) == 3
    assert item["active"] == 1
    assert [take["name"][-6:] for take in item["takes"]] == ["take 1", "take 2", "take 3"]
    assert all(landings_of(server, clip)[0]["place"] == 'track 1 "Drums", bar 2' for clip in clips)


def test_a_clip_goes_on_where_the_selected_item_ends(server: RunningServer, reaper: Reaper) -> None:
    report = reaper.run(f"""{GENERATED}
s.start("MAGNeT - continue.lua")
{ANOTHER}
""")
    first, second = items_of(report, "Drums")
    assert second["values"]["D_POSITION"] == first["values"]["D_POSITION"] + 4
    made = json.loads((server.clips / f"{second['takes'][0]['ext']['clip']}.json").read_text())
    assert made["request"]["start"] == {"how": "continue", "clip": first["takes"][0]["ext"]["clip"]}


def test_the_time_selection_in_an_item_is_made_anew_and_the_rest_stays_bit_for_bit(
    reaper: Reaper,
) -> None:
    report = reaper.run(f"{GENERATED}\np.selection = {{ 4, 5 }}\ns.click('Infill'){ANOTHER}")
    (item,) = items_of(report, "Drums")
    before, after = (soundfile.read(take["path"])[0] for take in item["takes"])
    assert item["active"] == 2
    assert len(before) == len(after) == 4 * 48000
    changed = np.flatnonzero(np.any(np.atleast_2d(before.T != after.T), axis=0))
    assert changed.size > 0
    assert changed.min() >= 2 * 48000
    assert changed.max() < 3 * 48000


def test_a_second_round_of_a_loop_is_made_anew_on_its_beats_where_samples_lie_beside_them(
    server: RunningServer, reaper: Reaper
) -> None:
    start = "{ seconds = 0, bpm = 128.5, num = 4, den = 4 }"
    generated = GENERATED.replace("{ seconds = 0, bpm = 120, num = 4, den = 4 }", start)
    report = reaper.run(f"""
local bar = 4 * 60 / 128.5
{generated.replace("48000", "44100").replace("{ 2, 6 }", "{ 6 * bar, 8 * bar }")}
s.arrange(function()
  reaper.SetMediaItemInfo_Value(p.selected_item, "D_LENGTH", 4 * bar)
end)
p.selection = {{ 8 * bar, 8.5 * bar }}
s.click("Infill")
{ANOTHER}
""")
    (item,) = items_of(report, "Drums")
    made = item["takes"][1]["ext"]["clip"]
    sidecar = json.loads((server.clips / f"{made}.json").read_text())
    assert sidecar["request"]["start"]["from_beats"] == 0
    assert sidecar["request"]["start"]["to_beats"] == 2
    assert landings_of(server, made)[0]["place"] == 'track 1 "Drums", bar 7'


def test_an_item_with_audio_from_anywhere_is_varied_as_it_is_heard(
    server: RunningServer, reaper: Reaper
) -> None:
    seconds = np.arange(3 * 44100) / 44100
    path = reaper.folder / "own recording.wav"
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * 220 * seconds), 44100)
    report = reaper.run(f"""{PLAIN}
local item = s.item(p.tracks[1], 2, 2, [[{path}]])
s.arrange(function()
  reaper.SetMediaItemTakeInfo_Value(item.takes[1], "D_STARTOFFS", 0.5)
end)
p.selected_item = item
s.set({{ prompt = "", takes = 2, amount = 0.4 }})
s.start("MAGNeT.lua")
s.click("Vary")
s.wait_for("✓")
""")
    (item,) = items_of(report, "Drums")
    assert len(item["takes"]) == 3
    made = item["takes"][1]
    assert made["n_samples"] / made["rate"] == 2.0
    sidecar = json.loads((server.clips / f"{made['ext']['clip']}.json").read_text())
    given, rate = soundfile.read(server.clips / sidecar["request"]["start"]["clip"])
    whole = soundfile.read(path)[0]
    assert rate == 44100
    np.testing.assert_allclose(given, whole[22050 : 22050 + 88200], atol=1e-6)


def test_the_seam_of_an_item_is_closed_in_a_take_as_long_as_it_was(
    server: RunningServer, reaper: Reaper
) -> None:
    path = reaper.folder / "open loop.wav"
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * 55.3 * np.arange(2 * 44100) / 44100), 44100)
    report = reaper.run(f"""{PLAIN}
p.selected_item = s.item(p.tracks[1], 2, 2, [[{path}]])
s.set({{ prompt = "" }})
s.start("MAGNeT.lua")
s.click("Loop")
s.wait_for("✓")
""")
    (item,) = items_of(report, "Drums")
    made = item["takes"][1]
    assert made["n_samples"] / made["rate"] == 2.0
    sidecar = json.loads((server.clips / f"{made['ext']['clip']}.json").read_text())
    assert sidecar["request"]["start"]["how"] == "loop"


def test_a_saved_project_keeps_its_clips_in_its_own_folder(reaper: Reaper) -> None:
    media = reaper.folder / "song" / "Media files"
    report = reaper.run(
        GENERATED.replace(
            "{ rate = 48000,",
            f"{{ file = [[{media.parent / 'song.rpp'}]], media = [[{media}]], rate = 48000,",
        )
    )
    (take,) = items_of(report, "Drums")[0]["takes"]
    assert Path(take["path"]).parent == media
    assert take["ext"]["clip"] in Path(take["path"]).name
    assert [path.name for path in media.iterdir()] == [Path(take["path"]).name]


def test_without_a_selected_track_the_clip_gets_a_track_of_its_own(reaper: Reaper) -> None:
    report = reaper.run(GENERATED.replace("p.selected_track = ", "local other = "))
    assert [track["name"] for track in report["tracks"]] == ["Drums", "dusty breakbeat"]
    assert len(items_of(report, "dusty breakbeat")) == 1


def test_a_project_without_a_rate_of_its_own_follows_the_device(reaper: Reaper) -> None:
    report = reaper.run(f"s.world.device_rate = '44100'\n{GENERATED.replace('rate = 48000,', '')}")
    (take,) = items_of(report, "Drums")[0]["takes"]
    assert take["rate"] == 44100


def test_without_a_time_selection_so_many_bars_are_made_from_the_edit_cursor(
    reaper: Reaper,
) -> None:
    report = reaper.run(
        GENERATED.replace("p.selection = { 2, 6 }", "p.cursor = 7.9\ns.set({ bars = 1 })")
    )
    (item,) = items_of(report, "Drums")
    assert (item["values"]["D_POSITION"], item["values"]["D_LENGTH"]) == (8, 2)


def test_a_prompt_is_typed_into_the_window_letter_by_letter(reaper: Reaper) -> None:
    report = reaper.run(f"""{PLAIN}
s.set({{ prompt = "" }})
s.start("MAGNeT.lua")
s.type("wörm päd 東x")
s.hand.keys = {{ 8, 0x6C656674, 0x6C656674, 0x64656C, 13 }}
s.wait_for("✓")
""")
    (take,) = items_of(report, "Drums")[0]["takes"]
    assert take["name"] == "wörm päd東"


def test_what_was_installed_finds_its_bridge_and_becomes_actions(
    server: RunningServer, tmp_path: Path
) -> None:
    resources = tmp_path / "config" / "REAPER"
    resources.mkdir(parents=True)
    code, said = run(tmp_path, "install", "reaper")
    assert code == 0, said
    assert (resources / "OSC" / "magnet-bridge.ReaperOSC").is_file()
    scripts = resources / "Scripts" / "magnet-bridge"
    report = Reaper(tmp_path, server.port, scripts=scripts).run(GENERATED, command="")
    assert len(items_of(report, "Drums")) == 1
    names = [Path(path).name for path, _ in report["actions"]]
    assert names == [
        f"MAGNeT - {v}.lua" for v in ("generate", "vary", "infill", "continue", "loop", "cancel")
    ]
    assert [commit for _, commit in report["actions"]] == [False] * 5 + [True]
    assert run(tmp_path, "uninstall", "reaper")[0] == 0
    assert list(resources.iterdir()) == []
