"""Judging codes that are there: spans masked in turn."""

import pytest
import torch

from osc_server.magnet.guided import GuidedNetwork
from osc_server.magnet.judging import FEW_GROUPS, N_GROUPS, THOROUGH, Care, judge, masked_in_turn
from tests.osc_server.magnet.models import TINY, tiny_network
from tests.osc_server.magnet.test_decoding import words

CODES = torch.randint(TINY.codebook_size, (1, 4, 40), generator=torch.Generator().manual_seed(5))


def judged(codes=CODES, wrap_frames=0, on_pass=lambda: None, care=THOROUGH):
    guided = GuidedNetwork(tiny_network(), words(4), None, codes.shape[2], wrap_frames)
    return judge(guided, codes, TINY.mask_token, 3, on_pass, care)


@pytest.mark.parametrize("n_frames", [1, 2, 3, 5, 40, 301])
def test_each_frame_is_masked_once(n_frames):
    frames = torch.cat(masked_in_turn(n_frames, 3))
    assert sorted(frames.tolist()) == list(range(n_frames))


@pytest.mark.parametrize("n_frames", [37, 38, 39, 40, 41, 383, 401])
def test_masked_spans_lie_evenly_around_the_circle(n_frames):
    for group in masked_in_turn(n_frames, 3):
        around = torch.cat([group, group[:1] + n_frames])
        gaps = [int(gap) for gap in around.diff() if gap > 1]
        assert len(gaps) == round(n_frames / 12)
        assert max(gaps) - min(gaps) <= 2


def test_a_judgement_is_a_log_probability_of_each_code():
    assert judged().shape == CODES.shape
    assert (judged() < 0).all()


def test_each_pass_lets_the_caller_in():
    passes = []
    judged(on_pass=lambda: passes.append(1))
    assert len(passes) == 4 * N_GROUPS


@pytest.mark.parametrize("n_groups", [N_GROUPS, FEW_GROUPS])
@pytest.mark.parametrize(("first", "end"), [(18, 22), (0, 1), (0, 40)])
def test_frames_that_are_needed_are_judged_as_ever_and_a_sample_of_the_others(first, end, n_groups):
    needed = torch.zeros(40, dtype=torch.bool)
    needed[first:end] = True
    passes = []
    some = judged(on_pass=lambda: passes.append(1), care=Care(n_groups, needed))
    is_judged = ~some.isnan()
    torch.testing.assert_close(some[is_judged], judged(care=Care(n_groups))[is_judged])
    expected = needed.clone()
    expected[masked_in_turn(40, 3, n_groups)[0]] = True
    assert (is_judged == expected).all()
    assert len(passes) == 4 * n_groups


def test_a_code_is_judged_without_being_seen():
    """Over all codes that could stand in its place, the probabilities sum to one."""
    total = torch.zeros(())
    for code in range(TINY.codebook_size):
        codes = CODES.clone()
        codes[0, 1, 20] = code
        total += judged(codes)[0, 1, 20].exp()
    torch.testing.assert_close(total, torch.tensor(1.0), atol=1e-4, rtol=0)


def test_a_codebook_is_judged_without_those_after_it():
    codes = CODES.clone()
    codes[:, 3] = 0
    assert torch.equal(judged(codes)[:, :3], judged()[:, :3])


def test_on_a_circle_the_beginning_is_judged_by_the_end():
    codes = CODES.clone()
    codes[:, :, -1] = (codes[:, :, -1] + 1) % TINY.codebook_size
    circle = (judged(codes, 10) - judged(wrap_frames=10))[:, 1, 0].abs()
    line = (judged(codes) - judged())[:, 1, 0].abs()
    assert circle > 1e-4
    assert line < 1e-6


def test_what_is_unknown_is_a_mask_to_the_rest():
    codes = CODES.clone()
    codes[:, :, 20:] = TINY.mask_token
    assert judged(codes)[:, :, :20].isfinite().all()
