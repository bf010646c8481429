from osc_server.training.corpus.spec import draw_spec
from osc_server.training.evaluation.material import (
    CLASSIFIER_SEED,
    DISTANCE_SEED,
    REFERENCE_SEED,
    corpus_specimen,
    seeds_by_family,
    seeds_of_kind,
    seeds_of_mixes,
)
from osc_server.training.evaluation.settings import FULL
from osc_server.training.sizes import SIZES


def test_no_clip_that_is_measured_was_trained_on_or_learned_from():
    last_trained = max(size.seed + size.n_clips for size in SIZES.values())
    assert last_trained < REFERENCE_SEED < CLASSIFIER_SEED < DISTANCE_SEED
    n = FULL.reference_per_kind + FULL.reference_drums
    measured = seeds_of_kind("drums", n, REFERENCE_SEED)
    of_families = seeds_by_family(FULL.reference_per_family, REFERENCE_SEED)
    learned_from = seeds_by_family(FULL.classifier_per_family, CLASSIFIER_SEED)
    assert max(measured[-1], *(seeds[-1] for seeds in of_families.values())) < CLASSIFIER_SEED
    assert max(seeds[-1] for seeds in learned_from.values()) < DISTANCE_SEED


def test_mixes_of_the_tempo_test_are_in_four_and_have_drums():
    seeds = seeds_of_mixes(12, REFERENCE_SEED)
    specs = [draw_spec(seed) for seed in seeds]
    assert len(set(seeds)) == 12
    assert all(spec.kind == "mix" and spec.meter == "4/4" for spec in specs)
    assert all("drums" in {part.kind for part in spec.parts} for spec in specs)


def test_a_specimen_is_whole_bars_at_its_own_tempo():
    for seed in seeds_of_mixes(2, REFERENCE_SEED):
        clip = corpus_specimen(seed)
        beats = clip.n_bars * clip.beats_per_bar
        assert abs(clip.seconds - beats * 60.0 / clip.bpm) < 1e-4
        assert clip.n_bars in (1, 2, 4)
