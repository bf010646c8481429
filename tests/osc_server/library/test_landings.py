"""What hosts say about putting a clip into a track is kept with the clip."""

import errno
import json
import os
import threading

import pytest

from osc_server.contract.clip import MAX_LANDINGS, Landing
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.library.clips import ClipStore
from tests.osc_server.library.test_clips import AUDIO, CODES, MOMENT, names, saved, sidecar

NOON = 1_795_176_000.0
WHEN = "2026-11-20T12:00:00+00:00"


@pytest.fixture
def store(tmp_path):
    store = ClipStore(tmp_path, unix_seconds=lambda: NOON)
    store.prepare()
    return store


def test_a_landing_is_kept_with_its_place_and_when(store):
    clip_id = saved(store)
    store.note_landing(clip_id, "Größe, bar 5", "")
    store.note_landing(clip_id, "", "no track is selected")
    assert ClipStore(store.folder).sidecar(clip_id).landings == (
        Landing(WHEN, "Größe, bar 5"),
        Landing(WHEN, "", "no track is selected"),
    )


def test_all_else_of_the_sidecar_stays_even_what_a_later_version_wrote(store):
    clip_id = saved(store)
    path = store.folder / f"{clip_id}.json"
    before = json.loads(path.read_text("utf-8")) | {"colour": "teal"}
    path.write_text(json.dumps(before), "utf-8")
    store.note_landing(clip_id, "Drums", "")
    after = json.loads(path.read_text("utf-8"))
    assert after.pop("landings") == [{"when": WHEN, "place": "Drums", "problem": ""}]
    before.pop("landings")
    assert after == before


def test_the_oldest_landings_go_where_there_are_too_many(store):
    clip_id = saved(store)
    for number in range(MAX_LANDINGS + 3):
        store.note_landing(clip_id, f"bar {number}", "")
    places = [landing.place for landing in store.sidecar(clip_id).landings]
    assert places == [f"bar {number}" for number in range(3, MAX_LANDINGS + 3)]


def test_landings_said_at_once_are_all_kept(store):
    clip_id = saved(store)
    hosts = [
        threading.Thread(target=store.note_landing, args=(clip_id, f"host {n}", ""))
        for n in range(12)
    ]
    for host in hosts:
        host.start()
    for host in hosts:
        host.join()
    said = {landing.place for landing in store.sidecar(clip_id).landings}
    assert said == {f"host {n}" for n in range(12)}


def test_clips_of_one_second_stay_in_their_order(store):
    first = saved(store, "zebra")
    second = store.new_id(MOMENT, "ant_4bars_120bpm")
    store.save(sidecar(second), AUDIO, CODES)
    for clip_id, date in ((first, 1_000), (second, 2_000)):
        os.utime(store.folder / f"{clip_id}.json", ns=(date, date))
    store.note_landing(first, "Drums", "")
    assert list(store.ids()) == [second, first]


def test_a_clip_that_is_not_there_is_refused(store):
    with pytest.raises(BadRequest, match="clip/list"):
        store.note_landing("20261122-203011-nothing-ab12", "Drums", "")


def test_a_note_that_cannot_be_written_leaves_the_clip_as_it_was(store, monkeypatch):
    clip_id = saved(store)
    before = names(store)

    def refuse(source, target):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StorageFailed, match="not allowed to write"):
        store.note_landing(clip_id, "Drums", "")
    assert names(store) == before
    assert store.sidecar(clip_id) == sidecar(clip_id)
