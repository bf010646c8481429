import math

import numpy as np
import pytest

from osc_server.training.evaluation.onsets import onset_envelope
from osc_server.training.evaluation.tempo import estimate_bpm, same_tempo, tempo_ratio
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop, tone


def blind(audio, *, loop=True):
    return estimate_bpm(onset_envelope(audio, RATE_HZ, loop=loop))


@pytest.mark.parametrize("bpm", [70.0, 84.3, 97.0, 112.5, 128.0, 141.7, 160.0, 174.0])
def test_finds_the_tempo_of_a_drum_loop_up_to_octaves(bpm):
    assert same_tempo(blind(drum_loop(bpm, beats=8, seed=int(bpm))), bpm, 0.01)


def test_finds_the_tempo_of_swung_drums():
    assert same_tempo(blind(drum_loop(93.0, seed=3, swing=0.25)), 93.0, 0.01)


def test_finds_the_tempo_of_clicks():
    audio = np.zeros(8 * RATE_HZ, np.float32)
    audio[:: round(RATE_HZ * 60 / 125)] = 1.0
    assert same_tempo(blind(audio, loop=False), 125.0, 0.01)


def test_the_length_of_the_clip_does_not_suggest_a_tempo():
    played_at_131 = drum_loop(131.0, beats=20, seed=5)
    four_bars_at_120 = played_at_131[: 8 * RATE_HZ]
    assert same_tempo(blind(four_bars_at_120), 131.0, 0.01)


def test_noise_has_no_steady_tempo():
    noise = [np.random.default_rng(seed).standard_normal(8 * RATE_HZ) for seed in range(12)]
    estimates = [blind(audio.astype(np.float32)) for audio in noise]
    assert sum(same_tempo(estimate, 120.0) for estimate in estimates) <= 3


def test_silence_and_a_steady_tone_have_none():
    assert blind(np.zeros(RATE_HZ * 4, np.float32)) == 0.0
    assert not same_tempo(0.0, 120.0)
    assert blind(tone(220.0, 4.0, decay=0.0), loop=True) >= 0.0


def test_half_and_double_tempo_agree():
    assert same_tempo(60.0, 120.0)
    assert same_tempo(240.0, 120.0)


@pytest.mark.parametrize("other", [180.0, 80.0, 90.0, 160.0, 123.0, 117.0])
def test_other_fractions_do_not_agree(other):
    assert not same_tempo(other, 120.0)


def test_ratios_are_folded_by_powers_of_two_only():
    assert tempo_ratio(61.0, 120.0) == pytest.approx(122 / 120)
    assert tempo_ratio(180.0, 120.0) == pytest.approx(0.75)
    assert math.sqrt(0.5) <= tempo_ratio(171.0, 120.0) <= math.sqrt(2.0)
