"""Taking codes from logits: what top-k and top-p keep, and that a draw follows the distribution."""

import pytest
import torch

from osc_server.magnet.sampling import SeededDraws, keep_top_k, keep_top_p, take_codes
from osc_server.rendering.plan import Decoding

CPU = torch.device("cpu")
PROBABILITIES = torch.tensor([0.05, 0.5, 0.15, 0.3])


def draw_many(n, **options):
    """Shares of the codes in ``n`` draws from PROBABILITIES."""
    logits = PROBABILITIES.log().expand(1, n, 4)
    frames = torch.arange(n)[None]
    draws = SeededDraws([1], CPU)
    codes, _ = take_codes(
        logits, 1.0, Decoding(**options), lambda kept: draws.times(kept, frames, [n])
    )
    return (torch.bincount(codes[0], minlength=4) / n).tolist()


def test_draws_follow_the_distribution():
    shares = draw_many(50_000, top_p=0.0)
    assert shares == pytest.approx(PROBABILITIES.tolist(), abs=0.01)


def test_top_k_keeps_the_likeliest():
    assert keep_top_k(PROBABILITIES, 2).tolist() == pytest.approx([0, 0.5, 0, 0.3])


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(0.4, [0, 0.5, 0, 0]), (0.6, [0, 0.5, 0, 0.3]), (0.9, [0, 0.5, 0.15, 0.3])],
)
def test_top_p_keeps_the_fewest_that_exceed_it(top_p, kept):
    assert keep_top_p(PROBABILITIES[None], top_p)[0].tolist() == pytest.approx(kept)


def test_draws_stay_in_the_nucleus_in_proportion():
    shares = draw_many(50_000, top_p=0.6)
    assert shares == pytest.approx([0, 5 / 8, 0, 3 / 8], abs=0.01)


def test_top_k_and_top_p_hold_together():
    shares = draw_many(1000, top_k=3, top_p=0.99)
    assert shares[0] == 0
    assert min(shares[1:]) > 0


def test_greedy_takes_the_likeliest_and_needs_no_randomness():
    def no_draw(kept):
        raise AssertionError("greedy decoding drew")

    codes, sure = take_codes(PROBABILITIES.log()[None, None], 1.0, Decoding(greedy=True), no_draw)
    assert codes.item() == 1
    assert sure.item() == pytest.approx(0.5)


def test_confidence_is_the_probability_before_the_cut():
    decoding = Decoding(top_p=0.4)
    codes, sure = take_codes(PROBABILITIES.log()[None, None], 1.0, decoding, torch.ones_like)
    assert codes.item() == 1
    assert sure.item() == pytest.approx(0.5)


def test_what_an_item_draws_does_not_depend_on_its_neighbours():
    frames = torch.arange(5).expand(2, 5)
    together = SeededDraws([7, 8], CPU).times(torch.ones(2, 5, 3), frames, [4, 5])
    alone = SeededDraws([7], CPU).times(torch.ones(1, 4, 3), frames[:1, :4], [4])
    assert torch.equal(together[0, :4], alone[0])
    assert not torch.equal(together[0, :4], together[1, :4])
