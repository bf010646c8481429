import sys

import numpy as np
import pytest
import soundfile

from osc_server.training.evaluation.examples import write_examples
from osc_server.training.evaluation.specimen import Specimen
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop


def loop(kind="drums", gain=1.0):
    audio = drum_loop(120.0, beats=4) * np.float32(gain)
    return Specimen(audio, RATE_HZ, kind, "rock drums", 120.0, 1, seed=1)


def test_loops_become_ogg_files_numbered_by_kind(tmp_path):
    records = write_examples([loop(), loop(), loop("bass")], tmp_path)
    assert [record["file"] for record in records] == ["drums-1.ogg", "drums-2.ogg", "bass-1.ogg"]
    audio, rate_hz = soundfile.read(tmp_path / "drums-2.ogg")
    assert (len(audio), rate_hz) == (64000, RATE_HZ)


def test_the_caption_says_prompt_tempo_and_length(tmp_path):
    (record,) = write_examples([loop()], tmp_path)
    assert record["caption"] == "rock drums (120 bpm, 1 bar)"


@pytest.mark.parametrize("gain", [0.01, 40.0])
def test_loops_are_brought_to_one_level(tmp_path, monkeypatch, gain):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    write_examples([loop(gain=gain)], tmp_path)
    audio, _ = soundfile.read(tmp_path / "drums-1.wav")
    assert np.abs(audio).max() == pytest.approx(0.89, abs=0.001)


def test_without_soundfile_loops_become_wav_files_and_replace_older_ones(tmp_path, monkeypatch):
    write_examples([loop()], tmp_path)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    write_examples([loop()], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["drums-1.wav"]
