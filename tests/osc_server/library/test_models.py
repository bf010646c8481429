"""Which models a client may name, and what is said of them."""

import shutil

import pytest

from osc_server.contract.errors import BadRequest, Forbidden, ModelUnavailable
from osc_server.library.models import ModelShelf
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER

OFFICIAL = {
    "magnet-small-10secs": (32000, 10),
    "magnet-medium-10secs": (32000, 10),
    "magnet-small-30secs": (32000, 30),
    "magnet-medium-30secs": (32000, 30),
    "audio-magnet-small": (16000, 10),
    "audio-magnet-medium": (16000, 10),
}


@pytest.fixture
def folder(tmp_path):
    for name in ("models/mine", "models/magnet-small-10secs", "elsewhere/own", "elsewhere/secret"):
        shutil.copytree(GOLDEN_FOLDER / "checkpoint", tmp_path / name)
    shutil.copytree(GOLDEN_FOLDER / "t5-tiny-rig", tmp_path / "models" / "t5-tiny-rig")
    return tmp_path


@pytest.fixture
def shelf(folder):
    return ModelShelf(folder / "models", folder / "embedded", str(folder / "elsewhere" / "own"))


def items(shelf, infos=None, loaded=()):
    return {item.name: item for item in shelf.items(5, infos or {}, loaded, "cpu")}


def test_a_checkpoint_is_found_by_its_folders_name_with_or_without_its_publisher(shelf, folder):
    assert shelf.spec("mine") == str(folder / "models" / "mine")
    official = str(folder / "models" / "magnet-small-10secs")
    assert (
        shelf.spec("magnet-small-10secs") == shelf.spec("facebook/magnet-small-10secs") == official
    )


def test_the_owners_model_may_lie_anywhere_and_is_named_by_its_folder(shelf, folder):
    assert shelf.own_spec == shelf.spec("own") == str(folder / "elsewhere" / "own")


def test_the_owners_model_may_be_one_that_is_still_to_be_fetched(folder):
    shelf = ModelShelf(folder / "models", folder / "embedded", "facebook/magnet-small-30secs")
    assert shelf.missing(shelf.own_spec) == (
        "not on this disk: `magnet-bridge models fetch magnet-small-30secs`"
    )
    shutil.copytree(folder / "models" / "mine", folder / "models" / "magnet-small-30secs")
    assert shelf.missing(shelf.own_spec) == ""


def test_a_clients_model_may_not_lie_elsewhere(shelf, folder):
    for name in (str(folder / "elsewhere" / "secret"), "../elsewhere/secret"):
        with pytest.raises(Forbidden):
            shelf.spec(name)


def test_a_model_that_is_not_there_is_named_with_the_nearest(shelf):
    with pytest.raises(ModelUnavailable, match="did you mean mine"):
        shelf.spec("mien")


@pytest.mark.parametrize("name", ["audio-magnet-small", "facebook/audio-magnet-small"])
def test_an_official_model_that_is_not_there_is_named_with_the_command_that_gets_it(shelf, name):
    with pytest.raises(ModelUnavailable, match="`magnet-bridge models fetch audio-magnet-small`"):
        shelf.spec(name)


def test_the_tone_engine_is_a_model_too(shelf):
    assert shelf.spec("tone:0.5") == "tone:0.5"
    with pytest.raises(BadRequest):
        shelf.spec("tone:fast")


def test_all_official_models_are_listed_with_their_figures(shelf):
    found = items(shelf)
    for name, (rate_hz, window_seconds) in OFFICIAL.items():
        if name != "magnet-small-10secs":
            item = found[name]
            assert (item.rate_hz, item.window_seconds, item.on_disk) == (
                rate_hz, window_seconds, False,
            )  # fmt: skip
            assert (item.licence, item.takes_tempo) == ("CC-BY-NC 4.0", False)
            assert item.missing == f"not on this disk: `magnet-bridge models fetch {name}`"


@pytest.mark.parametrize(
    ("name", "size_gb", "memory_gb"),
    [("magnet-small-30secs", 1.077, 3.01), ("audio-magnet-medium", 3.914, 9.58)],
)
def test_sizes_of_what_is_not_here_follow_from_the_published_shapes(
    shelf, name, size_gb, memory_gb
):
    item = items(shelf)[name]
    assert item.size_bytes / 1e9 == pytest.approx(size_gb, abs=0.001)
    assert item.memory_bytes / 1e9 == pytest.approx(memory_gb, abs=0.01)


def test_a_model_on_disk_is_described_by_its_own_files(shelf, folder):
    item = items(shelf)["mine"]
    assert (item.rate_hz, item.window_seconds, item.takes_tempo) == (32000, 4, False)
    assert (item.on_disk, item.loaded, item.missing) == (True, False, "")
    assert item.size_bytes == sum(
        path.stat().st_size for path in (folder / "models" / "mine").iterdir()
    )
    weights = 298_944 + 240_690 + 36_864
    assert item.memory_bytes - shelf.need_bytes("embedded", "cpu") == 4 * weights


def test_what_was_loaded_is_described_as_it_described_itself(shelf):
    info = ToneEngine().info
    item = items(shelf, {shelf.own_spec: info}, [shelf.own_spec])["own"]
    assert (item.loaded, item.licence) == (True, "MIT")
    assert item.window_seconds == info.window_frames / info.frame_rate


def test_on_a_gpu_a_network_takes_half(shelf):
    mine = shelf.spec("mine")
    assert shelf.need_bytes(mine, "cpu") - shelf.need_bytes(mine, "cuda") == 2 * 298_944


def test_a_model_whose_text_encoder_is_not_here_says_so_with_the_command(shelf, folder):
    shutil.rmtree(folder / "models" / "t5-tiny-rig")
    item = items(shelf)["mine"]
    assert not item.on_disk
    assert item.missing == "t5-tiny-rig: `magnet-bridge models fetch mine`"


def test_a_damaged_model_says_why_and_hides_no_other(shelf, folder):
    (folder / "models" / "mine" / "state_dict.bin").write_bytes(b"12345")
    found = items(shelf)
    assert "damaged or is not a checkpoint" in found["mine"].missing
    assert not found["mine"].on_disk
    assert found["own"].on_disk


def test_figures_are_read_again_when_the_files_have_changed(shelf, folder):
    assert items(shelf)["mine"].missing == ""
    (folder / "models" / "mine" / "compression_state_dict.bin").unlink()
    assert "compression_state_dict.bin is missing" in items(shelf)["mine"].missing
