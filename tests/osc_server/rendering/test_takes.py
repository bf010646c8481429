"""Takes: one request, several seeds, all kept, the best first."""

from dataclasses import replace

import numpy as np
import pytest

from osc_server.contract.clip import Measured
from osc_server.contract.requests import GenerateClip
from osc_server.rendering.drawing import derived_seed, take_seeds
from osc_server.rendering.plan import Decoded
from osc_server.rendering.ranking import mean_confidence, score
from tests.osc_server.rendering.studio import Studio

ASKED = GenerateClip(1, prompt="pad", bars=1, takes=4)
MEASURED = Measured(
    seconds=2.0,
    n_samples=96000,
    rate_hz=48000,
    n_channels=1,
    bars=1.0,
    bpm=120.0,
    bpm_measured=120.0,
    seam=0.8,
    lufs=-14.0,
    true_peak_dbtp=-1.0,
    rtf=0.1,
    seam_flux=0.9,
    confidence=0.5,
)


def test_seeds_differ_begin_with_the_asked_one_and_are_always_the_same():
    seeds = take_seeds(7, 8)
    assert seeds[0] == 7
    assert len(set(seeds)) == 8
    assert seeds == take_seeds(7, 8)
    assert all(0 <= seed < 10**6 for seed in seeds)


def test_all_are_on_disk_and_the_best_is_the_first_and_the_newest(tmp_path):
    studio = Studio(tmp_path)
    sidecars = studio.makes(ASKED)
    assert [sidecar.rank for sidecar in sidecars] == [1, 2, 3, 4]
    assert {sidecar.n_takes for sidecar in sidecars} == {4}
    assert [sidecar.seed for sidecar in sidecars] != sorted({sidecar.id for sidecar in sidecars})
    scores = [sidecar.score for sidecar in sidecars]
    assert scores == sorted(scores, reverse=True)
    assert next(studio.store.ids()) == sidecars[0].id
    assert set(studio.store.ids()) == {sidecar.id for sidecar in sidecars}


def test_they_are_one_batch(tmp_path):
    studio = Studio(tmp_path)
    batches = []
    generate = studio.engine.generate
    studio.engine.generate = lambda plans, *a, **k: (
        batches.append(len(plans)) or generate(plans, *a, **k)
    )
    studio.makes(ASKED)
    assert batches == [4]


def test_one_of_them_is_made_again_alone(tmp_path):
    studio = Studio(tmp_path)
    take = studio.makes(ASKED)[2]
    again = studio.make(take.to_request(2), take.seed)
    np.testing.assert_array_equal(studio.audio(take), studio.audio(again))


@pytest.mark.parametrize(
    "worse",
    [
        {"confidence": 0.4},
        {"bpm_measured": 122.0},
        {"bpm_measured": 0.0},
        {"seam": 2.0},
        {"seam_flux": 2.0},
        {"lufs": None},
    ],
)
def test_what_is_worse_scores_less(worse):
    assert 0 <= score(replace(MEASURED, **worse), loop=True) < score(MEASURED, loop=True) <= 1


def test_a_line_has_no_seam_to_be_judged_by():
    rough = replace(MEASURED, seam=9.0)
    assert score(rough, loop=False) == score(MEASURED, loop=False)


def test_confidence_is_the_geometric_mean_of_what_was_drawn():
    confidence = np.array([[1.0, 0.5, 0.125, 1.0]], "f4")
    decoded = Decoded(np.zeros((1, 4), int), confidence)
    assert mean_confidence(decoded) == pytest.approx(0.25)
    assert mean_confidence(Decoded(decoded.codes, np.ones((1, 4), "f4"))) == 0.0


def test_derived_seeds_are_known_forever():
    assert derived_seed(7, 0) == 7
    assert derived_seed(7, 1) == derived_seed(7, 1) != derived_seed(8, 1)
