"""Finished clips have the exact length, rate, loudness and peak that were asked for."""

from dataclasses import replace

import numpy as np
import pyloudnorm
import pytest

from osc_server.rendering.finishing import (
    Target,
    finish,
    fit_line,
    fit_loop,
    measure_loudness,
    true_peak_db,
)

LOOP = Target(n_samples=96000, rate_hz=48000, n_channels=1, loop=True, loudness_lufs=-14)
LINE = replace(LOOP, loop=False)


def sine(hz, n_samples, rate=32000, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(n_samples) / rate))[:, None].astype("f4")


def noise(n_samples, level=0.1):
    return (level * np.random.default_rng(0).standard_normal((n_samples, 1))).astype("f4")


@pytest.mark.parametrize("rate", [32000, 44100, 48000, 88200, 96000])
@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_clip_has_exactly_the_samples_asked_for(rate, loop, n_channels):
    target = Target(round(1.8691588785 * rate), rate, n_channels, loop, -20)
    finished = finish(noise(60160), 32000, target)
    assert finished.audio.shape == (target.n_samples, n_channels)
    assert finished.audio.dtype == np.float32


def test_a_loop_is_resampled_as_the_circle_it_is():
    fitted = fit_loop(sine(100, 32000), 48017)
    turns = np.arange(48017) / 48017
    assert np.abs(fitted[:, 0] - 0.5 * np.sin(2 * np.pi * 100 * turns)).max() < 1e-5


def test_a_line_keeps_its_pitch_and_fades_at_its_ends():
    fitted = fit_line(sine(1000, 64000), 32000, 48000, 96000)[:, 0]
    inside = slice(4800, 91200)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(96000) / 48000)
    assert np.abs(fitted - expected)[inside].max() < 1e-3
    assert np.abs(fitted[[0, -1]]).max() < 1e-3


def test_the_asked_loudness_is_what_a_meter_reads():
    finished = finish(noise(64000), 32000, replace(LINE, loudness_lufs=-23))
    meter = pyloudnorm.Meter(48000)
    assert meter.integrated_loudness(finished.audio) == pytest.approx(-23, abs=0.05)
    assert finished.lufs == pytest.approx(-23)
    assert finished.notes == ()


def test_the_true_peak_stays_under_the_ceiling_and_the_note_says_what_it_cost():
    clicks = np.zeros((64000, 1), "f4")
    clicks[::8000] = 0.5
    finished = finish(clicks, 32000, LOOP)
    assert true_peak_db(finished.audio, loop=True) == pytest.approx(-1, abs=0.01)
    assert "instead of -14" in finished.notes[0]
    assert finished.lufs < -14


def test_the_true_peak_between_samples_is_found():
    # A quarter of the rate at 45 degrees: samples reach 0.707 of a peak that is 1 (0 dBTP).
    tone = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4)[:, None].astype("f4")
    assert true_peak_db(tone, loop=True) == pytest.approx(0, abs=0.1)


def test_silence_stays_silent_and_says_so():
    finished = finish(np.zeros((64000, 1), "f4"), 32000, LOOP)
    assert not finished.audio.any()
    assert finished.lufs == -70
    assert "silence" in finished.notes[0]


def test_a_loop_shorter_than_a_loudness_block_is_measured_as_it_repeats():
    short, long = noise(4800), np.tile(noise(4800), (40, 1))
    assert measure_loudness(short, 48000, loop=True)[0] == pytest.approx(
        pyloudnorm.Meter(48000).integrated_loudness(long), abs=0.1
    )


def test_a_line_shorter_than_a_loudness_block_is_set_and_says_how():
    finished = finish(noise(3200), 32000, replace(LINE, n_samples=4800, loudness_lufs=-30))
    assert finished.lufs == pytest.approx(-30)
    assert "0.4 s" in finished.notes[0]


def test_a_clip_of_one_sample_is_a_clip():
    for target in (replace(LOOP, n_samples=1), replace(LINE, n_samples=1)):
        assert finish(noise(640), 32000, target).audio.shape == (1, 1)
