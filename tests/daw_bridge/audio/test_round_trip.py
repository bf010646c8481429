"""A sweep that was played is found again, wherever it is and whatever is around it."""

from __future__ import annotations

import numpy as np
import pytest

from daw_bridge.audio.round_trip import LEVEL, SWEEP_SECONDS, Sweeps, arrival, sweep

RATE_HZ = 48000
SIGNAL = sweep(RATE_HZ)


def heard(at, gain=1.0, noise=0.0, seconds=1.3, rate_hz=RATE_HZ):
    signal = sweep(rate_hz)
    sound = np.random.default_rng(1).normal(0, noise, round(seconds * rate_hz))
    sound[at : at + len(signal)] += gain * signal
    return sound.astype(np.float32)[:, None]


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000, 192000])
def test_a_sweep_is_found_on_its_sample_at_any_rate(rate_hz):
    found = arrival(heard(1234, rate_hz=rate_hz), sweep(rate_hz), rate_hz)
    assert found.is_clear
    assert found.sample == pytest.approx(1234, abs=0.05)
    assert found.peak == pytest.approx(LEVEL, rel=0.02)


@pytest.mark.parametrize("gain", [0.01, -0.01])
def test_a_faint_sweep_is_found_under_noise_as_loud_as_itself_and_upside_down(gain):
    found = arrival(heard(5000, gain, noise=0.01 * LEVEL), SIGNAL, RATE_HZ)
    assert found.is_clear
    assert found.sample == pytest.approx(5000, abs=1)


def test_a_sweep_between_two_samples_is_found_between_them():
    spectrum = np.fft.rfft(heard(3000)[:, 0])
    turn = np.exp(-2j * np.pi * np.arange(len(spectrum)) / round(1.3 * RATE_HZ) * 0.4)
    shifted = np.fft.irfft(spectrum * turn).astype(np.float32)
    found = arrival(shifted[:, None], SIGNAL, RATE_HZ)
    assert found.sample == pytest.approx(3000.4, abs=0.05)


def test_the_channel_counts_on_which_it_stands_out():
    both = np.concatenate((heard(0, 0.0, noise=0.1), heard(777, 0.5, noise=0.001)), axis=1)
    assert arrival(both, SIGNAL, RATE_HZ).sample == pytest.approx(777, abs=0.1)


@pytest.mark.parametrize("noise", [0.0, 1e-9, 0.1])
def test_silence_and_noise_are_no_sweep(noise):
    for seed in range(20):
        sound = np.random.default_rng(seed).normal(0, noise, (RATE_HZ, 1)).astype(np.float32)
        assert not arrival(sound, SIGNAL, RATE_HZ).is_clear


def test_sweeps_are_played_whole_across_blocks_and_on_the_first_channel_alone():
    source = Sweeps(SIGNAL, (100, 20_000))
    played = np.full((40_960, 2), np.nan, np.float32)
    for start in range(0, len(played), 1024):
        source.process(played[start : start + 1024], start)
    expected = np.zeros(len(played), np.float32)
    for begin in source.begins:
        expected[begin : begin + len(SIGNAL)] = SIGNAL
    assert np.array_equal(played[:, 0], expected)
    assert not played[:, 1].any()
    assert len(SIGNAL) == SWEEP_SECONDS * RATE_HZ
    assert np.abs(SIGNAL).max() <= LEVEL
