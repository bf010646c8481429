"""The measured tempo is the tempo of the onsets, not the one that was asked for."""

import numpy as np
import pytest

from osc_server.contract.musical_time import beats_to_samples
from osc_server.rendering.tempo import bpm_measured

RATE = 48000


def clicks(bpm, n_beats, n_samples=None):
    n_samples = n_samples or beats_to_samples(n_beats, bpm, RATE)
    burst = np.exp(-np.arange(480) / 200) * np.sin(2 * np.pi * np.arange(480) / 48)
    audio = np.zeros(n_samples + 480, "f4")
    for beat in range(n_beats):
        begin = round(beat * 60 / bpm * RATE)
        if begin < n_samples:
            audio[begin : begin + 480] += burst
    return audio[:n_samples, None]


@pytest.mark.parametrize("bpm", [60, 97, 128.5, 174])
@pytest.mark.parametrize("loop", [True, False])
def test_clicks_are_measured_within_half_a_percent(bpm, loop):
    found = bpm_measured(clicks(bpm, 8), RATE, bpm, loop=loop)
    assert found == pytest.approx(bpm, rel=0.005)


@pytest.mark.parametrize("real", [110.0, 125.0, 131.0])
def test_a_loop_that_is_off_its_tempo_is_found_out(real):
    audio = clicks(real, 32, n_samples=beats_to_samples(16, 120, RATE))
    assert bpm_measured(audio, RATE, 120, loop=True) == pytest.approx(real, rel=0.005)


@pytest.mark.parametrize("asked", [64.25, 257])
def test_half_and_double_tempo_are_folded_to_what_was_asked(asked):
    assert bpm_measured(clicks(128.5, 16), RATE, asked, loop=True) == pytest.approx(
        asked, rel=0.005
    )


def test_no_beat_is_found_in_silence_a_tone_or_noise():
    seconds = np.arange(4 * RATE) / RATE
    tone = np.sin(2 * np.pi * 220 * seconds)
    noise = np.random.default_rng(1).standard_normal(4 * RATE)
    for audio in (np.zeros(4 * RATE), tone, noise):
        for loop in (True, False):
            assert bpm_measured(audio[:, None].astype("f4"), RATE, 120, loop=loop) == 0.0


def test_less_than_four_beats_have_no_tempo():
    assert bpm_measured(clicks(120, 3), RATE, 120, loop=False) == 0.0
    assert bpm_measured(clicks(120, 4), RATE, 120, loop=True) == pytest.approx(120, rel=0.005)
