"""Fetching models from a hub on loopback: whole, checked, gone on with, and never asked twice."""

import shutil
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from osc_server.contract.errors import Cancelled, ModelUnavailable, StorageFailed
from osc_server.contract.replies import ModelFetched, ModelFetching, ModelLicence
from osc_server.contract.requests import FetchModel
from osc_server.library import fetching, hub
from osc_server.library.fetching import Fetcher
from osc_server.library.hub import Hub
from osc_server.library.models import ModelShelf
from tests.osc_server.library.hub_server import HubServer, hub_server

GOLDEN = Path(__file__).parents[2] / "golden"
SMALL = "magnet-small-10secs"
NETWORK, CODEC = "state_dict.bin", "compression_state_dict.bin"


def golden_files(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (GOLDEN / folder).iterdir()}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(hub, "_FIRST_PAUSE_SECONDS", 0.001)
    with hub_server() as server:
        server.publish(f"facebook/{SMALL}", golden_files("checkpoint") | {"README.md": b"hello"})
        server.publish("google-t5/t5-base", golden_files("t5-tiny-rig"))
        server.publish("someone/t5-tiny-rig", golden_files("t5-tiny-rig"))
        yield server


class Fetch:
    """A fetcher over a models folder, and what it told."""

    def __init__(self, folder: Path, server: HubServer, *, offline: bool = False) -> None:
        self.folder = folder
        self.shelf = ModelShelf(folder, folder / "embedded", "embedded")
        self.fetcher = Fetcher(
            self.shelf, Hub(server.url, "test/1"), time.monotonic, offline=offline
        )
        self.told: list[ModelLicence | ModelFetching] = []
        self.stop = threading.Event()

    def __call__(self, name: str) -> ModelFetched:
        self.told.clear()
        return self.fetcher.fetch(FetchModel(1, name), self.told.append, self.stop)

    @property
    def licences(self) -> list[str]:
        return [told.text for told in self.told if isinstance(told, ModelLicence)]

    @property
    def progress(self) -> list[ModelFetching]:
        return [told for told in self.told if isinstance(told, ModelFetching)]

    def names(self) -> list[str]:
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file()
        )


@pytest.fixture
def fetch(tmp_path, server):
    (tmp_path / "models" / "t5-tiny-rig").mkdir(parents=True)  # what the golden network names
    return Fetch(tmp_path / "models", server)


def test_a_model_comes_with_the_text_encoder_that_it_needs(fetch):
    assert fetch(f"facebook/{SMALL}") == ModelFetched(1, SMALL)
    for name, content in golden_files("checkpoint").items():
        if name.endswith(".bin"):
            assert (fetch.folder / SMALL / name).read_bytes() == content
    assert (fetch.folder / "t5-base" / "model.safetensors").is_file()
    assert (fetch.folder / "t5-base" / "tokenizer.json").is_file()
    assert fetch.shelf.spec(SMALL) == str(fetch.folder / SMALL)
    assert not (fetch.folder / SMALL / "README.md").exists()
    assert not any(".fetching" in name for name in fetch.names())


def test_progress_rises_to_the_whole(fetch):
    fetch(SMALL)
    fractions = [told.fraction for told in fetch.progress]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    size = sum(
        (fetch.folder / name).stat().st_size for name in fetch.names() if not name.startswith(".")
    )
    assert fetch.progress[-1].received_bytes == fetch.progress[-1].total_bytes == size


def test_the_licence_is_said_at_the_first_fetch_and_not_again(fetch, server):
    server.publish("facebook/magnet-small-30secs", golden_files("checkpoint"))
    fetch(SMALL)
    assert len(fetch.licences) == 1
    assert "CC-BY-NC 4.0" in fetch.licences[0]
    assert isinstance(fetch.told[0], ModelLicence)
    fetch("magnet-small-30secs")
    assert fetch.licences == []


def test_what_is_here_already_is_not_asked_for(fetch, server):
    fetch(SMALL)
    server.requests.clear()
    assert fetch(SMALL) == ModelFetched(1, SMALL)
    assert server.requests == []


def test_a_fetch_that_was_cut_short_goes_on_where_it_stopped(fetch, server):
    size = len(server.files[f"facebook/{SMALL}", NETWORK])
    server.cut_after = size // 3
    fetch(SMALL)
    assert f"bytes={size // 3}-" in server.ranges
    assert f"bytes={size // 3 * 2}-" in server.ranges


def test_a_cancelled_fetch_keeps_what_it_has_for_the_next_time(fetch, server):
    server.gate.clear()
    thread = threading.Thread(target=lambda: _cancelled(fetch))
    thread.start()
    while not any(told.received_bytes > 0 for told in fetch.progress):
        time.sleep(0.001)
    fetch.stop.set()
    server.gate.set()
    thread.join()
    (partial,) = [name for name in fetch.names() if name.endswith(".partial")]
    here = (fetch.folder / partial).stat().st_size
    assert not (fetch.folder / SMALL).exists()
    server.requests.clear()
    fetch.stop.clear()
    fetch(SMALL)
    assert server.ranges[0] == f"bytes={here}-"
    assert fetch.shelf.folders() == {SMALL: str(fetch.folder / SMALL)}


def _cancelled(fetch):
    with pytest.raises(Cancelled):
        fetch(SMALL)


