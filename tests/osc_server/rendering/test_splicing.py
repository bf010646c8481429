"""Made audio takes the place of given audio at its level, and does not jump there."""

import numpy as np
import pytest

from osc_server.rendering.finishing import measure_loudness
from osc_server.rendering.levels import for_model, match_db, settle
from osc_server.rendering.splicing import splice

RATE = 44100
RNG = np.random.default_rng(3)


def noise(seconds, level):
    return (level * RNG.standard_normal((round(seconds * RATE), 1))).astype("f4")


def lufs(audio):
    return measure_loudness(audio, RATE, False)[0]


@pytest.mark.parametrize("level", [0.002, 0.05, 0.2])
def test_what_the_model_hears_has_the_level_that_it_knows(level):
    given = noise(2.0, level)
    heard, gain_db = for_model(given, RATE)
    assert lufs(heard) == pytest.approx(-16, abs=0.2) or np.abs(heard).max() == pytest.approx(1.0)
    np.testing.assert_allclose(heard, given * 10 ** (gain_db / 20), rtol=1e-4)


def test_the_gain_that_matches_is_found_around_the_place():
    assert match_db(noise(2, 0.02), noise(2, 0.2), RATE) == pytest.approx(-20, abs=0.3)
    assert match_db(np.zeros((RATE, 1), "f4"), noise(2, 0.2), RATE, 3.0) == 3.0


@pytest.mark.parametrize("made_level", [0.02, 0.05, 0.12])
def test_a_part_that_drifts_comes_to_the_level_of_what_is_given(made_level):
    made = noise(6.0, made_level)
    made[: 2 * RATE] = noise(2.0, 0.05)
    settled = settle(made, (2 * RATE, 6 * RATE), noise(2.0, 0.05), RATE)
    assert lufs(settled[2 * RATE :]) == pytest.approx(lufs(noise(2, 0.05)), abs=0.5)


def test_its_gain_begins_where_it_joins():
    made = noise(4.0, 0.1)
    settled = settle(made, (RATE, 4 * RATE), noise(2.0, 0.05), RATE)
    np.testing.assert_allclose(settled[: RATE + 100], made[: RATE + 100], rtol=1e-3)


def test_its_peaks_stay_under_the_ceiling():
    made = noise(4.0, 0.05)
    made[3 * RATE] = 1.4
    settled = settle(made, (RATE, 4 * RATE), noise(2.0, 0.05), RATE)
    assert np.abs(settled).max() <= 10 ** (-1 / 20) + 1e-3


def test_silence_in_the_place_stays_silence():
    made = np.zeros((3 * RATE, 1), "f4")
    part = splice(noise(3.0, 0.05), made, (RATE, 2 * RATE), RATE)
    assert np.abs(part[1000:-1000]).max() == 0


def test_a_place_at_either_end_and_the_whole_are_spliced_too():
    given, made = noise(2.0, 0.05), noise(2.0, 0.05)
    for first, end in ((0, RATE), (RATE, 2 * RATE), (0, 2 * RATE)):
        part = splice(given, made, (first, end), RATE)
        assert part.shape == (end - first, 1)
        assert np.isfinite(part).all()
