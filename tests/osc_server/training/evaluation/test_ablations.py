from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from osc_server.magnet.engine import EMBEDDED, MagnetEngine, load_engine
from osc_server.rendering.tone_engine import ToneEngine
from osc_server.training.evaluation import remembering
from osc_server.training.evaluation.ablations import (
    SHIPPED,
    VARIANTS,
    Variant,
    play_variant,
    take_turns,
    variant_engine,
)
from osc_server.training.evaluation.generation import Ablation, Ask, generate, plan_for
from osc_server.training.evaluation.remembering import RememberingEngine

ASK = Ask("rock drums", "drums", 180.0, 4)
NOWHERE = Path("no-models")


@pytest.fixture(scope="module")
def shipped():
    return load_engine(EMBEDDED, models_folder=NOWHERE, device="cpu")


def codes(engine: MagnetEngine):
    plan = replace(plan_for(ASK, engine.info, Ablation()), n_frames=60, wrap_frames=0)
    return engine.generate([plan], lambda done, steps: None)[0].codes


def test_the_shipped_way_is_first_and_names_are_their_own():
    assert VARIANTS[0] == Variant(SHIPPED)
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)
    assert all(variant.paper for variant in VARIANTS[1:])


def test_a_variant_without_a_difference_is_the_shipped_network(shipped):
    same = variant_engine(Variant("none"), EMBEDDED, NOWHERE, torch.device("cpu"))
    np.testing.assert_array_equal(codes(same), codes(shipped))


@pytest.mark.parametrize(
    ("variant", "first_differs"),
    [(Variant("span", span=1), True), (Variant("context", all_context=True), False)],
)
def test_span_and_context_change_what_they_say(shipped, variant, first_differs):
    found = codes(variant_engine(variant, EMBEDDED, NOWHERE, torch.device("cpu")))
    # The first codebook attends everywhere in any case; spans are drawn in all of them.
    assert (found[0] != codes(shipped)[0]).any() == first_differs
    assert (found[1:] != codes(shipped)[1:]).any()


def test_the_shipped_way_plays_what_the_evaluation_plays(shipped, tmp_path):
    engine = RememberingEngine(shipped, tmp_path)
    played = play_variant(Variant(SHIPPED), engine, [ASK])
    (loop,) = generate(shipped, [ASK], batch=1)
    np.testing.assert_array_equal(played.clips[0].audio, loop.audio)
    assert 0 < played.rtf[0] < 20


def test_a_hint_is_written_by_the_companion_and_its_time_counted(shipped, tmp_path):
    engine = RememberingEngine(shipped, tmp_path)
    plain, hybrid = (
        play_variant(variant, engine, [ASK])
        for variant in (Variant(SHIPPED), Variant("hybrid", hint=1.0))
    )
    assert np.abs(plain.clips[0].audio - hybrid.clips[0].audio)[:32000].max() > 0.01
    # One file for the hint beside the codes of each.
    assert len(list(tmp_path.iterdir())) == 3
    generate_alone = engine.last_seconds / hybrid.clips[0].seconds
    assert hybrid.rtf[0] > generate_alone


def test_ways_are_timed_in_turns_against_the_first(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(remembering.time, "perf_counter", lambda: clock[0])

    class Slow(ToneEngine):
        """Takes as many seconds as it is asked for steps, and ever longer: the machine fills up."""

        def generate(self, plans, on_step, **rest):
            clock[0] += plans[0].decoding.steps[0] * 2.0 ** (plans[0].seed % 10)
            return super().generate(plans, on_step, **rest)

    ways = [
        (Variant(SHIPPED, {"steps": (5, 1, 1, 1)}), Slow()),
        (Variant("slow", {"steps": (30, 1, 1, 1)}), Slow()),
    ]
    asks = [Ask("pad", "pad", 120.0, seed) for seed in range(4)]
    assert take_turns(ways, asks, tmp_path) == [1.0, 6.0]
