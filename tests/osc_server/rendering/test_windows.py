"""Stretches longer than the window are drawn piece by piece, each seeing what was before."""

import pytest

from osc_server.rendering.windows import lay_windows


def test_what_fits_is_one_window():
    (window,) = lay_windows(500, (200, 500), 500)
    assert (window.first, window.end, window.drawn_from, window.drawn_to) == (0, 500, 200, 500)


def test_a_stretch_inside_a_long_canvas_lies_in_the_middle_of_its_window():
    (window,) = lay_windows(5000, (2000, 2200), 500)
    assert window.first < 2000 - 100
    assert window.end > 2200 + 100
    assert window.end - window.first <= 500


@pytest.mark.parametrize("n_new", [501, 900, 1000, 2503, 15000])
@pytest.mark.parametrize("n_after", [0, 7, 400])
@pytest.mark.parametrize("n_before", [0, 30, 250, 3000])
def test_all_is_drawn_once_within_the_window_and_with_enough_context(n_before, n_after, n_new):
    n_frames, stretch = n_before + n_new + n_after, (n_before, n_before + n_new)
    windows = lay_windows(n_frames, stretch, 500)
    at = n_before
    for i, window in enumerate(windows):
        assert 0 <= window.first <= window.drawn_from == at < window.drawn_to <= window.end
        assert window.end - window.first <= 500
        assert window.drawn_from - window.first >= min(n_before if i == 0 else 200, 200)
        at = window.drawn_to
    assert at == stretch[1]
    assert windows[-1].end - at >= min(n_after, 100)
    assert all(window.end == window.drawn_to for window in windows[:-1])


def test_the_windows_of_a_long_continuation_have_one_shape_but_for_the_last():
    windows = lay_windows(250 + 15000, (250, 15250), 500)
    assert len({window.end - window.first for window in windows[1:-1]}) == 1
