"""Close the loop: given audio at the host's exact length, without a seam."""

import numpy as np
import pytest

from osc_server.contract.errors import BadRequest
from osc_server.contract.requests import CloseLoop, GenerateClip, WeightedPrompt
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio, clicks_seconds, tune

RATE = 44100


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path, ToneEngine(window_frames=500))


def closing(clip, **asked):
    return GenerateClip(2, start=CloseLoop(clip), **asked)


def whole_turns(audio):
    return clicks_seconds(np.concatenate([audio, audio]), RATE, 0.4)


@pytest.mark.parametrize("seconds", [4.0, 4.37, 3.8])
def test_it_has_the_hosts_exact_length_and_its_beats(studio, seconds):
    path = studio.wav("source.wav", tune(seconds))
    made = studio.make(closing(path, bars=2, bpm=120))
    assert made.measured.n_samples == 4 * RATE
    np.testing.assert_allclose(whole_turns(studio.audio(made)), np.arange(16) * 0.5, atol=0.0015)


def test_only_a_beat_on_each_side_of_the_seam_is_made_anew(studio):
    path = studio.wav("source.wav", tune(4.2))
    made = studio.make(closing(path, bars=2, bpm=120))
    after = studio.audio(made)
    same = np.abs(after[:, 0] - tune(4.2)[: len(after), 0]) < 1e-4
    assert same[RATE // 2 : -RATE // 2].all()
    assert not same[: RATE // 2].all()
    assert not same[-RATE // 2 :].all()


def test_its_seam_is_smooth_where_it_was_not(studio):
    rough = tune(4.0, hz=220.13, level=0.3)
    rough[-2000:] *= np.linspace(1, 3, 2000)[:, None]
    made = studio.make(closing(studio.wav("source.wav", rough), bars=2, bpm=120))
    assert made.measured.seam < 1.5
    assert 0 < made.measured.seam_flux < 1.5
    assert made.measured.seam_perplexity > 0


def test_whole_bars_nearest_to_the_source_are_made_where_none_are_asked(studio):
    made = studio.make(closing(studio.wav("source.wav", tune(6.3, bpm=120)), bpm=120))
    assert made.measured.bars == 3
    assert made.measured.n_samples == 6 * RATE


def test_a_clip_is_conformed_to_another_tempo(studio):
    clip = studio.make(GenerateClip(1, prompt="pad", bars=2, bpm=120))
    made = studio.make(closing(clip.id, bars=2, bpm=128))
    assert made.measured.n_samples == 180000
    assert made.measured.bpm_measured == pytest.approx(128, rel=0.003)
    assert "stretched from 120.00 to 128" in made.notes
    with pytest.raises(BadRequest, match="at most 15 %"):
        studio.make(closing(clip.id, bars=2, bpm=150))


def test_a_file_whose_measured_tempo_is_another_is_conformed(studio):
    path = studio.wav("source.wav", tune(4.4, bpm=125))
    made = studio.make(closing(path, bars=2, bpm=120, given=frozenset({"bpm"})))
    assert made.measured.bpm_measured == pytest.approx(120, rel=0.004)
    assert "stretched" in made.notes


def test_what_is_missing_is_made_and_said(studio):
    made = studio.make(closing(studio.wav("source.wav", tune(3.0)), bars=2, bpm=120))
    assert "1 s were missing" in made.notes
    np.testing.assert_allclose(whole_turns(studio.audio(made)), np.arange(16) * 0.5, atol=0.0015)


def test_what_is_far_too_short_is_refused(studio):
    with pytest.raises(BadRequest, match="less than half of a loop of 8 s"):
        studio.make(closing(studio.wav("source.wav", tune(2.0)), bars=4, bpm=120))


@pytest.mark.parametrize(("beats", "bpm"), [(20, 121.2), (20, 120.4), (30, 119)])
def test_a_loop_that_leaves_the_window_no_room_is_closed_too(studio, beats, bpm):
    seconds = beats * 60 / bpm
    path = studio.wav("source.wav", tune(seconds + 0.1, bpm=bpm))
    made = studio.make(closing(path, beats=beats, bpm=bpm))
    assert made.measured.n_samples == round(seconds * RATE)
    assert made.measured.seam < 1.5
    turns = whole_turns(studio.audio(made))
    # One that falls on the end may begin a sample before it.
    np.testing.assert_allclose(turns[: 2 * beats], np.arange(2 * beats) * 60 / bpm, atol=0.0015)


def test_its_codes_begin_at_its_seam(studio):
    made = studio.make(closing(studio.wav("source.wav", tune(4.0)), bars=2, bpm=120))
    codes = studio.store.read_codes(made.id)
    assert codes.shape == (4, 200)
    assert codes[2, 0] == 2  # the tone engine's downbeat


def test_stereo_stays_stereo(studio):
    wide = np.concatenate([tune(4.2), tune(4.2, hz=330)], axis=1)
    made = studio.make(closing(studio.wav("source.wav", wide), bars=2, bpm=120))
    audio = studio.audio(made)
    middle = slice(RATE, 3 * RATE)
    np.testing.assert_allclose(audio[middle], wide[middle], atol=1e-4)


def test_several_prompts_lie_on_its_bars(studio):
    mix = (WeightedPrompt("a", 1, 0, 1), WeightedPrompt("b", 1, 1))
    made = studio.make(closing(studio.wav("source.wav", tune(4.0)), bars=2, bpm=120, mix=mix))
    assert set(made.model_prompt.split(" + ")) == {"a", "b"}


def test_it_is_as_loud_as_it_was_unless_another_loudness_is_asked(studio):
    path = studio.wav("source.wav", tune(4.2, level=0.05))
    assert studio.make(closing(path, bars=2, bpm=120)).measured.lufs < -20
    louder = studio.make(closing(path, bars=2, bpm=120, loudness_lufs=-18))
    assert louder.measured.lufs == pytest.approx(-18, abs=0.3)


def test_conform_0_leaves_the_source_at_its_tempo(studio):
    clip = studio.make(GenerateClip(1, prompt="pad", bars=2, bpm=120, loop=False))
    start = CloseLoop(clip.id)
    request = GenerateClip(2, start=start, bars=2, bpm=126, conform=False, given=frozenset({"bpm"}))
    assert "stretched" not in studio.make(request).notes
