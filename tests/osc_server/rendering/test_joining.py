"""Made audio goes on where given audio ends, without a click and without a fade-in."""

import numpy as np
import pytest

from osc_server.rendering.joining import join_after, join_before, predict
from tests.osc_server.rendering.studio import sharpest_turn

RATE = 48000
T = np.arange(RATE) / RATE
CUT = RATE // 2


def tones(phase):
    low = 0.3 * np.sin(2 * np.pi * 110 * T + phase)
    return (low + 0.1 * np.sin(2 * np.pi * 1234 * T + 2 * phase)).astype("f4")[:, None]


def test_tones_of_another_phase_join_as_smoothly_as_they_run():
    given, made = tones(0.0), tones(2.0)
    joined = np.concatenate([given[:CUT], join_after(given[:CUT], made[:CUT], made[CUT:], RATE)])
    usual = np.abs(np.diff(joined[: CUT - 10], 2, axis=0)).max()
    assert sharpest_turn(joined, CUT) < 1.3 * usual
    abrupt = np.concatenate([given[:CUT], made[CUT:]])
    assert sharpest_turn(abrupt, CUT) > 10 * usual


def test_after_ten_milliseconds_only_the_made_audio_is_heard():
    given, made = tones(0.0), tones(2.0)
    joined = join_after(given[:CUT], made[:CUT], made[CUT:], RATE)
    np.testing.assert_array_equal(joined[480:], made[CUT + 480 :])


def test_an_attack_on_the_first_sample_keeps_its_strength():
    given, made = tones(0.0), tones(0.0)
    made[CUT:] += 0.5
    joined = join_after(given[:CUT], made[:CUT], made[CUT:], RATE)
    assert (joined[0] - given[CUT]).item() == pytest.approx(0.5, abs=0.02)


def test_a_crossfade_ends_in_what_is_given():
    made, given = tones(1.0), tones(0.0)
    joined = np.concatenate([join_before(made[:CUT], given[:CUT], RATE), given[CUT:]])
    usual = np.abs(np.diff(given, 2, axis=0)).max()
    assert sharpest_turn(joined, CUT) < 1.5 * usual
    np.testing.assert_array_equal(joined[: CUT - 480], made[: CUT - 480])


def test_a_prediction_goes_on_with_a_tone_and_never_grows():
    tone = tones(0.0)[:, 0].astype(float)
    np.testing.assert_allclose(predict(tone[:4000], 400), tone[4000:4400], atol=0.02)
    rising = np.exp(np.arange(2000) / 300.0)
    assert np.abs(predict(rising, 5000)).max() <= 1.5 * rising.max()
    assert not predict(np.zeros(1000), 10).any()


def test_what_is_shorter_than_a_fade_is_joined_too():
    short = np.ones((3, 1), "f4")
    assert join_after(short, short, short, RATE).shape == (3, 1)
    assert join_before(short, short, RATE).shape == (3, 1)
