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
local p = s.project({{ rate = {rate}, markers = {{ {{ seconds = 0, bpm = {bpm}, num = {num}, den = {den} }} }} }})
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
