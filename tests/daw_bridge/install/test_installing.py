"""What is installed into a host: whole, updated, and taken away again exactly."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest

from daw_bridge.doctor import check_hosts
from daw_bridge.install.installing import product_version
from osc_server.contract.errors import BadRequest, StorageFailed
from tests.daw_bridge.install.hosts import HOST, NAMES, bench

__all__ = ["bench"]


def test_everything_goes_where_the_host_looks_for_it(bench):
    (change,) = bench.installer.install(HOST)
    assert (change.folder, change.n_files, change.kept) == (bench.rig, 3, ())
    assert set(bench.files()) == NAMES
    look = bench.installer.look(HOST)
    assert look.folder == bench.rig
    assert [entry.version for entry in look.installed] == [product_version()]
    assert look.damaged == ()


def test_uninstalling_leaves_the_host_as_it_was(bench):
    (bench.rig / "Themes").mkdir()
    (bench.rig / "Themes" / "mine.txt").write_text("mine")
    before = sorted(bench.rig.rglob("*"))
    bench.installer.install(HOST)
    bench.installer.uninstall(HOST)
    assert sorted(bench.rig.rglob("*")) == before
    assert bench.installer.look(HOST).installed == ()
    assert list(bench.records.iterdir()) == []


def test_what_python_compiled_of_it_goes_too(bench):
    bench.installer.install(HOST)
    cache = bench.rig / "Scripts/magnet/deep/__pycache__"
    cache.mkdir()
    (cache / "words.cpython-311.pyc").write_bytes(b"")
    bench.installer.uninstall(HOST)
    assert list(bench.rig.iterdir()) == []


def test_installing_again_updates_and_drops_what_is_no_more(bench):
    bench.installer.install(HOST)
    bench.write("scripts/land.lua", "land 2")
    bench.write("scripts/new.lua", "new")
    (bench.sources / "rig/scripts/deep/words.py").unlink()
    (change,) = bench.installer.install(HOST)
    assert change.kept == ()
    assert bench.files() == {
        "Scripts/magnet/land.lua": "land 2",
        "Scripts/magnet/new.lua": "new",
        "Themes/magnet.txt": "theme 1",
    }
    bench.installer.uninstall(HOST)
    assert list(bench.rig.iterdir()) == []


def test_what_the_musician_changed_is_kept_beside_and_named(bench):
    bench.installer.install(HOST)
    script = bench.rig / "Scripts/magnet/land.lua"
    script.write_text("my own way")
    assert bench.installer.look(HOST).damaged == (script,)
    bench.write("scripts/land.lua", "land 2")
    (change,) = bench.installer.install(HOST)
    assert script.read_text() == "land 2"
    assert [path.read_text() for path in change.kept] == ["my own way"]


def test_what_was_there_before_is_kept_beside_and_named(bench):
    script = bench.rig / "Scripts/magnet/land.lua"
    script.parent.mkdir(parents=True)
    script.write_text("somebody else's")
    (change,) = bench.installer.install(HOST)
    assert [path.read_text() for path in change.kept] == ["somebody else's"]
    bench.installer.uninstall(HOST)
    assert list(bench.files().values()) == ["somebody else's"]


def test_uninstalling_leaves_what_was_changed_and_names_it(bench):
    bench.installer.install(HOST)
    script = bench.rig / "Scripts/magnet/land.lua"
    script.write_text("my own way")
    (change,) = bench.installer.uninstall(HOST)
    assert change.kept == (script,)
    assert bench.files() == {"Scripts/magnet/land.lua": "my own way"}


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
def test_a_disk_that_fails_leaves_everything_as_it_was(bench, monkeypatch, fails_at):
    bench.installer.install(HOST)
    (bench.rig / "Themes/magnet.txt").write_text("my own theme")
    before = bench.files()
    for name in ("scripts/land.lua", "scripts/deep/words.py", "theme.txt"):
        bench.write(name, "2")
    bench.write("scripts/further/new.lua", "2")
    real, calls = os.replace, []

    def fail(source, target):
        calls.append(target)
        if len(calls) == fails_at:
            raise OSError(errno.EACCES, "Permission denied", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(StorageFailed, match="--folder"):
        bench.installer.install(HOST)
    assert bench.files() == before
    assert not (bench.rig / "Scripts/magnet/further").exists()


def test_a_folder_in_the_way_is_a_sentence_and_nothing_is_left(bench):
    (bench.rig / "Themes/magnet.txt").mkdir(parents=True)
    with pytest.raises(StorageFailed, match=r"magnet\.txt"):
        bench.installer.install(HOST)
    assert bench.files() == {}


def test_a_host_that_is_not_here_is_named_with_where_it_was_looked_for(bench):
    bench.rig.rmdir()
    with pytest.raises(BadRequest, match=r"no .*Rig and no .*Documents.*Start it once.*--folder"):
        bench.installer.install(HOST)
    assert not bench.rig.exists()


def test_a_folder_that_the_host_always_searches_is_made_and_goes_again(bench):
    bench.rig.rmdir()
    host = replace(HOST, makes_folder=True)
    bench.installer.install(host)
    assert set(bench.files()) == NAMES
    bench.installer.uninstall(host)
    assert list(bench.home.iterdir()) == []


def test_the_first_folder_that_is_there_is_taken(bench):
    bench.rig.rmdir()
    other = bench.home / "Documents" / "Rig"
    other.mkdir(parents=True)
    (change,) = bench.installer.install(HOST)
    assert change.folder == other


def test_an_unusual_folder_is_updated_and_left_without_naming_it_again(bench, tmp_path):
    portable = tmp_path / "portable"
    portable.mkdir()
    bench.installer.install(HOST, portable)
    bench.write("theme.txt", "theme 2")
    (change,) = bench.installer.install(HOST)
    assert change.folder == portable
    assert (portable / "Themes/magnet.txt").read_text() == "theme 2"
    bench.installer.install(HOST, bench.rig)
    bench.installer.uninstall(HOST, portable)
    assert [entry.folder for entry in bench.installer.look(HOST).installed] == [bench.rig]
    assert list(portable.iterdir()) == []


def test_a_folder_that_is_none_is_refused(bench, tmp_path):
    with pytest.raises(BadRequest, match="is not a folder"):
        bench.installer.install(HOST, tmp_path / "nowhere")


def test_nothing_to_uninstall_is_a_sentence(bench):
    with pytest.raises(BadRequest, match="nothing of ours is installed for Rig One"):
        bench.installer.uninstall(HOST)


def test_a_record_that_is_damaged_says_what_to_do(bench):
    bench.installer.install(HOST)
    (bench.records / "rig.json").write_text("{")
    with pytest.raises(StorageFailed, match="remove it, and run magnet-bridge install rig again"):
        bench.installer.look(HOST)
    (bench.records / "rig.json").unlink()
    (change,) = bench.installer.install(HOST)
    assert change.kept == ()


def test_the_doctor_says_what_is_to_be_installed_or_mended(bench):
    def verdict():
        finding = check_hosts(lambda: [bench.installer.look(HOST)])
        return finding.verdict, finding.text, finding.remedy

    assert verdict() == ("note", "Rig One: here, but our part is not in it",
                         "magnet-bridge install rig")  # fmt: skip
    bench.installer.install(HOST)
    assert verdict() == ("ok", "installed into Rig One", "")
    (bench.rig / "Themes/magnet.txt").unlink()
    assert verdict() == ("note", "Rig One: changed, or of another version",
                         "magnet-bridge install rig")  # fmt: skip
    bench.installer.install(HOST)
    bench.installer.uninstall(HOST)
    bench.rig.rmdir()
    assert verdict() == ("ok", "none found that we have something for", "")
    (bench.records / "rig.json").write_text("{")
    assert verdict()[:2] == ("note", "what was installed is not known")
