from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from osc_server.magnet.engine import EMBEDDED, load_engine
from osc_server.training.evaluation.generation import Ablation, Ask, generate, plan_for
from osc_server.training.evaluation.reading import AFTER_FRAMES, load_reader, reader_surprise

CPU = torch.device("cpu")
NOWHERE = Path("no-models")
ASK = Ask("rock drums", "drums", 180.0, 4)


@pytest.fixture(scope="module")
def loop():
    """A loop of the shipped model, its plan, and who reads it."""
    engine = load_engine(EMBEDDED, models_folder=NOWHERE, device="cpu")
    plan = plan_for(ASK, engine.info, Ablation())
    codes = engine.generate([plan], lambda done, steps: None)[0].codes
    return codes, plan, load_reader(EMBEDDED, NOWHERE, CPU)


def test_what_does_not_follow_from_the_loops_end_is_a_surprise(loop):
    codes, plan, reader = loop
    closed = reader_surprise(reader, codes, plan, CPU)
    broken = codes.copy()
    broken[:, :AFTER_FRAMES] = np.random.default_rng(1).integers(1024, size=(4, AFTER_FRAMES))
    found = reader_surprise(reader, broken, plan, CPU)
    assert found.seam > closed.seam + 1.0
    assert 0.0 < closed.inside < np.log(1024)


def test_a_loop_is_read_out_of_its_own_tail(loop):
    codes, plan, reader = loop
    other_tail = codes.copy()
    other_tail[:, -AFTER_FRAMES:] = codes[:, :AFTER_FRAMES]
    here, there = (reader_surprise(reader, c, plan, CPU).seam for c in (codes, other_tail))
    assert here != there


def test_a_line_has_no_seam_to_read(loop):
    codes, plan, reader = loop
    with pytest.raises(ValueError, match="too short or a line"):
        reader_surprise(reader, codes, replace(plan, wrap_frames=0), CPU)


def test_the_evaluations_own_loops_are_long_enough_to_be_read():
    engine = load_engine(EMBEDDED, models_folder=NOWHERE, device="cpu")
    (clip,) = generate(engine, [ASK], batch=1)
    assert clip.seconds * engine.info.frame_rate > 2 * AFTER_FRAMES
