"""Vary: the same length, beats and loudness as the source, the rest as far from it as asked."""

import numpy as np
import pytest

from osc_server.contract.errors import BadRequest
from osc_server.contract.requests import GenerateClip, Vary
from osc_server.rendering.distance import spectral_distance_db
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio, tune


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path, ToneEngine(window_frames=400))


@pytest.fixture
def clip(studio):
    return studio.make(GenerateClip(1, prompt="pad", bars=2, bpm=126, rate_hz=44100))


def variation(clip, amount=0.5, strategy="random", **asked):
    return GenerateClip(2, start=Vary(clip, amount, strategy), **asked)


def test_nothing_asked_is_nothing_changed(studio, clip):
    made = studio.make(variation(clip.id, 0.0))
    np.testing.assert_array_equal(
        studio.store.read_codes(made.id), studio.store.read_codes(clip.id)
    )
    assert "0.0 dB from its source" in made.notes


def test_the_distance_grows_with_the_amount(studio, clip):
    distances = []
    for amount in (0.0, 0.2, 0.5, 0.8):
        made = studio.make(variation(clip.id, amount, prompt="other words"))
        before, after = studio.audio(clip), studio.audio(made)
        distances.append(spectral_distance_db(before, 44100, after, 44100))
    assert distances == sorted(distances)
    assert distances[-1] > distances[1] + 1


def test_the_clips_own_seed_makes_a_variation_too(studio, clip):
    made = studio.make(variation(clip.id, 1.0), seed=clip.seed)
    codes = studio.store.read_codes(made.id)
    assert not np.array_equal(codes, studio.store.read_codes(clip.id))


def test_texture_keeps_the_first_codebook(studio, clip):
    made = studio.make(variation(clip.id, 1.0, "texture", prompt="other words"))
    before, after = (studio.store.read_codes(c.id) for c in (clip, made))
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[3], after[3])


def test_length_tempo_rate_and_loop_are_the_sources(studio, clip):
    made = studio.make(variation(clip.id))
    wanted = clip.measured
    assert (made.measured.n_samples, made.measured.rate_hz) == (wanted.n_samples, 44100)
    assert made.measured.bpm_measured == pytest.approx(126, rel=0.002)
    assert made.request.loop
    assert made.measured.lufs == pytest.approx(wanted.lufs, abs=0.7)


@pytest.mark.parametrize(("seconds", "is_loop"), [(4.0, True), (3.7, False)])
def test_a_file_of_whole_bars_is_a_loop(studio, seconds, is_loop):
    path = studio.wav("source.wav", tune(seconds))
    made = studio.make(variation(path, bpm=120))
    assert made.request.loop == is_loop
    assert made.measured.n_samples == round(seconds * 44100)
    assert studio.make(variation(path, loop=False)).request.loop is False


def test_what_is_longer_than_the_window_is_varied_window_by_window(studio):
    path = studio.wav("source.wav", tune(20.3))
    made = studio.make(variation(path))
    assert made.measured.n_samples == round(20.3 * 44100)
    assert made.n_frames == 1015
    assert made.measured.bpm_measured == pytest.approx(120, rel=0.002)


def test_what_is_longer_than_five_minutes_is_refused(studio):
    path = studio.wav("source.wav", tune(301.0, 8000), 8000)
    with pytest.raises(BadRequest, match="at most 300 s"):
        studio.make(variation(path))


@pytest.mark.parametrize("amount", [2.0, -0.1])
def test_an_amount_that_is_none_is_refused(studio, clip, amount):
    with pytest.raises(BadRequest, match="0 \\(nothing\\) to 1 \\(all\\)"):
        studio.make(variation(clip.id, amount))


def test_the_loudness_is_the_sources_unless_another_is_asked(studio):
    path = studio.wav("source.wav", tune(4.0, level=0.03))
    assert studio.make(variation(path)).measured.lufs < -25
    assert studio.make(variation(path, loudness_lufs=-20)).measured.lufs == pytest.approx(
        -20, abs=1
    )


def test_of_stereo_the_balance_stays(studio):
    tilted = np.concatenate([tune(4.0), 0.5 * tune(4.0)], axis=1)
    audio = studio.audio(studio.make(variation(studio.wav("source.wav", tilted))))
    levels = np.sqrt(np.square(audio).mean(axis=0))
    assert levels[0] / levels[1] == pytest.approx(2.0, rel=0.02)
