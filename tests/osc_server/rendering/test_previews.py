"""Previews: after the first codebook a coarse clip can be heard, in the finished one's place."""

import os

import numpy as np
import pytest
import soundfile

from osc_server.contract.errors import Cancelled
from osc_server.contract.requests import Continue, GenerateClip, Infill
from osc_server.library.previews import KEPT_SECONDS, PreviewStore
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path, ToneEngine(window_frames=400))


def make(studio, request, **hooks):
    told = []

    def on_preview(path, codebooks):
        told.append((path, codebooks, soundfile.read(path, always_2d=True)))

    sidecar = studio.make(request, on_preview=on_preview, **hooks)
    return sidecar, told


@pytest.mark.parametrize("takes", [1, 3])
def test_it_is_as_long_as_the_clip_and_comes_once(studio, takes):
    asked = GenerateClip(1, prompt="pad", bars=2, bpm=126, rate_hz=44100, n_channels=2, takes=takes)
    sidecar, [(path, codebooks, (audio, rate_hz))] = make(studio, asked)
    assert (codebooks, rate_hz) == (1, 44100)
    assert audio.shape == (sidecar.measured.n_samples, 2)
    assert np.abs(audio).max() > 0.05
    assert path.name == f"{sidecar.id}.preview-1.wav"


def test_it_comes_before_the_last_step(studio):
    steps = []
    _, told = make(studio, GenerateClip(1, prompt="pad", bars=1))
    studio.make(
        GenerateClip(1, prompt="pad", bars=1),
        on_step=lambda done, total: steps.append(done),
        on_preview=lambda path, codebooks: steps.append("preview"),
    )
    assert len(told) == 1
    assert steps.index("preview") < len(steps) / 2 + 1


def test_a_continuation_of_many_windows_is_previewed_whole(studio):
    clip = studio.make(GenerateClip(1, prompt="pad", bars=2))
    sidecar, told = make(studio, GenerateClip(2, start=Continue(clip.id), bars=8))
    assert len(told[0][2][0]) == sidecar.measured.n_samples


def test_the_preview_of_an_infill_has_what_stays(studio):
    clip = studio.make(GenerateClip(1, prompt="pad", bars=2))
    _, told = make(studio, GenerateClip(2, start=Infill(clip.id, 2, 4)))
    np.testing.assert_allclose(told[0][2][0][:48000], studio.audio(clip)[:48000], atol=1e-6)


def test_it_is_a_wav_that_says_what_it_is_and_no_clip(studio):
    comments = []
    studio.make(
        GenerateClip(1, prompt="pad", bars=1),
        on_preview=lambda path, codebooks: comments.append(soundfile.SoundFile(path).comment),
    )
    assert "preview" in comments[0]
    assert len(list(studio.store.ids())) == 1


def test_that_of_a_cancelled_job_is_gone_at_once(studio):
    def cancel(done, steps):
        if told:
            raise Cancelled("stopped")

    told = []
    with pytest.raises(Cancelled):
        studio.make(
            GenerateClip(1, prompt="pad", bars=1),
            on_step=cancel,
            on_preview=lambda path, codebooks: told.append(path),
        )
    assert told
    assert list(studio.store.folder.iterdir()) == []


def test_old_ones_go_when_their_time_is_over(studio):
    _, [(path, _, _)] = make(studio, GenerateClip(1, prompt="pad", bars=1))
    assert path.exists()
    os.utime(path, (0, 0))
    studio.make(GenerateClip(1, prompt="pad", bars=1))
    assert not path.exists()


def test_a_new_server_removes_what_an_old_one_left(studio):
    path = PreviewStore(studio.store.folder).write("x", np.zeros((10, 1), "f4"), 44100, 1)
    os.utime(path, (0, 0))
    studio.store.prepare()
    assert not path.parent.exists()
    assert KEPT_SECONDS >= 10
