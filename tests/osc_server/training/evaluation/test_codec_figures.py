import numpy as np
import pytest

from osc_server.training.evaluation.codec_figures import codebook_use, compare
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop


def test_equal_audio_has_no_distance():
    audio = drum_loop(120.0, beats=4)
    trip = compare(audio, audio, RATE_HZ)
    assert (trip.mel, trip.convergence) == (0.0, 0.0)
    assert trip.onsets == pytest.approx(1.0)


def test_silence_instead_of_audio_has_a_convergence_of_one():
    audio = drum_loop(120.0, beats=4)
    trip = compare(audio, np.zeros_like(audio), RATE_HZ)
    assert trip.convergence == pytest.approx(1.0)
    assert trip.onsets == 0.0


def test_noise_costs_more_the_louder_it_is():
    audio = drum_loop(120.0, beats=4)
    noise = np.random.default_rng(0).standard_normal(len(audio)).astype(np.float32)
    mels = [compare(audio, audio + level * noise, RATE_HZ).mel for level in (0.001, 0.01, 0.1)]
    assert mels == sorted(mels)


def test_codes_used_equally_have_a_perplexity_of_their_number():
    codes = np.stack([np.arange(64) % 16, np.zeros(64, int)])
    first, second = codebook_use([codes, codes], codebook_size=1024)
    assert first.perplexity == pytest.approx(16.0)
    assert (first.used, first.repeats) == (16, 0.0)
    assert second.perplexity == pytest.approx(1.0)
    assert (second.used, second.repeats) == (1, 1.0)
