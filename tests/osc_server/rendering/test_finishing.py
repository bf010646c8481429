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
)
from osc_server.rendering.peaks import true_peak_db

LOOP = Target(n_samples=96000, rate_hz=48000, n_channels=1, loop=True, loudness_lufs=-14)
LINE = replace(LOOP, loop=False)


def sine(hz, n_samples, rate=32000, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(n_samples) / rate))[:, None].astype("f4")


def noise(n_samples, level=0.1):
    return (level * np.random.default_rng(0).standard_normal((n_samples, 1))).astype("f4")


@pytest.mark.parametrize("rate", [8000, 22050, 32000, 44100, 44101, 48000, 96000, 192000])
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


@pytest.mark.parametrize("rate", [8000, 22050, 44101, 192000])
def test_loudness_and_peak_hold_at_any_rate(rate):
    target = replace(LOOP, n_samples=2 * rate, rate_hz=rate, loudness_lufs=-20)
    finished = finish(sine(500, 64000) + noise(64000, 0.02), 32000, target)
    twice = np.concatenate([finished.audio] * 2)
    assert pyloudnorm.Meter(rate).integrated_loudness(twice) == pytest.approx(-20, abs=0.1)
    assert true_peak_db(finished.audio, loop=True) <= -1


def clicks(n_samples, period, level=0.5):
    audio = np.zeros((n_samples, 1), "f4")
    audio[::period] = level
    return audio


def test_peaks_are_held_under_the_ceiling_to_reach_the_loudness():
    peaky = noise(64000, 0.05) + clicks(64000, 8000, 0.4)
    finished = finish(peaky, 32000, LOOP)
    assert finished.lufs == pytest.approx(-14, abs=0.1)
    assert true_peak_db(finished.audio, loop=True) <= -0.999
    assert "held back" in finished.notes[0]


def test_peaks_are_held_by_6_db_at_most_and_the_note_says_what_is_missing():
    finished = finish(clicks(64000, 8000), 32000, LOOP)
    assert true_peak_db(finished.audio, loop=True) == pytest.approx(-1, abs=0.05)
    assert "instead of -14" in finished.notes[0]
    assert "held back by 6.0 dB" in finished.notes[0]
    assert finished.lufs < -20


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


def test_many_minutes_are_measured_one_by_one():
    audio = np.tile(noise(8000 * 30), (12, 1))
    lufs, _ = measure_loudness(audio, 8000, loop=False)
    assert lufs == pytest.approx(measure_loudness(noise(8000 * 30), 8000, loop=False)[0], abs=0.1)
    assert measure_loudness(audio * 0, 8000, loop=False)[0] == -70
