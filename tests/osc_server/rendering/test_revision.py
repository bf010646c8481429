"""Vary: which spans are drawn anew."""

import numpy as np
import pytest

from osc_server.contract.errors import BadRequest
from osc_server.rendering.plan import Revision
from osc_server.rendering.revision import revised_mask

SPAN = 3
N_SPANS = 20
GIVEN = np.ones((4, N_SPANS * SPAN), bool)
JUDGED = -np.random.default_rng(1).random(GIVEN.shape).astype(np.float32)
LIKELY = JUDGED.mean(axis=0).reshape(N_SPANS, SPAN).mean(axis=1)
STRATEGIES = ("weakest", "strongest", "periodic", "random", "texture")


def redrawn(amount, strategy, keep=GIVEN, seed=1, judged=JUDGED):
    """Whether each span is redrawn in the last codebook; it must be so as a whole."""
    mask = revised_mask(keep, Revision(amount, strategy), SPAN, seed, judged)
    assert not (mask & ~keep).any()
    return [not mask[-1, i : i + SPAN].any() for i in range(0, keep.shape[1], SPAN)]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("amount", [0, 0.01, 0.025, 0.2, 0.5, 0.777, 1])
def test_the_number_of_redrawn_spans_follows_the_amount(strategy, amount):
    assert sum(redrawn(amount, strategy)) == int(amount * N_SPANS + 0.5)


@pytest.mark.parametrize("strategy", ["weakest", "strongest", "random", "texture"])
def test_a_greater_amount_redraws_what_a_smaller_one_does_and_more(strategy):
    some = redrawn(0.3, strategy)
    more = redrawn(0.6, strategy)
    assert all(b for a, b in zip(some, more, strict=True) if a)


def test_weakest_and_strongest_go_by_what_the_network_finds_likely():
    order = np.argsort(LIKELY)
    assert np.flatnonzero(redrawn(0.25, "weakest")).tolist() == sorted(order[:5])
    assert np.flatnonzero(redrawn(0.25, "strongest")).tolist() == sorted(order[-5:])


def test_periodic_lies_at_even_distances():
    assert np.diff(np.flatnonzero(redrawn(0.25, "periodic"))).tolist() == [4, 4, 4, 4]


def test_random_follows_the_seed():
    assert redrawn(0.5, "random", seed=3) == redrawn(0.5, "random", seed=3)
    assert redrawn(0.5, "random", seed=3) != redrawn(0.5, "random", seed=4)


def test_texture_keeps_the_first_codebook_and_all_others_lose_the_same_spans():
    mask = revised_mask(GIVEN, Revision(0.5, "texture"), SPAN, 1, JUDGED)
    assert mask[0].all()
    assert (mask[1:] == mask[1]).all()


def test_all_strategies_but_texture_redraw_all_codebooks_of_a_span():
    mask = revised_mask(GIVEN, Revision(0.5, "weakest"), SPAN, 1, JUDGED)
    assert (mask == mask[0]).all()


def test_only_what_is_given_counts():
    keep = GIVEN.copy()
    keep[:, :30] = False
    assert sum(redrawn(0.5, "random", keep)[10:]) == 5


def test_a_last_span_that_is_shorter_counts_as_one():
    keep = np.ones((4, 7), bool)
    assert redrawn(1, "weakest", keep, judged=JUDGED[:, :7]) == [True, True, True]


@pytest.mark.parametrize("amount", [2.0, -0.1, float("nan")])
def test_an_amount_out_of_range_is_refused(amount):
    with pytest.raises(BadRequest, match=r"outside 0\.\.1"):
        redrawn(amount, "random")
