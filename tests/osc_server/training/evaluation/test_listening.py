"""The page on which presets are heard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from osc_server.app import built_in_presets
from osc_server.library.presets import read_preset
from osc_server.training.evaluation.listening import Heard, page
from osc_server.training.evaluation.verdict import Judged, findings

PAGE = Path(__file__).parents[4] / "docs" / "presets.md"
GOOD = Judged(1, sure=0.97, in_time=True, notes=True, contrast_db=30.0, closed=True)


def test_what_is_bad_comes_first_and_in_bold():
    bad = Judged(1, sure=0.2, in_time=False, notes=False, contrast_db=5.0, closed=False)
    assert findings("arp", GOOD) == "heard as arp, 97 %; in time; separate notes; closes"
    assert findings("arp", bad).count("**") == 8
    half = Judged(1, sure=0.97, in_time=True, notes=False, contrast_db=5.0, closed=True)
    assert findings("bass", half).startswith("**its notes run into each other**; heard as bass")
    assert "hardly a melody" in findings("melody", half)


def test_what_is_no_loop_need_not_close():
    assert findings("sfx", GOOD, loops=False) == "heard as sfx, 97 %"


def test_the_page_counts_what_is_good(tmp_path):
    path = tmp_path / "one.toml"
    path.write_text('prompt = "pad"\nbpm = 90\nkey = "A minor"\nseed = 3\n')
    preset = read_preset(path)
    open_end = Judged(3, sure=0.97, in_time=True, notes=True, contrast_db=0.0, closed=False)
    heard = [Heard(preset, "pad", GOOD, "one.ogg"), Heard(preset, "pad", open_end, "two.ogg")]
    text = page(heard, "abcdef0123456789", "presets")
    assert "All is met by 1 of 2." in text
    assert "pad, A minor<br>90 BPM, seed 3" in text


@pytest.mark.parametrize(
    "path", [p for p in built_in_presets().glob("*.toml") if ".midi" not in p.name]
)
def test_the_page_that_ships_has_each_preset_with_its_seed_its_sound_and_its_picture(path):
    preset = read_preset(path)
    (row,) = re.findall(rf"(?m)^\| \*\*{preset.name}\*\*.*$", PAGE.read_text("utf-8"))
    assert f"{preset.request.bpm:g} BPM, seed {preset.request.seed}<br>" in row
    for name in re.findall(r"\((presets/[^)]+)\)", row):
        assert (PAGE.parent / name).stat().st_size > 1000
