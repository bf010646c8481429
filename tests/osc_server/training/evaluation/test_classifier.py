import numpy as np
import pytest
import torch

from osc_server.training.evaluation.classifier import (
    KINDS,
    Classifier,
    LabelledMel,
    features,
    train_classifier,
)
from tests.osc_server.training.evaluation.signals import RATE_HZ, drum_loop, noise_hit, tone

CPU = torch.device("cpu")


def sound(kind, seed):
    rng = np.random.default_rng(seed)
    if kind == "drums":
        return drum_loop(float(rng.uniform(80, 160)), beats=12, seed=seed)
    if kind == "bass":
        return np.tile(tone(float(rng.uniform(40, 80)), 0.5), 9)
    return noise_hit(rng, 4.5, float(rng.uniform(0.0, 0.3)), 0.2)


@pytest.fixture(scope="module")
def trained():
    clips = [
        LabelledMel(features(sound(kind, seed), RATE_HZ), KINDS.index(kind))
        for kind in ("drums", "bass", "sfx")
        for seed in range(5)
    ]
    return train_classifier(clips, KINDS, steps=40, seed=1, device=CPU)


@pytest.mark.parametrize("kind", ["drums", "bass", "sfx"])
def test_hears_kinds_in_clips_it_has_not_seen(trained, kind):
    assert trained.label(sound(kind, seed=99), RATE_HZ) == kind


def test_level_does_not_decide(trained):
    audio = sound("drums", seed=99)
    loud, quiet = (trained.probabilities(audio * gain, RATE_HZ) for gain in (1.0, 0.05))
    np.testing.assert_allclose(loud, quiet, atol=1e-3)


def test_probabilities_add_up(trained):
    assert trained.probabilities(sound("bass", 3), RATE_HZ).sum() == pytest.approx(1.0, abs=1e-5)


def test_comes_back_from_its_file(trained, tmp_path):
    trained.save(tmp_path / "kinds.pt", "corpus 1")
    loaded = Classifier.load(tmp_path / "kinds.pt", "corpus 1", CPU)
    audio = sound("sfx", 5)
    np.testing.assert_array_equal(
        loaded.probabilities(audio, RATE_HZ), trained.probabilities(audio, RATE_HZ)
    )


def test_is_not_loaded_when_it_learned_from_another_corpus(trained, tmp_path):
    trained.save(tmp_path / "kinds.pt", "corpus 1")
    assert Classifier.load(tmp_path / "kinds.pt", "corpus 2", CPU) is None
    assert Classifier.load(tmp_path / "nothing.pt", "corpus 1", CPU) is None


def test_the_same_seed_trains_the_same_network():
    clips = [LabelledMel(features(sound("drums", s), RATE_HZ), 0) for s in range(2)]
    first, second = (train_classifier(clips, KINDS, steps=2, seed=4, device=CPU) for _ in range(2))
    audio = sound("bass", 1)
    np.testing.assert_array_equal(
        first.probabilities(audio, RATE_HZ), second.probabilities(audio, RATE_HZ)
    )
