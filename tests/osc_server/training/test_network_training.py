"""The objective of the network: what is masked, what is given, and that it can be learnt."""

import numpy as np
import pytest
import torch

from osc_server.magnet.beat import N_BEAT_FEATURES
from osc_server.training.network_data import Batch
from osc_server.training.network_training import (
    PARTIAL_SHARE,
    Learner,
    causal_loss,
    span_mask,
    stage_loss,
)
from osc_server.training.sizes import SIZES


@pytest.fixture
def learner():
    torch.manual_seed(0)
    return Learner(SIZES["smoke"])


def batch(n_items=4, n_frames=30):
    codes = torch.randint(1024, (n_items, 4, n_frames), generator=torch.Generator().manual_seed(1))
    return Batch(codes, torch.zeros(n_items, n_frames, N_BEAT_FEATURES), ["warm bass"] * n_items)


def test_masks_are_whole_spans_of_three_frames_at_one_offset():
    mask = span_mask(200, 60, np.random.default_rng(0))
    edges = np.flatnonzero((mask[:, 1:] != mask[:, :-1]).any(axis=0)) + 1
    assert len(set(edges % 3)) == 1


def test_the_masked_share_follows_the_cosine_schedule():
    mask = span_mask(4000, 300, np.random.default_rng(0))
    # cos(u * pi / 2) for uniform u has the mean 2 / pi.
    assert mask.mean() == pytest.approx(2 / np.pi, abs=0.02)
    assert mask.any(axis=1).all()


@pytest.mark.parametrize("stage", [0, 2])
def test_codes_of_later_codebooks_are_never_seen(learner, stage):
    given = batch()
    other = given.codes.clone()
    other[:, stage + 1 :] = 7
    losses = [
        stage_loss(learner, Batch(codes, given.beat, given.captions), stage, _rng())
        for codes in (given.codes, other)
    ]
    assert torch.equal(*losses)


def test_codes_of_earlier_codebooks_are_seen(learner):
    given = batch()
    other = given.codes.clone()
    other[:, 0] = 7
    first = stage_loss(learner, given, 1, _rng())
    assert first != stage_loss(learner, Batch(other, given.beat, given.captions), 1, _rng())


@pytest.mark.parametrize(
    "objective",
    [lambda learner, given: stage_loss(learner, given, 0, _rng()),
     lambda learner, given: causal_loss(learner, given, _rng())],
)  # fmt: skip
def test_a_batch_that_is_seen_again_and_again_is_learnt(learner, objective):
    given = batch()
    optimiser = torch.optim.AdamW(learner.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        loss = objective(learner, given)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2


def test_the_companion_learns_nothing_from_codebooks_that_are_not_known(learner):
    given = batch()
    other = given.codes.clone()
    other[:, 3] = 7  # when only some are known, the last never is
    seeds = [seed for seed in range(40) if np.random.default_rng(seed).random() < PARTIAL_SHARE]
    for seed in seeds[:3]:
        losses = [
            causal_loss(learner, Batch(c, given.beat, given.captions), np.random.default_rng(seed))
            for c in (given.codes, other)
        ]
        assert torch.equal(*losses)


def _rng():
    return np.random.default_rng(3)
