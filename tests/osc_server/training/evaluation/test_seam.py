import numpy as np

from osc_server.training.evaluation.seam import LARGEST_JUMP, seam_figures
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop


def hum(seconds=4.0, hz=110.0):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


def test_whole_cycles_close():
    assert seam_figures(hum(), RATE_HZ, 2).jump <= LARGEST_JUMP


def test_a_torn_cycle_does_not_close():
    assert seam_figures(hum()[:-70], RATE_HZ, 2).jump > 2 * LARGEST_JUMP


def test_a_downbeat_at_the_seam_is_like_the_other_downbeats():
    figures = seam_figures(drum_loop(120.0), RATE_HZ, 4)
    assert figures.jump <= LARGEST_JUMP
    assert 0.5 < figures.flux < 2.0


def test_a_change_of_sound_at_the_seam_shows_in_the_flux():
    falling = hum() * np.linspace(1.0, 0.0, 4 * RATE_HZ, dtype=np.float32)
    assert seam_figures(falling, RATE_HZ, 4).flux > 5.0


def test_a_single_bar_has_no_other_bar_lines_to_compare_with():
    assert np.isnan(seam_figures(drum_loop(120.0, beats=4), RATE_HZ, 1).flux)
