"""Settings come from flags, variables and a file, in this order, and faults name their source."""

import os
from pathlib import Path

import pytest

from osc_server.config import load_config
from osc_server.contract.errors import BadRequest, StorageFailed


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text('port = 1\nmodel = "from file"\nqueue-limit = 7\n')
    return path


def test_a_flag_outranks_a_variable_which_outranks_the_file(file):
    environment = {"MAGNET_PORT": "2", "MAGNET_MODEL": "from variable", "MAGNET_HOST": ""}
    config = load_config({"port": 3, "model": None}, environment, file)
    assert (config.port, config.model, config.queue_limit) == (3, "from variable", 7)
    assert config.host == "127.0.0.1"


def test_a_variable_may_name_the_file(file):
    assert load_config({}, {"MAGNET_CONFIG": str(file)}).queue_limit == 7


@pytest.mark.parametrize(
    ("flags", "environment", "source"),
    [
        ({"port": 70000}, {}, "--port = 70000: "),
        ({"queue_limit": 0}, {}, "--queue-limit = 0: "),
        ({}, {"MAGNET_THREADS": "many"}, "MAGNET_THREADS = 'many': "),
        ({}, {"MAGNET_DEVICE": "abacus"}, "MAGNET_DEVICE = 'abacus': "),
    ],
)
def test_a_wrong_value_is_named_with_its_source(flags, environment, source):
    with pytest.raises(BadRequest) as error:
        load_config(flags, environment)
    assert str(error.value).startswith(source)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("host = 'a'\nport = 'x'", r"server\.toml, line 2, port = 'x': .*any that is free"),
        ("portt = 1", r"server\.toml, line 1, portt: no such setting; did you mean port"),
        ("port = = 1", r"server\.toml: .*line 1"),
    ],
)
def test_a_wrong_file_is_named_by_line_and_field(file, text, sentence):
    file.write_text(text)
    with pytest.raises(BadRequest, match=sentence):
        load_config({}, {}, file)


def test_a_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(StorageFailed, match="nowhere"):
        load_config({}, {}, tmp_path / "nowhere.toml")


def test_the_token_is_read_without_its_line_end(tmp_path):
    (tmp_path / "token").write_text("secret\n")
    assert load_config({"token_file": tmp_path / "token"}, {}).token() == "secret"
    (tmp_path / "token").write_text("\n")
    with pytest.raises(BadRequest, match="empty"):
        load_config({"token_file": tmp_path / "token"}, {}).token()


def test_audio_folders_are_one_or_several(tmp_path, file):
    both = os.pathsep.join(["/a", "~/b"])
    expected = (Path("/a"), Path("~/b").expanduser())
    assert load_config({"audio_folders": both}, {}, file).audio_folders == expected
    assert load_config({}, {"MAGNET_AUDIO_FOLDERS": both}, file).audio_folders == expected
    file.write_text('audio-folders = ["/a", "~/b"]')
    assert load_config({}, {}, file).audio_folders == expected
    file.write_text('audio-folders = "/a"')
    assert load_config({}, {}, file).audio_folders == (Path("/a"),)
