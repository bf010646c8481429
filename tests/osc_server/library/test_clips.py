"""Clips are written whole or not at all, and found again."""

import errno
import os
import resource
import shutil
import time
from datetime import UTC, datetime

import numpy as np
import pytest
import soundfile

from osc_server.contract.clip import ClipSidecar, Measured
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.naming import clip_name
from osc_server.contract.requests import GenerateClip
from osc_server.library.clips import ClipStore

MOMENT = datetime(2026, 11, 22, 20, 30, 11, tzinfo=UTC)
CODES = np.arange(400).reshape(4, 100)
AUDIO = (0.5 * np.sin(np.arange(9600) / 20)).astype("f4")[:, None]


@pytest.fixture
def store(tmp_path):
    store = ClipStore(tmp_path / "clips")
    store.prepare()
    return store


def sidecar(clip_id):
    measured = Measured(0.2, 9600, 48000, 1, 0.1, 120.0, 0.0, 1.0, -14.0, -1.0, 0.1)
    return ClipSidecar(
        clip_id,
        "2026-11-22T20:30:11+00:00",
        GenerateClip(1, "bass"),
        "bass",
        7,
        "tone",
        "f" * 64,
        100,
        measured,
    )


def saved(store, prompt="bass"):
    clip_id = store.new_id(MOMENT, clip_name(prompt, bars=4, bpm=120))
    store.save(sidecar(clip_id), AUDIO, CODES)
    return clip_id


def names(store):
    return sorted(path.name for path in store.folder.iterdir())


def test_an_id_is_the_name_then_date_and_chance(store):
    clip_id = store.new_id(MOMENT, "deck-1_pad_4bars_128.5bpm_seed7")
    assert clip_id[:-4] == "deck-1_pad_4bars_128.5bpm_seed7_20261122-203011-"


def test_clips_from_before_names_came_first_are_still_clips_and_in_their_order(store):
    older, newer = "20261122-203010-bass-120bpm-4bars-ab12", "20261122-203012-pad-ab12"
    for clip_id in (newer, older):
        store.save(sidecar(clip_id), AUDIO, CODES)
    between = saved(store)
    assert list(store.ids()) == [newer, between, older]
    assert store.sidecar(older).id == older


def test_a_clip_is_three_files_and_comes_back_as_it_was(store):
    clip_id = saved(store)
    assert names(store) == [f"{clip_id}{suffix}" for suffix in (".codes.npy", ".json", ".wav")]
    again = ClipStore(store.folder)
    assert again.sidecar(clip_id) == sidecar(clip_id)
    assert np.array_equal(again.read_codes(clip_id), CODES)
    assert again.read_audio(clip_id) == pytest.approx(AUDIO, abs=2**-23)


def test_float_clips_are_bit_exact(tmp_path):
    store = ClipStore(tmp_path, "float")
    clip_id = saved(store)
    assert soundfile.info(store.wav_path(clip_id)).subtype == "FLOAT"
    assert np.array_equal(store.read_audio(clip_id), AUDIO)


def test_clips_are_listed_newest_first_and_foreign_files_are_not(store):
    older = saved(store)
    newer = store.new_id(MOMENT.replace(hour=21), clip_name("bass", bars=4, bpm=120))
    store.save(sidecar(newer), AUDIO, CODES)
    (store.folder / "settings.json").write_text("{}")
    assert list(store.ids()) == [newer, older]


@pytest.mark.parametrize("clip_id", ["../secret", "20261122-203011-nothing-ab12", "", "a\0b"])
def test_what_is_not_a_clip_is_refused(store, clip_id):
    with pytest.raises(BadRequest, match="clip/list"):
        store.sidecar(clip_id)


def test_a_disk_that_fills_up_leaves_nothing_and_says_what_to_do(store):
    # A real limit of the operating system: no file of this process may grow past 8 KB.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(StorageFailed, match="free some space"):
            saved(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(store) == []


def test_a_rename_that_fails_leaves_nothing(store, monkeypatch):
    real_replace = os.replace

    def fail_on_the_sidecar(source, target):
        if str(target).endswith(".json"):
            raise OSError(errno.EACCES, "Permission denied")
        real_replace(source, target)

    monkeypatch.setattr(os, "replace", fail_on_the_sidecar)
    with pytest.raises(StorageFailed, match="not allowed to write"):
        saved(store)
    assert names(store) == []


def test_a_folder_that_vanished_is_a_sentence(store):
    shutil.rmtree(store.folder)
    with pytest.raises(StorageFailed, match="not a folder any more"):
        saved(store)


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path):
    (tmp_path / "clips").write_text("")
    with pytest.raises(StorageFailed, match="--clips"):
        ClipStore(tmp_path / "clips").prepare()


def half_written(store, age_seconds, writer=99999999):
    clip_id = store.new_id(MOMENT, clip_name("half", bars=4, bpm=120))
    part = store.folder / f".{clip_id}.{writer}.json.part"
    part.write_text("{")
    os.utime(part, times=(time.time() - age_seconds,) * 2)
    (store.folder / f"{clip_id}.wav").write_bytes(b"RIFF")
    (store.folder / f".{clip_id}.{writer}.codes.npy.part").write_bytes(b"")
    return clip_id


def test_what_a_crash_left_is_swept_at_the_next_start(store):
    half_written(store, age_seconds=3600)
    clip_id = saved(store)
    (store.folder / "20200101-000000-mine-ab12.wav").write_bytes(b"somebody's own")
    store.prepare()
    assert names(store) == sorted(
        [
            "20200101-000000-mine-ab12.wav",
            *(f"{clip_id}{s}" for s in (".codes.npy", ".json", ".wav")),
        ]
    )


def test_what_another_server_is_just_writing_is_left_alone(store):
    half_written(store, age_seconds=1)
    before = names(store)
    store.prepare()
    assert names(store) == before


def test_the_leftovers_of_a_writer_that_died_go_at_once(store):
    half_written(store, age_seconds=1, writer=4242)
    assert store.sweep(writer=4242) == 1
    assert names(store) == []
