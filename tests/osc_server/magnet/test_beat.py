"""Beat features: where a frame lies in its beat, bar and phrase."""

import numpy as np
import pytest

from osc_server.magnet.beat import N_BEAT_FEATURES, beat_features
from osc_server.rendering.plan import BeatGrid

FOUR_BARS_AT_120 = BeatGrid(beats_per_frame=16 / 400, cycle_bars=4)


def test_no_grid_is_all_zeros():
    assert not beat_features(None, 10).any()


def test_columns_are_as_many_as_stated():
    assert beat_features(FOUR_BARS_AT_120, 400).shape == (400, N_BEAT_FEATURES) == (400, 21)


def test_the_downbeat_is_at_phase_zero_of_every_cycle():
    first = beat_features(FOUR_BARS_AT_120, 1)[0]
    assert first[0:16:2] == pytest.approx(np.zeros(8))
    assert first[1:16:2] == pytest.approx(np.ones(8))


def test_a_loop_of_whole_bars_is_a_circle():
    n_frames = 371  # 4 bars at a tempo that no whole number of frames fits
    grid = BeatGrid(beats_per_frame=16 / n_frames, cycle_bars=4)
    around = beat_features(grid, 2 * n_frames, first_frame=-n_frames)
    assert around[:n_frames] == pytest.approx(around[n_frames:], abs=1e-5)


def test_the_tempo_is_in_octaves_from_120_bpm():
    assert beat_features(FOUR_BARS_AT_120, 1)[0, 16] == pytest.approx(0)
    assert beat_features(BeatGrid(beats_per_frame=16 / 200), 1)[0, 16] == pytest.approx(1)


@pytest.mark.parametrize(
    ("cycle_bars", "flags"), [(0, [1, 0, 0]), (1, [1, 0, 0]), (2, [1, 1, 0]), (4, [1, 1, 1])]
)
def test_long_cycles_are_told_only_where_the_material_closes_on_them(cycle_bars, flags):
    grid = BeatGrid(beats_per_frame=0.04, cycle_bars=cycle_bars)
    features = beat_features(grid, 100)
    assert features[:, 17:].tolist() == [[*flags, 0]] * 100
    for column, present in ((12, flags[1]), (14, flags[2])):
        assert bool(features[:, column : column + 2].any()) == bool(present)


def test_frames_before_the_downbeat_continue_the_grid_backwards():
    late = BeatGrid(beats_per_frame=0.04, first_beat=-1.0)
    assert beat_features(late, 50)[25:] == pytest.approx(
        beat_features(BeatGrid(beats_per_frame=0.04), 25), abs=1e-5
    )
