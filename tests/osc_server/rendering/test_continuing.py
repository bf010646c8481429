"""Continue: the new part begins where its source ends, on its beats, at its level."""

import numpy as np
import pytest

from osc_server.contract.errors import BadRequest
from osc_server.contract.requests import Continue, GenerateClip
from osc_server.rendering.finishing import measure_loudness
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio, clicks_seconds, sharpest_turn, tune


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path, ToneEngine(window_frames=400))


@pytest.fixture
def clip(studio):
    return studio.make(GenerateClip(1, prompt="pad", bars=2, bpm=126))


def continuation(clip, **asked):
    return GenerateClip(2, start=Continue(clip if isinstance(clip, str) else clip.id), **asked)


@pytest.mark.parametrize("bars", [1, 2, 12.5])
def test_only_the_new_part_comes_back_at_its_exact_length(studio, clip, bars):
    made = studio.make(continuation(clip, bars=bars))
    assert made.measured.n_samples == round(bars * 4 * 60 / 126 * 48000)
    assert len(studio.audio(made)) == made.measured.n_samples
    assert made.measured.bars == bars
    assert not made.request.loop


def test_the_beats_go_on_where_the_source_ended(studio, clip):
    made = studio.make(continuation(clip, bars=12))
    whole = np.concatenate([studio.audio(clip), studio.audio(made)])
    clicks = clicks_seconds(whole, 48000)
    assert len(clicks) == 4 * 14
    np.testing.assert_allclose(clicks, np.arange(56) * 60 / 126, atol=0.0015)


@pytest.mark.parametrize("seconds", [3.5, 1.75, 0.25])
def test_a_source_that_ends_inside_a_bar_is_continued_from_there(studio, seconds):
    path = studio.wav("half.wav", tune(seconds))
    made = studio.make(continuation(path, beats=4, bpm=120))
    first = (-seconds) % 0.5
    clicks = clicks_seconds(studio.audio(made), 44100)
    np.testing.assert_allclose(clicks, first + np.arange(4) * 0.5, atol=0.001)


def test_no_click_where_it_joins(studio):
    source = tune(4.0, level=0.3)
    path = studio.wav("source.wav", source)
    made = studio.make(continuation(path, bars=1, bpm=97))
    joined = np.concatenate([source, studio.audio(made)])
    at = len(source)
    assert sharpest_turn(joined, at) < 0.02 * 0.3


@pytest.mark.parametrize("level", [0.02, 0.1, 0.3])
def test_it_is_as_loud_as_its_source(studio, level):
    source = tune(4.0, level=level)
    made = studio.make(continuation(studio.wav("source.wav", source), bars=4, bpm=120))
    wanted, _ = measure_loudness(source, 44100, False)
    assert made.measured.lufs == pytest.approx(wanted, abs=0.6)


def test_it_stays_as_loud_from_one_continuation_to_the_next(studio, clip):
    first = studio.make(continuation(clip, bars=2))
    second = studio.make(continuation(first, bars=2))
    assert second.measured.lufs == pytest.approx(clip.measured.lufs, abs=0.8)


def test_what_is_left_open_comes_from_the_clip(studio):
    clip = studio.make(
        GenerateClip(1, prompt="pad", key="A minor", bars=2, bpm=126, rate_hz=44100, n_channels=2)
    )
    made = studio.make(continuation(clip))
    assert (made.request.bpm, made.request.prompt, made.request.key) == (126, "pad", "A minor")
    assert (made.measured.rate_hz, made.measured.n_channels) == (44100, 2)
    assert made.measured.bars == 4
    other = studio.make(continuation(clip, prompt="bass", bars=1, rate_hz=96000, bpm=121))
    assert (other.model_prompt, other.request.bpm) == ("bass", 121)
    assert (other.measured.rate_hz, other.measured.n_channels) == (96000, 2)


def test_a_file_is_continued_in_its_own_tempo_rate_and_channels(studio):
    path = studio.wav("a.wav", np.repeat(tune(6.0, 96000, bpm=110), 2, axis=1), 96000)
    made = studio.make(continuation(path, bars=1))
    assert made.request.bpm == pytest.approx(110, rel=0.002)
    assert (made.measured.rate_hz, made.measured.n_channels) == (96000, 2)
    assert "110 bpm" in made.notes


def test_its_own_codes_are_the_prompt_where_they_fit(studio, clip):
    asked = []
    encode = studio.engine.encode
    studio.engine.encode = lambda audio: asked.append(audio) or encode(audio)
    studio.make(continuation(clip, bars=1))
    assert asked == []
    studio.make(continuation(clip, bars=1, bpm=121))
    assert len(asked) == 1


def test_minutes_are_made_window_by_window(studio, clip):
    made = studio.make(continuation(clip, seconds=30.0))
    assert made.measured.n_samples == 30 * 48000
    assert made.n_frames == 1500
    assert made.measured.bpm_measured == pytest.approx(126, rel=0.001)


def test_more_than_five_minutes_are_refused(studio, clip):
    with pytest.raises(BadRequest, match="up to 300 s"):
        studio.make(continuation(clip, seconds=301.0))


def test_it_is_made_again_from_its_sidecar(studio, clip):
    made = studio.make(continuation(clip, bars=10))
    again = studio.make(made.to_request(3), made.seed)
    np.testing.assert_array_equal(studio.audio(made), studio.audio(again))
    assert len(made.source_sha256) == 64


def test_progress_runs_through_all_windows(studio, clip):
    told = []
    studio.make(continuation(clip, bars=12), on_step=lambda done, steps: told.append((done, steps)))
    done = [step for step, _ in told]
    assert done == sorted(done)
    assert len({steps for _, steps in told}) == 1
    assert told[-1][0] == told[-1][1]
    assert done.count(told[-1][1]) == 2  # the last step, and the last chance to cancel
