"""From files to loops."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import soundfile

from daw_bridge.audio.load import load_loop
from daw_bridge.audio.loop import Loop
from osc_server.contract.errors import BadRequest, StorageFailed
from tests.daw_bridge.audio.sounds import rms, sine


def write(path, loop, rate_hz=48000):
    soundfile.write(path, loop.samples, rate_hz, subtype="FLOAT")
    return path


def test_a_loop_at_the_decks_rate_is_read_bit_for_bit(tmp_path):
    loop = sine(440)
    path = write(tmp_path / "a.wav", loop)
    assert np.array_equal(load_loop(path, loop.beats, 120, 48000, 2).samples, loop.samples)


def test_mono_goes_to_both_channels(tmp_path):
    loop = sine(440, n_channels=1)
    path = write(tmp_path / "a.wav", loop)
    read = load_loop(path, loop.beats, 120, 48000, 2).samples
    assert np.array_equal(read, np.repeat(loop.samples, 2, axis=1))


def test_stereo_is_mixed_down_for_one_output(tmp_path):
    loop = sine(440)
    path = write(tmp_path / "a.wav", loop)
    assert load_loop(path, loop.beats, 120, 48000, 1).samples.shape == (96000, 1)


def test_another_rate_is_resampled_to_exactly_the_samples_of_the_beats(tmp_path):
    loop = sine(440, bpm=128.5)
    path = write(tmp_path / "a.wav", loop)
    read = load_loop(path, loop.beats, 128.5, 44100, 2)
    assert read.n_samples == round(Fraction(4 * 60 * 44100) / Fraction(128.5))


def test_resampling_keeps_the_seam_closed(tmp_path):
    loop = sine(441)
    path = write(tmp_path / "a.wav", loop)
    twice = np.tile(load_loop(path, loop.beats, 120, 44100, 2).samples[:, 0], 2)
    seam = len(twice) // 2
    expected = 0.5 * np.sin(2 * np.pi * 441 * np.arange(-20, 20) / 88200)
    assert np.allclose(twice[seam - 20 : seam + 20], expected, atol=1e-4)
    assert rms(twice) == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)


def test_a_file_that_is_no_audio_is_a_sentence(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"not a wave")
    with pytest.raises(StorageFailed, match="cannot be read as audio"):
        load_loop(path, Fraction(4), 120, 48000, 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loop_that_would_hurt_is_refused(bad):
    samples = np.zeros((1000, 2), np.float32)
    samples[500] = bad
    with pytest.raises(BadRequest, match="not-a-number"):
        Loop("bad", samples, Fraction(4), 120)
