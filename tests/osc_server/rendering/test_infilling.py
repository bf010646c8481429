"""Infill: a stretch is made anew, and not one sample outside of it changes."""

import numpy as np
import pytest
import soundfile

from osc_server.contract.errors import BadRequest
from osc_server.contract.requests import GenerateClip, Infill
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio, clicks_seconds, sharpest_turn, tune


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path, ToneEngine(window_frames=400))


def filling(clip, first, end, **asked):
    return GenerateClip(2, start=Infill(clip, first, end), **asked)


def changed(before, after):
    """First and end of what is not the same."""
    places = np.flatnonzero((before != after).any(axis=1))
    return places[0], places[-1] + 1


@pytest.mark.parametrize(
    ("subtype", "rate_hz", "n_channels"),
    [
        ("PCM_U8", 32000, 1),
        ("PCM_16", 44100, 2),
        ("PCM_24", 96000, 2),
        ("PCM_32", 44100, 1),
        ("FLOAT", 48000, 2),
        ("DOUBLE", 22050, 1),
    ],
)
def test_samples_outside_are_the_very_same(studio, subtype, rate_hz, n_channels):
    rng = np.random.default_rng(1)
    noise = rng.uniform(-1, 0.999, (rate_hz * 4, n_channels)) * 0.99
    path = studio.wav("source.wav", noise, rate_hz, subtype)
    made = studio.make(filling(path, 2, 4.5, bpm=120))
    before = soundfile.read(path, dtype="float64", always_2d=True)[0]
    after, rate = soundfile.read(studio.store.wav_path(made.id), dtype="float64", always_2d=True)
    assert (rate, after.shape) == (rate_hz, before.shape)
    first, end = changed(before, after)
    assert first >= 1.0 * rate_hz
    assert end <= 2.25 * rate_hz
    assert end - first > 1.2 * rate_hz


def test_a_clip_of_the_store_keeps_its_samples_too(studio):
    clip = studio.make(GenerateClip(1, prompt="pad", bars=2, bpm=126, rate_hz=44100))
    made = studio.make(filling(clip.id, 2, 4), seed=99)
    first, end = changed(studio.audio(clip), studio.audio(made))
    assert first >= round(2 * 60 / 126 * 44100)
    assert end <= round(4 * 60 / 126 * 44100)
    assert made.request.loop
    assert made.measured.seam < 1.5
    assert made.n_frames == clip.n_frames


def test_the_beats_of_the_stretch_lie_where_they_lay(studio):
    path = studio.wav("source.wav", tune(6.0, bpm=126))
    made = studio.make(filling(path, 3, 9, bpm=126))
    clicks = clicks_seconds(studio.audio(made), 44100, 0.4)
    np.testing.assert_allclose(clicks, np.arange(len(clicks)) * 60 / 126, atol=0.0015)
    assert len(clicks) == 13


def test_no_click_at_either_splice(studio):
    path = studio.wav("source.wav", tune(6.0, level=0.3, hz=150), subtype="FLOAT")
    made = studio.make(filling(path, 2.3, 4.6, bpm=120))
    audio = studio.audio(made)
    usual = np.abs(np.diff(audio, 2, axis=0)).max()  # the clicks themselves
    tone = np.abs(np.diff(audio[round(1.2 * 44100) : round(1.24 * 44100)], 2, axis=0)).max()
    for beat in (2.3, 4.6):
        assert sharpest_turn(audio, round(beat / 2 * 44100)) < max(3 * tone, 0.2 * usual)


def test_a_long_stretch_is_made_window_by_window(studio):
    path = studio.wav("source.wav", tune(24.0))
    made = studio.make(filling(path, 8, 40, bpm=120))
    clicks = clicks_seconds(studio.audio(made), 44100, 0.4)
    np.testing.assert_allclose(clicks, np.arange(48) * 0.5, atol=0.0015)


def test_of_a_long_file_only_the_neighbourhood_is_looked_at(studio):
    heard = []
    encode = studio.engine.encode
    studio.engine.encode = lambda audio: heard.append(len(audio)) or encode(audio)
    path = studio.wav("source.wav", tune(60.0, 16000), 16000)
    made = studio.make(filling(path, 60, 64, bpm=120))
    assert max(heard) < 450 * 640
    assert made.measured.n_samples == 960000


def test_what_was_left_stays_left(studio):
    one_sided = np.concatenate([tune(4.0), np.zeros((176400, 1))], axis=1)
    made = studio.make(filling(studio.wav("left.wav", one_sided), 2, 4, bpm=120))
    audio = studio.audio(made)
    inside = audio[round(1.1 * 44100) : round(1.9 * 44100)]
    assert np.abs(inside[:, 0]).max() > 0.05
    assert np.abs(inside[:, 1]).max() < 1e-3


@pytest.mark.parametrize(
    ("first", "end", "said"),
    [
        (6, 9, "reach outside the clip, which has 8 beats"),
        (100, 104, "reach outside"),
        (2, 2.05, "too short"),
    ],
)
def test_a_stretch_that_cannot_be_made_is_refused(studio, first, end, said):
    path = studio.wav("source.wav", tune(4.0))
    with pytest.raises(BadRequest, match=said):
        studio.make(filling(path, first, end, bpm=120))


@pytest.mark.parametrize(("first", "end"), [(0, 2), (6, 8), (0, 8)])
def test_a_stretch_may_touch_the_ends(studio, first, end):
    path = studio.wav("source.wav", tune(4.0))
    made = studio.make(filling(path, first, end, bpm=120))
    assert made.measured.n_samples == 176400


def test_rate_and_channels_are_the_sources_whatever_is_asked(studio):
    path = studio.wav("source.wav", tune(4.0, 32000), 32000)
    made = studio.make(filling(path, 2, 4, bpm=120, rate_hz=96000, n_channels=2))
    assert (made.measured.rate_hz, made.measured.n_channels) == (32000, 1)


def test_it_is_made_again_from_its_sidecar(studio):
    path = studio.wav("source.wav", tune(4.0))
    made = studio.make(filling(path, 2, 4))
    again = studio.make(made.to_request(3), made.seed)
    np.testing.assert_array_equal(studio.audio(made), studio.audio(again))
