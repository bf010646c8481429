"""The seam score tells a closed loop from one that clicks."""

import numpy as np
import pytest

from osc_server.rendering.seam import seam_score

RATE = 48000


def tone(cycles):
    return np.sin(2 * np.pi * cycles * np.arange(RATE) / RATE)[:, None].astype("f4")


def test_a_closed_tone_scores_about_one():
    assert seam_score(tone(220), RATE) == pytest.approx(1, abs=0.1)


def test_a_tone_cut_in_mid_cycle_scores_far_above_one():
    assert seam_score(tone(220.25), RATE) > 20


def test_an_attack_on_the_downbeat_is_no_fault_where_other_beats_have_attacks():
    beats = np.zeros((RATE * 2, 1), "f4")
    for begin in range(0, RATE * 2, RATE // 8):
        beats[begin : begin + 2000, 0] = np.exp(-np.arange(2000) / 300)
    assert seam_score(beats, RATE) == pytest.approx(1, abs=0.05)


def test_silence_scores_nothing():
    assert seam_score(np.zeros((RATE, 2), "f4"), RATE) == 0.0


@pytest.mark.parametrize("n_samples", [1, 2, 7, 50])
def test_tiny_loops_have_a_score(n_samples):
    audio = np.random.default_rng(0).standard_normal((n_samples, 1)).astype("f4")
    assert 0 <= seam_score(audio, RATE) <= 1000
