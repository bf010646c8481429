"""A request becomes a clip on disk, and its sidecar makes the same clip again."""

from datetime import UTC, datetime
from itertools import count

import numpy as np
import pytest
import soundfile

from osc_server.contract.errors import Cancelled, GenerationFailed
from osc_server.contract.requests import GenerateClip
from osc_server.library.clips import ClipStore
from osc_server.rendering.renderer import Clocks, Renderer
from osc_server.rendering.tone_engine import ToneEngine


class BrokenEngine(ToneEngine):
    def decode(self, codes, *, circular):
        return np.full((codes.shape[1] * 640, 1), np.nan, "f4")


def ignore_steps(done, total):
    pass


@pytest.fixture
def store(tmp_path):
    store = ClipStore(tmp_path / "clips")
    store.prepare()
    return store


def renderer(store, engine=None):
    ticks = count(step=2.0)
    clocks = Clocks(
        lambda: float(next(ticks)), lambda: datetime(2026, 11, 22, 20, 30, 11, tzinfo=UTC)
    )
    return Renderer(engine or ToneEngine(), store, clocks, {"magnet-bridge": "0.1.0"})


ASKED = GenerateClip(1, prompt="Dusty breakbeat!", bars=2, bpm=128.5, rate_hz=44100, n_channels=2)


def test_the_clip_on_disk_is_what_the_sidecar_says(store):
    sidecar, *_ = renderer(store).render(ASKED, 7, ignore_steps)
    assert sidecar.id.startswith("dusty-breakbeat_2bars_128.5bpm_seed7_20261122-203011-")
    info = soundfile.info(store.wav_path(sidecar.id))
    assert (info.samplerate, info.channels, info.subtype) == (44100, 2, "PCM_24")
    assert info.frames == sidecar.measured.n_samples == round(8 * 60 / 128.5 * 44100)
    assert sidecar.measured.bpm_measured == pytest.approx(128.5, rel=0.005)
    assert sidecar.measured.seam < 1.2
    assert sidecar.measured.rtf == pytest.approx(6.0 / sidecar.measured.seconds, abs=1e-3)
    assert store.sidecar(sidecar.id) == sidecar


def test_a_clip_made_again_from_its_sidecar_has_the_same_codes_and_samples(store):
    first, *_ = renderer(store).render(ASKED, 7, ignore_steps)
    request = store.sidecar(first.id).to_request(2)
    again, *_ = renderer(store).render(request, request.seed, ignore_steps)
    assert again.id != first.id
    assert np.array_equal(store.read_codes(first.id), store.read_codes(again.id))
    assert np.array_equal(store.read_audio(first.id), store.read_audio(again.id))


def test_a_job_cancelled_after_its_last_step_leaves_nothing(store):
    def cancel_at_the_end(done, total):
        if done == total:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        renderer(store).render(ASKED, 7, cancel_at_the_end)
    assert list(store.folder.iterdir()) == []


def test_audio_that_is_not_a_number_is_never_written(store):
    with pytest.raises(GenerationFailed, match="seed"):
        renderer(store, BrokenEngine()).render(ASKED, 7, ignore_steps)
    assert list(store.folder.iterdir()) == []


def test_silence_is_written_with_a_note_and_no_loudness(store):
    class SilentEngine(ToneEngine):
        def decode(self, codes, *, circular):
            return np.zeros((codes.shape[1] * 640, 1), "f4")

    sidecar, *_ = renderer(store, SilentEngine()).render(ASKED, 7, ignore_steps)
    assert sidecar.measured.lufs is None
    assert "silence" in sidecar.notes
