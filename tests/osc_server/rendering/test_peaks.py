"""True peaks are found between samples, and held under a ceiling without harm around them."""

import numpy as np
import pytest

from osc_server.rendering import peaks
from osc_server.rendering.peaks import hold_peaks, true_peak_db

RATE = 48000


def noise(n_samples, n_channels=1):
    return (0.1 * np.random.default_rng(0).standard_normal((n_samples, n_channels))).astype("f4")


def test_the_true_peak_between_samples_is_found():
    # A quarter of the rate at 45 degrees: samples reach 0.707 of a peak that is 1 (0 dBTP).
    tone = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4)[:, None].astype("f4")
    assert true_peak_db(tone, loop=True) == pytest.approx(0, abs=0.1)


def test_held_peaks_stay_under_the_ceiling():
    loud = noise(RATE) * 20
    held = hold_peaks(loud, -1.0, RATE, loop=True).audio
    assert true_peak_db(held, loop=True) < -0.9


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("places", [[24000], [3, 30000, 47990], range(0, RATE, 100)])
def test_what_held_audio_still_reaches_is_told_without_measuring_it_all_again(loop, places):
    audio = noise(RATE, 2)
    audio[list(places), 0] = 3.0
    held = hold_peaks(audio, -1.0, RATE, loop, peaks.peak_envelope(audio, loop))
    assert held.true_peak_db == pytest.approx(true_peak_db(held.audio, loop), abs=1e-5)
    assert np.array_equal(held.audio, hold_peaks(audio, -1.0, RATE, loop).audio)


def test_audio_under_the_ceiling_is_left_as_it_is():
    held = hold_peaks(noise(RATE), -0.1, RATE, loop=True)
    assert np.array_equal(held.audio, noise(RATE))
    assert held.true_peak_db == true_peak_db(noise(RATE), loop=True)


def test_what_is_far_from_a_peak_is_left_bit_identical():
    audio = noise(RATE)
    audio[24000] = 3.0
    held = hold_peaks(audio, -1.0, RATE, loop=False).audio
    apart = np.abs(np.arange(RATE) - 24000) > 0.021 * RATE
    assert np.array_equal(held[apart], audio[apart])
    assert abs(held[24000, 0]) < 0.9


def test_a_loop_is_held_as_the_circle_it_is():
    audio = noise(RATE)
    audio[10] = 3.0
    turned = hold_peaks(np.roll(audio, 777, axis=0), -1.0, RATE, loop=True).audio
    held = hold_peaks(audio, -1.0, RATE, loop=True).audio
    assert np.roll(held, 777, axis=0) == pytest.approx(turned, abs=1e-5)


def test_both_channels_are_held_alike():
    audio = noise(RATE, 2)
    audio[24000, 0] = 3.0
    held = hold_peaks(audio, -1.0, RATE, loop=True).audio
    near = slice(23900, 24100)
    gains = held[near] / audio[near]
    assert gains[:, 0] == pytest.approx(gains[:, 1], rel=1e-4)
    assert gains.min() < 0.4


@pytest.mark.parametrize("n_samples", [1, 2, 3, 50])
@pytest.mark.parametrize("loop", [True, False])
def test_tiny_clips_are_held_too(n_samples, loop):
    held = hold_peaks(np.full((n_samples, 1), 2.0, "f4"), -1.0, RATE, loop=loop).audio
    assert np.abs(held).max() < 0.9


@pytest.mark.parametrize("loop", [True, False])
def test_a_long_clip_is_measured_piece_by_piece_with_the_same_result(loop, monkeypatch):
    audio = np.random.default_rng(5).standard_normal((5000, 2)).astype("f4") * 0.2
    whole = peaks.peak_envelope(audio, loop)
    monkeypatch.setattr(peaks, "_PIECE_SAMPLES", 700)
    np.testing.assert_allclose(peaks.peak_envelope(audio, loop), whole, atol=1e-6)
