"""Clips as files with names that say what they are."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.client.clip_result import ClipResult
from daw_bridge.delivery.folder_sink import FolderSink, save_clip
from osc_server.contract.errors import BadRequest, StorageFailed


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clips" / "abc.wav"
    path.parent.mkdir()
    soundfile.write(path, np.linspace(-0.5, 0.5, 48000, dtype=np.float32), 48000, subtype="PCM_24")
    return ClipResult(
        id="dusty-breakbeat_0.5bars_128.5bpm_seed7_20261122-203011-ab12",
        prompt="Dusty Breakbeat!",
        path=path,
        seconds=1.0,
        bars=0.5,
        beats=Fraction(2),
        bpm=128.5,
        bpm_measured=128.4,
        seam=1.0,
        lufs=-14.0,
        seed=7,
        rate_hz=48000,
        rtf=0.4,
        notes="",
    )


def test_the_copy_is_the_clip_byte_for_byte(clip, tmp_path):
    copy = Path(FolderSink(tmp_path / "out").deliver(clip))
    assert copy.read_bytes() == clip.path.read_bytes()


def test_nothing_is_overwritten(clip, tmp_path):
    sink = FolderSink(tmp_path / "out")
    names = [Path(sink.deliver(clip)).name for _ in range(3)]
    stem = "dusty-breakbeat_0.5bars_128.5bpm_seed7"
    assert names == [f"{stem}.wav", f"{stem}_2.wav", f"{stem}_3.wav"]


def test_a_streamed_clip_is_written_as_it_was_heard(clip, tmp_path):
    samples = np.random.default_rng(1).normal(0, 0.2, (1000, 2)).astype(np.float32)
    streamed = replace(clip, path=None, streamed=samples)
    path = save_clip(streamed, tmp_path / "s.wav")
    read, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == 48000
    assert np.array_equal(read, samples)


def test_a_name_that_is_no_wav_is_refused(clip, tmp_path):
    with pytest.raises(BadRequest, match=r"must end in \.wav"):
        save_clip(clip, tmp_path / "a.mp3")


def test_a_folder_that_cannot_be_written_is_a_sentence(clip, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match="choose another folder"):
        FolderSink(tmp_path / "file").deliver(clip)


def test_a_clip_of_another_computer_is_a_sentence(clip, tmp_path):
    with pytest.raises(StorageFailed, match="stream"):
        save_clip(replace(clip, path=Path("/nowhere/a.wav")), tmp_path / "a.wav")


def test_a_write_that_breaks_off_leaves_nothing(clip, tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full_disk)
    with pytest.raises(StorageFailed, match="No space left"):
        FolderSink(tmp_path / "out").deliver(clip)
    assert list((tmp_path / "out").iterdir()) == []
