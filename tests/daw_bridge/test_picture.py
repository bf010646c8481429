"""The picture of a clip, looked at point by point."""

from __future__ import annotations

import io

import numpy as np
import pytest

from daw_bridge.picture import Grid, draw

RATE_HZ = 32000


@pytest.fixture(scope="module")
def picture():
    """A low tone in the first half, a high one in the second; 4 beats, 1 bar, 2 s."""
    from matplotlib.image import imread

    seconds = np.arange(2 * RATE_HZ) / RATE_HZ
    hz = np.where(seconds < 1, 300, 6000)
    samples = (0.5 * np.sin(2 * np.pi * hz * seconds)).astype(np.float32)[:, None]
    figure = draw(samples, RATE_HZ, Grid(4.0, 4.0, 2.0), title="low, high", subtitle="2 s")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    content.seek(0)
    return imread(content)[:, :, :3], figure


def brightness(image, left, right, top, bottom):
    height, width, _ = image.shape
    part = image[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    return float(part.mean())


def test_it_is_as_large_as_a_screen(picture):
    assert picture[0].shape[:2] == (1080, 1920)


def test_pitch_is_up_and_time_is_to_the_right(picture):
    image, _ = picture
    low, high = (0.83, 0.88), (0.50, 0.58)
    first, second = (0.08, 0.45), (0.60, 0.95)
    assert brightness(image, *first, *low) > 2 * brightness(image, *second, *low)
    assert brightness(image, *second, *high) > 2 * brightness(image, *first, *high)


def test_bars_and_beats_are_where_the_grid_says(picture):
    _, figure = picture
    wave, mel = figure.axes[:2]
    for axes in (wave, mel):
        assert axes.get_xlim() == (0, 4)
        assert sorted(line.get_xdata()[0] for line in axes.lines) == [0, 1, 2, 3]
    assert [label.get_text() for label in mel.get_xticklabels()] == ["bar 1"]


@pytest.mark.parametrize("beats", [0.5, 256.0])
def test_short_and_long_clips_can_be_drawn(beats):
    samples = np.zeros((RATE_HZ // 4, 2), np.float32)
    assert draw(samples, RATE_HZ, Grid(beats, 4.0, 0.25), title="", subtitle="").axes
