"""A mono model beside stereo audio."""

import numpy as np
import pytest

from osc_server.rendering.channels import place, to_mono

RNG = np.random.default_rng(4)
NOISE = RNG.standard_normal((4000, 1)).astype("f4")


def test_mono_is_the_mean_of_both_channels():
    stereo = np.concatenate([NOISE, NOISE * 0.5], axis=1)
    np.testing.assert_allclose(to_mono(stereo), NOISE * 0.75, rtol=1e-5)


def test_of_channels_that_cancel_each_other_the_louder_is_heard():
    stereo = np.concatenate([NOISE * 0.9, -NOISE], axis=1)
    np.testing.assert_array_equal(to_mono(stereo), -NOISE)


@pytest.mark.parametrize(("left", "right"), [(1.0, 1.0), (1.0, 0.0), (0.25, 0.75)])
def test_what_was_on_a_side_stays_there(left, right):
    like = np.concatenate([NOISE * left, NOISE * right], axis=1)
    placed = place(to_mono(like), like)
    np.testing.assert_allclose(placed, like, atol=1e-5)


def test_beside_silence_both_channels_are_alike():
    placed = place(NOISE, np.zeros((10, 2), "f4"))
    np.testing.assert_array_equal(placed[:, 0], placed[:, 1])
