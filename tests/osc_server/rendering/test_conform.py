"""Audio is brought to the host's tempo, its first beat to its start."""

import numpy as np
import pytest

from osc_server.rendering.conform import conform, stretch
from osc_server.rendering.onsets import first_beat_seconds
from osc_server.rendering.tempo import bpm_measured
from tests.osc_server.rendering.studio import tune

RATE = 32000


def test_stretching_gives_exact_length_the_new_tempo_and_the_old_pitch():
    audio = tune(6.0, RATE, bpm=120).astype("f4")
    longer = stretch(audio, RATE, round(len(audio) * 1.07))
    assert len(longer) == round(len(audio) * 1.07)
    assert bpm_measured(longer, RATE, 112, loop=False) == pytest.approx(120 / 1.07, rel=0.003)
    spectrum = np.abs(np.fft.rfft(longer[:, 0] * np.hanning(len(longer))))
    assert spectrum.argmax() * RATE / len(longer) == pytest.approx(220, abs=1.0)


def test_a_stretched_loop_still_closes():
    audio = tune(4.0, RATE, bpm=120, first_beat=0.5).astype("f4")
    loop = stretch(audio, RATE, round(len(audio) * 0.95), loop=True)
    seam = np.abs(loop[0] - loop[-1]).max()
    assert seam < 2 * np.quantile(np.abs(np.diff(loop, axis=0)), 0.99)


@pytest.mark.parametrize("late_beats", [0.0, 0.2, 0.5, 0.85])
def test_the_first_beat_is_found(late_beats):
    audio = tune(5.0, RATE, bpm=126, first_beat=late_beats).astype("f4")
    off = (first_beat_seconds(audio, RATE, 126) * 126 / 60 - late_beats + 0.5) % 1 - 0.5
    assert off * 60 / 126 == pytest.approx(0, abs=0.008)


def test_a_hint_that_is_late_and_slow_comes_on_its_beat_and_in_time():
    audio = tune(6.0, RATE, bpm=122, first_beat=0.4).astype("f4")
    conformed, said = conform(audio, RATE, 128)
    assert bpm_measured(conformed, RATE, 128, loop=False) == pytest.approx(128, rel=0.004)
    first = first_beat_seconds(conformed, RATE, 128)
    assert min(first, 60 / 128 - first) < 0.015
    assert "from 122" in said
    assert "on its beat" in said


def test_what_is_in_time_is_left_alone():
    audio = tune(6.0, RATE, bpm=128).astype("f4")
    conformed, said = conform(audio, RATE, 128)
    assert conformed is audio
    assert said == ""


def test_what_is_too_far_away_is_left_alone_and_said():
    audio = tune(6.0, RATE, bpm=100).astype("f4")
    conformed, said = conform(audio, RATE, 128)
    assert conformed is audio
    assert "too far" in said


def test_what_has_no_beat_is_left_alone_and_said():
    noise = np.random.default_rng(2).standard_normal((RATE * 4, 1)).astype("f4") * 0.1
    conformed, said = conform(noise, RATE, 128)
    assert conformed is noise
    assert "No beat" in said