def test_a_hub_that_knows_no_ranges_sends_all_again(fetch, server):
    partial = fetch.folder / ".fetching" / SMALL
    fetch.stop.set()
    with pytest.raises(Cancelled):
        fetch(SMALL)
    fetch.stop.clear()
    server.ignores_ranges = True
    files = server.files[f"facebook/{SMALL}", CODEC]
    partial.mkdir(parents=True)
    sha = hub.hashlib.sha256(files).hexdigest()[:16]
    (partial / f"{CODEC}.{sha}.partial").write_bytes(files[:1234])
    fetch(SMALL)
    assert (fetch.folder / SMALL / CODEC).read_bytes() == files


@pytest.mark.parametrize("name", [NETWORK, "tokenizer_config.json"])
def test_a_wrong_checksum_is_refused_and_leaves_no_model(fetch, server, name):
    server.spoilt.add(name)
    if name != NETWORK:
        server.files = {
            key: content[:900] if key[1] == name else content
            for key, content in server.files.items()
        }
    with pytest.raises(ModelUnavailable, match=f"{name} of .* wrong checksum"):
        fetch(SMALL)
    place = fetch.folder / ("t5-base" if name != NETWORK else SMALL)
    assert not place.exists()
    server.spoilt.clear()
    fetch(SMALL)


def test_what_is_no_checkpoint_is_refused_although_its_checksum_is_right(fetch, server):
    server.files[f"facebook/{SMALL}", NETWORK] = b"not a checkpoint" * 100
    with pytest.raises(ModelUnavailable, match="not a checkpoint"):
        fetch(SMALL)
    assert not (fetch.folder / SMALL).exists()


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(fetch, server):
    server.refusals = 3
    assert fetch(SMALL) == ModelFetched(1, SMALL)


def test_a_hub_that_stays_away_is_named(fetch, server):
    server.refusals = 1000
    with pytest.raises(ModelUnavailable, match=r"cannot be reached \(it answers 503\): check"):
        fetch(SMALL)


def test_no_network_is_said_as_such(tmp_path, server):
    fetch = Fetch(tmp_path, server)
    server.url = "http://127.0.0.1:1"
    fetch.fetcher = Fetcher(fetch.shelf, Hub(server.url, "x"), time.monotonic, offline=False)
    with pytest.raises(ModelUnavailable, match="check the network"):
        fetch(SMALL)


def test_offline_asks_nothing_and_names_what_is_missing(tmp_path, server):
    fetch = Fetch(tmp_path / "models", server, offline=True)
    with pytest.raises(ModelUnavailable, match=f"--offline.*{SMALL} and t5-base"):
        fetch(SMALL)
    assert server.requests == []


def test_anybodys_model_comes_by_owner_and_name_with_its_licence(tmp_path, server):
    fetch = Fetch(tmp_path, server)
    server.publish("someone/mine", golden_files("checkpoint"), licence="mit")
    with pytest.raises(ModelUnavailable, match="t5-tiny-rig"):
        fetch("someone/mine")  # it is here now, and needs what no hub has under that name
    assert fetch.licences == ["someone/mine is published under mit"]
    assert fetch.shelf.missing(fetch.shelf.spec("mine")) == (
        "t5-tiny-rig: `magnet-bridge models fetch mine`"
    )
    fetch("someone/t5-tiny-rig")
    assert fetch.shelf.missing(fetch.shelf.spec("mine")) == ""


def test_a_text_encoder_may_be_fetched_alone(tmp_path, server):
    fetch = Fetch(tmp_path, server)
    assert fetch("t5-base") == ModelFetched(1, "t5-base")
    assert fetch.licences == []


def test_a_folder_of_ones_own_is_given_what_it_lacks(tmp_path, server):
    models = tmp_path / "models"
    shutil.copytree(GOLDEN / "checkpoint", models / "mine")
    content = torch.load(models / "mine" / NETWORK, weights_only=True)
    content["xp.cfg"] = content["xp.cfg"].replace("name: t5-tiny-rig", "name: t5-base")
    torch.save(content, models / "mine" / NETWORK)
    torch.save({"pretrained": "someone/codec"}, models / "mine" / CODEC)
    server.publish("someone/codec", golden_files("t5-tiny-rig"))
    fetch = Fetch(models, server)
    spec = fetch.shelf.spec("mine")
    assert fetch.shelf.missing(spec).startswith("t5-base and someone/codec: ")
    assert fetch("mine") == ModelFetched(1, "mine")
    assert fetch.shelf.missing(spec) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("magnet-smal-10secs", "did you mean magnet-small-10secs"),
        ("someone/absent", "has no someone/absent"),
        ("../../etc/passwd", "is known"),
        ("someone/else/deeper", "is known"),
    ],
)
def test_a_model_that_nobody_has_is_refused_with_its_reason(fetch, name, reason):
    with pytest.raises(ModelUnavailable, match=reason):
        fetch(name)


def test_a_repository_without_a_model_is_refused(fetch, server):
    server.publish("someone/novel", {"chapter.txt": b"It was a dark and stormy night"})
    with pytest.raises(ModelUnavailable, match="not a model in the format"):
        fetch("someone/novel")


def test_a_disk_that_is_too_full_is_noticed_before_the_download(fetch, server, monkeypatch):
    full = SimpleNamespace(total=9, used=8, free=1)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda folder: full)
    with pytest.raises(StorageFailed, match="make room"):
        fetch(SMALL)
    assert not any("/resolve/" in path for path, _ in server.requests)


def test_a_page_that_is_no_hub_is_said_as_such(fetch, server):
    server.describe = lambda repository: b"<html>Welcome to the hotel's network</html>"
    with pytest.raises(ModelUnavailable, match="does not answer as a model hub"):
        fetch(SMALL)
