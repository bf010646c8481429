import numpy as np
import pytest

from osc_server.training.evaluation.grid import bar_profile, downbeat_place, grid_figures
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop


def test_drums_lie_on_the_grid_of_their_own_tempo():
    figures = grid_figures(drum_loop(120.0), RATE_HZ, 120.0, loop=True)
    assert figures.above_chance > 0.95
    assert figures.focus > 0.95
    assert abs(figures.offset_ms) < 5.0


def test_drums_do_not_lie_on_another_grid():
    figures = grid_figures(drum_loop(120.0), RATE_HZ, 129.0, loop=True)
    assert figures.above_chance < 0.3
    assert figures.focus < 0.3


def test_chance_is_the_share_of_time_near_a_sixteenth():
    assert grid_figures(drum_loop(120.0), RATE_HZ, 120.0).chance == pytest.approx(0.06 / 0.125)


def test_late_onsets_have_a_positive_offset():
    late = np.roll(drum_loop(120.0), round(0.02 * RATE_HZ))
    assert grid_figures(late, RATE_HZ, 120.0, loop=True).offset_ms == pytest.approx(20.0, abs=5.0)


def test_silence_lies_on_no_grid():
    assert grid_figures(np.zeros(RATE_HZ, np.float32), RATE_HZ, 120.0).on_grid == 0.0


@pytest.mark.parametrize("late_by", [0, 3, 8, 13])
def test_a_bar_that_starts_late_is_found_late(late_by):
    library = np.stack(
        [bar_profile(drum_loop(110.0, seed=s), RATE_HZ, 110.0, loop=True) for s in range(8)]
    )
    shifted = np.roll(drum_loop(110.0, seed=3), round(late_by * 15 / 110.0 * RATE_HZ))
    assert downbeat_place(bar_profile(shifted, RATE_HZ, 110.0, loop=True), library) == late_by
