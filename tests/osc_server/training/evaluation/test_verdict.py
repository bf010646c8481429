import numpy as np
import pytest
import torch

from osc_server.training.evaluation.classifier import (
    KINDS,
    LabelledMel,
    features,
    train_classifier,
)
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.verdict import Judged, findings, judge
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop, place, tone

GOOD = Judged(1, sure=0.97, in_time=True, notes=True, contrast_db=30.0, closed=True)
BAD = Judged(1, sure=0.2, in_time=False, notes=False, contrast_db=1.0, closed=False)


@pytest.mark.parametrize("kind", [*KINDS, "mix"])
def test_nothing_is_in_bold_where_all_is_met_and_all_is_where_nothing_is(kind):
    assert "**" not in findings(kind, GOOD)
    assert all(part.startswith("**") for part in findings(kind, BAD).split("; "))


def test_the_bad_comes_first():
    told = findings("drums", Judged(1, 0.97, False, True, 30.0, True)).split("; ")
    assert told[0] == "**out of time**"
    assert told[1:] == ["heard as drums, 97 %", "closes"]


def test_only_what_a_kind_must_have_is_said_of_it():
    assert findings("pad", GOOD) == "heard as pad, 97 %; closes"
    assert "in time" in findings("arp", GOOD)
    assert "separate notes" in findings("arp", GOOD)
    assert findings("mix", GOOD) == "in time; closes"
    assert "melody" in findings("melody", BAD)


def test_what_is_no_loop_need_not_close():
    assert "seam" not in findings("sfx", BAD, loops=False)


def specimen(audio, kind, bpm=120.0):
    return Specimen(audio.astype(np.float32), RATE_HZ, kind, "", bpm, 4, 7)


def melody(*notes):
    audio = np.zeros(8 * RATE_HZ, np.float32)
    for i in range(16):
        hertz = 440.0 * 2.0 ** (notes[i % len(notes)] / 12)
        place(audio, tone(hertz, 0.45, decay=3.0), i * 0.5)
    return audio


@pytest.fixture(scope="module")
def classifier():
    sounds = {"drums": drum_loop(120.0), "melody": melody(0, 4, 7)}
    clips = [LabelledMel(features(a, RATE_HZ), KINDS.index(k)) for k, a in sounds.items()]
    return train_classifier(clips, KINDS, steps=40, seed=1, device=torch.device("cpu"))


def test_drums_at_their_tempo_are_in_time_and_at_another_are_not(classifier):
    here = judge(specimen(drum_loop(120.0, seed=3), "drums"), classifier, {})
    there = judge(specimen(drum_loop(120.0, seed=3), "drums", bpm=134.0), classifier, {})
    assert (here.in_time, there.in_time) == (True, False)
    assert here.sure > 0.5
    assert here.seed == 7
    assert here.rank > there.rank


def test_a_melody_of_one_pitch_and_its_octave_is_none(classifier):
    assert judge(specimen(melody(0, 4, 7), "melody"), classifier, {}).notes
    assert not judge(specimen(melody(0, 12), "melody"), classifier, {}).notes


def test_a_loop_that_is_cut_in_a_tone_clicks(classifier):
    t = np.arange(8 * RATE_HZ) / RATE_HZ
    whole = 0.3 * np.sin(2 * np.pi * 110.0 * t)
    assert judge(specimen(whole, "pad"), classifier, {}).closed
    assert not judge(specimen(whole[: -RATE_HZ // 440], "pad"), classifier, {}).closed
