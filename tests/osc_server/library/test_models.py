"""Which models a client may name, and what is said of them."""

import pytest

from osc_server.contract.errors import BadRequest, Forbidden, ModelUnavailable
from osc_server.library.models import ModelShelf
from osc_server.rendering.tone_engine import ToneEngine


@pytest.fixture
def folder(tmp_path):
    for name in ("models/mine", "models/magnet-small-10secs", "elsewhere/own", "elsewhere/secret"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "state_dict.bin").write_bytes(b"12345")
    return tmp_path


@pytest.fixture
def shelf(folder):
    return ModelShelf(folder / "models", folder / "embedded", str(folder / "elsewhere" / "own"))


def test_a_checkpoint_is_found_by_its_folders_name_with_or_without_its_publisher(shelf, folder):
    assert shelf.spec("mine") == str(folder / "models" / "mine")
    official = str(folder / "models" / "magnet-small-10secs")
    assert (
        shelf.spec("magnet-small-10secs") == shelf.spec("facebook/magnet-small-10secs") == official
    )


def test_the_owners_model_may_lie_anywhere_and_is_named_by_its_folder(shelf, folder):
    assert shelf.own_spec == shelf.spec("own") == str(folder / "elsewhere" / "own")


def test_a_clients_model_may_not_lie_elsewhere(shelf, folder):
    for name in (str(folder / "elsewhere" / "secret"), "../elsewhere/secret"):
        with pytest.raises(Forbidden):
            shelf.spec(name)


def test_a_model_that_is_not_there_is_named_with_the_nearest(shelf):
    with pytest.raises(ModelUnavailable, match="did you mean mine"):
        shelf.spec("mien")


def test_the_tone_engine_is_a_model_too(shelf):
    assert shelf.spec("tone:0.5") == "tone:0.5"
    with pytest.raises(BadRequest):
        shelf.spec("tone:fast")


def test_the_list_holds_what_is_here_and_what_is_published(shelf):
    info = ToneEngine().info
    items = {item.name: item for item in shelf.items(5, {shelf.own_spec: info}, shelf.own_spec)}
    assert (items["own"].loaded, items["own"].licence, items["own"].size_bytes) == (True, "MIT", 5)
    assert (items["mine"].on_disk, items["mine"].loaded) == (True, False)
    assert (items["magnet-medium-10secs"].on_disk, items["magnet-medium-10secs"].rate_hz) == (
        False, 32000,
    )  # fmt: skip
    assert items["embedded"].takes_tempo
