"""What the doctor says, and what to do."""

from __future__ import annotations

import pytest

from daw_bridge import doctor
from daw_bridge.config import load_config
from daw_bridge.doctor import Probe


def test_an_old_python_fails_with_where_to_get_a_new_one():
    finding = doctor.check_python((3, 10, 4))
    assert finding.verdict == "fails"
    assert "python.org" in finding.remedy


def test_a_missing_torch_fails_with_how_to_install_it():
    finding = doctor.check_torch(Probe(torch_error="No module named 'torch'"))
    assert (finding.verdict, finding.text) == ("fails", "No module named 'torch'")
    assert "pip install" in finding.remedy


@pytest.mark.parametrize(
    ("probe", "verdict"),
    [(Probe(cuda=["Big GPU"]), "ok"), (Probe(mps=True), "ok"), (Probe(), "note")],
)
def test_a_gpu_is_welcome_and_not_needed(probe, verdict):
    assert doctor.check_gpu(probe).verdict == verdict


def test_missing_weights_fail_and_a_wrong_setting_too():
    assert doctor.check_model(Probe(model="embedded", embedded={})).verdict == "fails"
    assert doctor.check_model(Probe(server_error="port = x")).text == "port = x"
    weights = {"state_dict.bin": 20_000_000, "README.md": 5}
    finding = doctor.check_model(Probe(model="embedded", embedded=weights))
    assert (finding.verdict, "20.0 MB" in finding.text) == ("ok", True)


def test_models_in_the_folder_are_complete_or_named_with_the_command_that_completes_them():
    lacking = "t5-base: `magnet-bridge models fetch mine`"
    others = {"whole": "", "mine": lacking, "broken": "state_dict.bin is damaged"}
    whole, mine, broken = doctor.check_other_models(Probe(others=others))
    assert (whole.subject, whole.verdict) == ("model whole", "ok")
    assert (mine.text, mine.remedy) == ("lacks t5-base", "run magnet-bridge models fetch mine")
    assert (broken.verdict, broken.text) == ("note", "state_dict.bin is damaged")
    (none,) = doctor.check_other_models(Probe(others={}))
    assert "magnet-bridge models fetch" in none.remedy


def test_too_little_memory_for_the_model_fails_with_what_to_do():
    assert doctor.check_memory(Probe(memory_bytes=2, need_bytes=1)).verdict == "ok"
    finding = doctor.check_memory(
        Probe(model="magnet-medium-10secs", memory_bytes=4 * 10**9, need_bytes=85 * 10**8)
    )
    assert (finding.verdict, "8.5 GB" in finding.text) == ("fails", True)
    assert "--memory" in finding.remedy


def test_without_the_right_to_priority_it_says_how_to_get_it():
    assert doctor.check_priority(True).verdict == "ok"
    finding = doctor.check_priority(False)
    assert finding.verdict == "note"
    assert "audio" in finding.remedy


def test_a_clips_folder_is_tried_out(tmp_path):
    assert doctor.check_clips_folder(Probe(clips=str(tmp_path / "new"))).verdict != "fails"
    (tmp_path / "file").write_text("")
    finding = doctor.check_clips_folder(Probe(clips=str(tmp_path / "file" / "clips")))
    assert finding.verdict == "fails"
    assert "--clips" in finding.remedy


@pytest.mark.parametrize(
    ("free", "ours", "verdict"), [(True, False, "ok"), (False, True, "ok"), (False, False, "fails")]
)
def test_a_port_is_free_or_ours_or_taken(free, ours, verdict):
    finding = doctor.check_port(12100, free, lambda port: ours)
    assert finding.verdict == verdict
    assert bool(finding.remedy) == (verdict == "fails")


def test_a_missing_sound_device_is_no_failure():
    finding = doctor.check_sound(load_config({"output": "no such device"}, {}))
    assert finding.verdict == "note"
    assert "magnet-bridge devices" in finding.remedy


def test_the_probe_sees_torch_and_the_servers_settings(tmp_path):
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "models" / "mine" / "state_dict.bin").write_bytes(b"12345")
    settings = {"clips": tmp_path, "models": tmp_path / "models", "model": "tone"}
    probe = doctor.probe_server(load_config(settings, {}))
    assert probe.torch
    assert "damaged" in probe.others["mine"]
    assert probe.memory_bytes > probe.need_bytes > 0
    assert (probe.clips, probe.model, probe.server_error) == (str(tmp_path), "tone", "")


def test_the_probe_brings_back_the_servers_own_complaint():
    probe = doctor.probe_server(load_config({"device": "abacus"}, {}))
    assert "--device" in probe.server_error
