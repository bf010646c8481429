from dataclasses import replace

import numpy as np
import pytest
import torch

from osc_server.training.evaluation.ablations import SHIPPED, Played, Variant
from osc_server.training.evaluation.classifier import (
    KINDS,
    LabelledMel,
    features,
    train_classifier,
)
from osc_server.training.evaluation.distances import (
    Ruler,
    measure_anchors,
    measure_distances,
    measure_variants,
)
from osc_server.training.evaluation.specimen import Specimen
from tests.osc_server.training.evaluation.signals import RATE_HZ

PER_KIND = 6


def clips(n=PER_KIND, off=0.0, seed=1):
    """Clips whose one number is their kind's place, a little about it, and ``off`` from there."""
    rng = np.random.default_rng(seed)
    return [
        Specimen(
            np.full(8, 10.0 * k + off + rng.normal(), np.float32), RATE_HZ, kind, "", 120.0, 1, i
        )
        for k, kind in enumerate(KINDS)
        for i in range(n)
    ]


def embed(specimen):
    place = float(specimen.audio[0])
    return np.array([[place, 0.3], [place + 0.1, -0.3], [place - 0.1, 0.0]])


RULER = {"learned": Ruler.of(embed, clips(30, seed=9), 1), "plain": Ruler.of(embed, clips(30), 1)}


def test_the_model_lies_between_the_codec_and_shuffled_captions():
    found = measure_distances(RULER, clips(seed=2), clips(off=0.2, seed=2), clips(off=2.0, seed=3))
    learned = found["learned"]
    assert found["clips"] == PER_KIND * len(KINDS)
    assert learned["codec"]["by_kind"] < learned["generated"]["by_kind"]
    assert learned["generated"]["by_kind"] < learned["shuffled"]["by_kind"]
    assert 0.0 < learned["place"] < 1.0


def test_of_each_source_as_many_clips_are_taken_as_there_are_of_all():
    found = measure_distances(RULER, clips(9), clips(9), clips(4))
    assert found["clips"] == 4 * len(KINDS)


@pytest.fixture(scope="module")
def classifier():
    rng = np.random.default_rng(1)
    noise = features(rng.standard_normal(RATE_HZ * 4).astype(np.float32), RATE_HZ)
    return train_classifier(
        [LabelledMel(noise, 0)], KINDS, steps=1, seed=1, device=torch.device("cpu")
    )


def played(off):
    long = [replace(s, audio=np.resize(s.audio, RATE_HZ)) for s in clips(off=off, seed=4)]
    return Played(long, [0.1] * len(long))


def test_a_way_that_is_farther_is_said_to_be_farther_by_both_figures(classifier):
    ways = [(Variant(SHIPPED), played(0.0)), (Variant("worse", expected="worse"), played(4.0))]
    shipped, worse = measure_variants(RULER, classifier, ways)
    assert shipped["learned"]["more"] == shipped["learned"]["more_pooled"] == [0.0, 0.0]
    for figure in ("more", "more_pooled"):
        value, half = worse["learned"][figure]
        assert value > half > 0.0
    assert worse["rtf"] == 0.1


def test_anchors_are_of_as_few_clips_as_a_way_plays():
    ways = [(Variant(SHIPPED), played(0.0))]
    anchors = measure_anchors(RULER, clips(20, seed=5), clips(20, off=4.0, seed=5), ways)
    assert anchors["clips"] == PER_KIND * len(KINDS)
    learned = anchors["learned"]
    assert learned["corpus"]["by_kind"] < learned["codec"]["by_kind"]
    assert learned["codec"]["by_kind"] < learned["shuffled"]["by_kind"]
