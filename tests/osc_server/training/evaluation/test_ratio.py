import pytest

from osc_server.training.evaluation.ratio import Ratio


def test_counts_the_true_ones():
    assert Ratio.of([True, False, True, True]) == Ratio(3, 4)


def test_the_interval_is_wilsons():
    low, high = Ratio(8, 10).interval
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)


def test_an_empty_set_says_nothing():
    assert Ratio(0, 0).share == 0.0
    assert Ratio(0, 0).interval == (0.0, 1.0)
