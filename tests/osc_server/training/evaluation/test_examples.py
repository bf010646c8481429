import sys

import numpy as np
import pytest
import soundfile
import torch

from osc_server.training.evaluation.classifier import (
    KINDS,
    LabelledMel,
    features,
    train_classifier,
)
from osc_server.training.evaluation.examples import (
    Judges,
    first_of_each_family,
    read_remarks,
    write_examples,
    write_loop,
)
from osc_server.training.evaluation.specimen import Specimen
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop, tone

FAMILIES = ("house beat", "hum")


def loop(family="house beat", gain=1.0, seed=1):
    sounds = {"house beat": drum_loop(120.0, beats=8), "hum": np.tile(tone(55.0, 0.5), 8)}
    audio = sounds[family] * np.float32(gain)
    kind = "drums" if family == "house beat" else "bass"
    return Specimen(audio, RATE_HZ, kind, f"a {family}", 120.0, 2, seed=seed, family=family)


@pytest.fixture(scope="module")
def judges():
    def learned(labels, label_of):
        clips = [
            LabelledMel(features(s.audio, RATE_HZ), labels.index(label_of(s)))
            for s in (loop("house beat"), loop("hum"))
        ]
        return train_classifier(clips, labels, steps=40, seed=1, device=torch.device("cpu"))

    return Judges(learned(KINDS, lambda s: s.kind), learned(FAMILIES, lambda s: s.family))


def test_the_first_of_each_family_is_taken_in_their_order():
    loops = [loop("hum", seed=1), loop("house beat", seed=2), loop("hum", seed=3)]
    assert [s.seed for s in first_of_each_family(loops)] == [1, 2]


def test_loops_become_ogg_files_and_pictures_called_by_family(tmp_path, judges):
    (record,) = write_examples([loop()], judges, {}, tmp_path)
    assert record["file"] == "examples/house-beat.ogg"
    assert record["caption"] == "a house beat (120 bpm, 2 bars)"
    audio, rate_hz = soundfile.read(tmp_path / record["file"])
    assert (len(audio), rate_hz) == (128000, RATE_HZ)
    assert (tmp_path / record["picture"]).stat().st_size > 1000


def test_what_is_heard_is_said_and_in_bold_where_it_is_not_what_was_asked(tmp_path, judges):
    good, bad = loop("house beat"), loop("hum")
    claimed = Specimen(
        bad.audio, RATE_HZ, "drums", "a house beat", 120.0, 2, seed=1, family="house beat"
    )
    found = [r["found"] for r in write_examples([good, claimed], judges, {}, tmp_path)]
    assert found[0].startswith("heard as house beat; ")
    assert found[1].startswith("**heard as hum**; **not heard as drums")


@pytest.mark.parametrize("gain", [0.01, 40.0])
def test_loops_are_brought_to_one_level(tmp_path, monkeypatch, gain):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    write_loop(loop(gain=gain), tmp_path, "one")
    audio, _ = soundfile.read(tmp_path / "one.wav")
    assert np.abs(audio).max() == pytest.approx(0.89, abs=0.001)


def test_without_soundfile_loops_become_wav_files_and_replace_older_ones(tmp_path, monkeypatch):
    write_loop(loop(), tmp_path, "one")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    write_loop(loop(), tmp_path, "one")
    assert [path.name for path in tmp_path.iterdir()] == ["one.wav"]


def test_remarks_are_of_the_weights_that_they_were_made_of(tmp_path):
    assert read_remarks(tmp_path, "abc123") == {}
    (tmp_path / "remarks.toml").write_text('weights = "abc"\n[seen]\nrain = "even noise"\n')
    assert read_remarks(tmp_path, "abc123") == {"rain": "even noise"}
    assert read_remarks(tmp_path, "def456") == {}
