"""Settings: flags before variables before the file, and a wrong one named with its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from daw_bridge.config import BridgeConfig, load_config
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.musical_time import Meter


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "bridge.toml"
    path.write_text('port = 13000\nbpm = 90\nhost-api = "jack"\noutputs = [3, 4]\nmeter = "7/8"\n')
    return path


def test_a_flag_beats_a_variable_beats_the_file(file):
    environment = {"MAGNET_BPM": "100", "MAGNET_PORT": "13001"}
    config = load_config({"port": 13002, "bpm": None}, environment, file)
    assert (config.port, config.bpm, config.host_api) == (13002, 100.0, "jack")


def test_the_file_may_be_named_by_a_variable(file):
    config = load_config({}, {"MAGNET_BRIDGE_CONFIG": str(file)})
    assert (config.outputs, config.meter) == ((3, 4), Meter(7, 8))


@pytest.mark.parametrize(("text", "outputs"), [("3,4", (3, 4)), ("5", (5,)), (" 1, 2 ", (1, 2))])
def test_outputs_are_written_as_on_the_interface(text, outputs):
    assert load_config({"outputs": text}, {}).outputs == outputs


@pytest.mark.parametrize(
    ("flags", "environment", "sentence"),
    [
        ({"port": 70000}, {}, "--port = 70000"),
        ({"outputs": "0,1"}, {}, "--outputs"),
        ({}, {"MAGNET_BPM": "fast"}, "MAGNET_BPM = 'fast'"),
        ({"meter": "4/5"}, {}, "write it like 4/4"),
        ({"bpm": 1000.0}, {}, "20 to 400"),
    ],
)
def test_a_wrong_value_is_named_with_its_source(flags, environment, sentence):
    with pytest.raises(BadRequest, match=sentence):
        load_config(flags, environment)


def test_a_wrong_name_in_the_file_is_named_with_the_nearest(tmp_path):
    path = tmp_path / "bridge.toml"
    path.write_text("prot = 1\n")
    with pytest.raises(BadRequest, match="did you mean port"):
        load_config({}, {}, path)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(StorageFailed, match="cannot be read"):
        load_config({}, {}, tmp_path / "none.toml")


def test_a_file_that_is_no_toml_is_a_sentence(tmp_path):
    path = tmp_path / "bridge.toml"
    path.write_text("port = = 1\n")
    with pytest.raises(BadRequest, match="line 1"):
        load_config({}, {}, path)


def test_a_server_is_named_by_host_and_port():
    assert load_config({"server": "gpu-box:12100"}, {}).server_address() == ("gpu-box", 12100)
    assert load_config({"server": "[::1]:12100"}, {}).server_address() == ("::1", 12100)
    with pytest.raises(BadRequest, match="HOST:PORT"):
        load_config({"server": "gpu-box"}, {}).server_address()


@pytest.mark.parametrize(
    ("text", "address"),
    [("", None), ("localhost", ("localhost", 3819)), ("studio:3820", ("studio", 3820))],
)
def test_an_ardour_is_named_by_its_host_and_where_it_is_another_by_its_port(text, address):
    assert load_config({"ardour_osc": text}, {}).ardour_address() == address


@pytest.mark.parametrize("text", [":3819", "studio:", "studio:osc", "studio:70000"])
def test_an_ardour_that_is_nowhere_is_a_sentence(text):
    with pytest.raises(BadRequest, match="--ardour-osc"):
        load_config({"ardour_osc": text}, {}).ardour_address()


@pytest.mark.parametrize(
    ("server", "delivery"),
    [("", "path"), ("127.0.0.1:1", "path"), ("localhost:1", "path"), ("gpu-box:1", "stream")],
)
def test_clips_of_another_computer_are_streamed(server, delivery):
    assert load_config({"server": server}, {}).delivery() == delivery


def test_the_server_is_told_only_what_the_bridge_was_told():
    assert load_config({}, {}).server_options() == []
    flags = {"model": "tone", "clips": Path("/clips")}
    options = load_config(flags, {}).server_options()
    assert options == ["--model", "tone", "--clips", str(Path("/clips"))]


def test_the_server_is_told_how_much_memory_and_from_where_to_fetch():
    config = load_config({"memory": 12, "hub": "https://mirror.example"}, {})
    assert config.server_options() == ["--memory", "12.0", "--hub", "https://mirror.example"]


@pytest.mark.parametrize("wrong", [{"memory": 0}, {"memory": -1}, {"hub": "mirror.example"}])
def test_memory_and_hub_are_checked(wrong):
    with pytest.raises(BadRequest, match=f"--{next(iter(wrong))}"):
        load_config(wrong, {})


def test_a_token_is_read_from_its_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("open sesame\n")
    assert load_config({"token_file": path}, {}).token() == "open sesame"
    with pytest.raises(StorageFailed, match="token file"):
        load_config({"token_file": tmp_path / "none"}, {}).token()


def test_no_input_is_opened_unless_it_is_named():
    assert BridgeConfig().input_settings() is None


@pytest.mark.parametrize(
    ("flags", "device", "channels"),
    [
        ({"inputs": "3,4"}, "", (3, 4)),
        ({"inputs": "5"}, "", (5,)),
        ({"input": "BlackHole"}, "BlackHole", ()),
    ],
)
def test_an_input_is_named_by_its_device_its_channels_or_both(flags, device, channels):
    settings = load_config({**flags, "input_latency": 12.5}, {}).input_settings()
    assert (settings.device, settings.channels, settings.latency_ms) == (device, channels, 12.5)
    assert settings.ring_seconds >= 16 * 4 * 60 / 60  # 16 bars at 60 BPM


def test_three_inputs_are_too_many():
    with pytest.raises(BadRequest, match="--inputs"):
        load_config({"inputs": "1,2,3"}, {})
