from dataclasses import replace

import numpy as np
import pytest

from osc_server.rendering.plan import Decoding, Plan
from osc_server.rendering.tone_engine import ToneEngine
from osc_server.training.evaluation.remembering import RememberingEngine


class CountingEngine(ToneEngine):
    def __init__(self):
        super().__init__()
        self.made = 0

    def generate(self, plans, on_step, **options):
        self.made += len(plans)
        return super().generate(plans, on_step, **options)


PLANS = [Plan("pad", 100, seed, Decoding()) for seed in range(3)]


def make(engine, plans=PLANS):
    return [d.codes for d in engine.generate(plans, lambda done, steps: None)]


def test_what_was_made_is_not_made_again_and_is_the_same(tmp_path):
    first, second = CountingEngine(), CountingEngine()
    made = make(RememberingEngine(first, tmp_path), PLANS[:2])
    again = make(RememberingEngine(second, tmp_path))
    assert (first.made, second.made) == (2, 1)
    np.testing.assert_array_equal(again[:2], made)
    np.testing.assert_array_equal(again, make(ToneEngine()))


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 7},
        {"prompt": "bass"},
        {"wrap_frames": 8},
        {"rescoring": 0.5},
        {"decoding": Decoding(steps=(1, 1, 1, 1))},
        {"keep_codes": np.ones((4, 100), np.int64), "keep_mask": np.zeros((4, 100), np.bool_)},
    ],
)
def test_any_difference_of_the_plan_is_made_anew(tmp_path, change):
    engine = CountingEngine()
    remembering = RememberingEngine(engine, tmp_path)
    make(remembering, PLANS[:1])
    make(remembering, [replace(PLANS[0], **change)])
    assert engine.made == 2


def test_another_network_has_codes_of_its_own(tmp_path):
    engine = CountingEngine()
    make(RememberingEngine(engine, tmp_path), PLANS[:1])
    make(RememberingEngine(engine, tmp_path, "span 1"), PLANS[:1])
    assert engine.made == 2


def test_the_time_is_that_of_the_making_also_when_it_is_remembered(tmp_path):
    first = RememberingEngine(ToneEngine(), tmp_path)
    make(first)
    second = RememberingEngine(ToneEngine(), tmp_path)
    make(second)
    assert second.last_seconds == pytest.approx(first.last_seconds)
    assert second.last_seconds > 0


def test_nothing_unfinished_is_left_behind(tmp_path):
    make(RememberingEngine(ToneEngine(), tmp_path))
    assert {path.suffix for path in tmp_path.iterdir()} == {".npz"}
