import numpy as np
import pytest

from osc_server.training.evaluation.frechet import (
    Axes,
    compare_clouds,
    distance,
    plain_embedding,
    shuffled,
    windows_of,
)
from osc_server.training.evaluation.specimen import Specimen
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop, tone

RNG = np.random.default_rng(5)


def cloud(mean, n=400, scale=1.0):
    return mean + scale * RNG.standard_normal((n, 3))


def test_the_distance_of_gaussians_is_that_of_the_formula():
    # Means 3 apart in one axis, and spreads of 1 and 2 in each of three: 9 + 3 * (2 - 1)^2.
    a, b = cloud(np.zeros(3), 200_000), cloud(np.array([3.0, 0, 0]), 200_000, 2.0)
    assert distance(a, b) == pytest.approx(12.0, rel=0.02)


def test_a_cloud_has_no_distance_to_itself():
    a = cloud(np.zeros(3))
    assert distance(a, a) == pytest.approx(0.0, abs=1e-6)


def clouds(offset=0.0, n=30):
    """Three kinds far from each other, each of n clips of 8 windows."""
    means = {"drums": 0.0, "bass": 10.0, "pad": -10.0}
    return {
        kind: [cloud(np.full(3, mean + offset), 8) for _ in range(n)]
        for kind, mean in means.items()
    }


def axes_of(reference):
    return Axes.of(np.concatenate([c for found in reference.values() for c in found]))


def test_what_is_asked_for_and_got_is_nearer_than_the_same_shuffled():
    reference, played = clouds(), clouds(0.5)
    axes = axes_of(reference)
    right = compare_clouds(reference, played, axes, seed=1)
    wrong = compare_clouds(reference, shuffled(played), axes, seed=1)
    assert right.by_kind < 0.2 * wrong.by_kind
    assert right.pooled == pytest.approx(wrong.pooled)  # a cloud does not know what was asked


def test_the_farther_a_set_the_larger_its_distance():
    reference = clouds()
    axes = axes_of(reference)
    found = [compare_clouds(reference, clouds(x), axes, seed=1).by_kind for x in (0.0, 3.0, 9.0)]
    assert found == sorted(found)
    assert found[2] > 4 * found[0]


def test_more_clips_are_less_uncertain():
    reference = clouds()
    axes = axes_of(reference)
    few, many = (compare_clouds(reference, clouds(n=n), axes, seed=1) for n in (4, 40))
    assert many.half_width < 0.6 * few.half_width


def test_few_clips_are_farther_than_many_of_the_same():
    # Which is why every set that is compared has as many clips.
    reference = clouds(n=60)
    axes = axes_of(reference)
    few, many = (compare_clouds(reference, clouds(n=n), axes, seed=1) for n in (2, 40))
    assert few.by_kind > many.by_kind


def test_all_clips_in_one_cloud_are_resampled_with_those_of_each_kind():
    reference = clouds()
    found = compare_clouds(reference, clouds(0.5), axes_of(reference), seed=1)
    assert found.resampled.shape == found.resampled_pooled.shape
    assert found.resampled_pooled.std() > 0.0
    again = compare_clouds(reference, clouds(0.5), axes_of(reference), seed=1)
    assert (again.resampled_pooled != found.resampled_pooled).any()  # other clips, same draws


def test_shuffling_leaves_no_clip_with_its_kind_and_all_counts_equal():
    named = {kind: [np.full((1, 1), k)] * 5 for k, kind in enumerate(("a", "b", "c"))}
    mixed = shuffled(named)
    assert {kind: len(found) for kind, found in mixed.items()} == {"a": 5, "b": 5, "c": 5}
    for k, found in enumerate(mixed.values()):
        assert all(int(clip[0, 0]) != k for clip in found)


def specimen(audio):
    return Specimen(audio, RATE_HZ, "drums", "", 120.0, 2, 1)


def test_a_clip_is_cut_into_stretches_of_two_seconds_and_a_short_one_repeated():
    assert windows_of(specimen(drum_loop(120.0, beats=16))).shape == (4, 80, 64)
    assert windows_of(specimen(drum_loop(120.0, beats=2))).shape == (1, 80, 64)


def test_the_plain_embedding_hears_a_tone_apart_from_drums_and_no_level():
    drums, other = drum_loop(120.0), drum_loop(120.0, seed=1)
    hum = np.tile(tone(110.0, 1.0, decay=0.2), 8)
    means = [plain_embedding(specimen(a)).mean(axis=0) for a in (drums, other, 0.1 * drums, hum)]
    apart = [float(np.linalg.norm(means[0] - m)) for m in means]
    assert apart[2] < 0.2 < apart[1] < 0.5 * apart[3]
