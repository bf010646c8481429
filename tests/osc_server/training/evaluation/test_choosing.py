"""Which seed a preset gets."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
import typer

from osc_server.app import built_in_presets
from osc_server.library.presets import read_preset
from osc_server.rendering.tone_engine import ToneEngine
from osc_server.training.evaluation.choosing import draw, kind_of, with_seed
from osc_server.training.evaluation.verdict import Judged

PRESETS = [path for path in built_in_presets().glob("*.toml") if ".midi" not in path.name]


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_each_preset_that_comes_with_the_product_has_a_seed_a_tempo_and_a_kind(path):
    text = path.read_text("utf-8")
    assert {"seed", "bpm", "description"} <= tomllib.loads(text).keys()
    assert kind_of(text)


def test_a_seed_is_put_in_or_replaced_and_nothing_else_is_touched():
    text = '# kind: pad\nprompt = "pad"\n'
    first = with_seed(text, 7)
    assert first == text + "seed = 7\n"
    assert with_seed(first + "loop = false\n", 12) == text + "seed = 12\nloop = false\n"


def test_a_preset_without_a_kind_cannot_be_judged():
    with pytest.raises(typer.BadParameter, match="# kind"):
        kind_of('# kind: noise\nprompt = "pad"\n')


def test_what_is_met_counts_before_how_clearly():
    whole = Judged(1, sure=0.6, in_time=True, notes=True, contrast_db=5.0, closed=True)
    clearer = Judged(2, sure=0.99, in_time=True, notes=True, contrast_db=5.0, closed=True)
    harder = Judged(3, sure=0.99, in_time=True, notes=False, contrast_db=40.0, closed=True)
    assert max((whole, clearer, harder), key=lambda judged: judged.rank) is clearer
    assert max((whole, harder), key=lambda judged: judged.rank) is whole


def test_loops_are_drawn_as_the_server_draws_them_one_a_seed(tmp_path):
    path = tmp_path / "short.toml"
    path.write_text('prompt = "pad"\nbars = 1\nbpm = 120\n')
    loops = draw(ToneEngine(), read_preset(path), "pad", [1, 2, 3, 4, 5])
    assert [loop.seed for loop in loops] == [1, 2, 3, 4, 5]
    assert {(loop.bpm, loop.n_bars, loop.kind) for loop in loops} == {(120.0, 1, "pad")}
    assert len({loop.audio.tobytes() for loop in loops}) == 5
    assert np.isclose(loops[0].seconds, 2.0, atol=0.1)
