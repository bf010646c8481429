import itertools
from collections import Counter

import numpy as np

from osc_server.training.corpus.captions import caption
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.corpus.held_out_families import HELD_OUT_FAMILIES
from osc_server.training.corpus.held_out_for_tuning import FREE_FOR_TUNING
from osc_server.training.corpus.held_out_free import HELD_OUT_FREE
from osc_server.training.corpus.spec import draw_spec
from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.families import FAMILIES, family_of, kind_of
from osc_server.training.evaluation.material import corpus_specimen, seeds_by_family

SPECS = [draw_spec(seed) for seed in range(4000)]


def test_there_are_at_least_twelve_families_and_each_is_in_the_corpus():
    counts = Counter(family_of(spec) for spec in SPECS)
    assert len(FAMILIES) >= 12
    assert all(counts[family.name] >= 10 for family in FAMILIES)


def test_no_sound_is_of_two_families():
    for a, b in itertools.combinations(FAMILIES, 2):
        assert not (set(a.kinds) & set(b.kinds) and set(a.sounds) & set(b.sounds))


def test_a_mix_is_of_no_family():
    assert all(family_of(spec) == "" for spec in SPECS if spec.kind == "mix")


def test_every_family_has_five_prompts_that_no_caption_has_and_its_kind():
    assert Counter(p.family for p in HELD_OUT_FAMILIES) == {f.name: 5 for f in FAMILIES}
    texts = {prompt.text.lower() for prompt in HELD_OUT_FAMILIES}
    assert len(texts) == len(HELD_OUT_FAMILIES)
    assert not texts & {caption(spec, n).lower() for spec in SPECS for n in range(8)}
    of_kind = {prompt.text: prompt.kind for prompt in HELD_OUT}
    for prompt in HELD_OUT_FAMILIES:
        kind = kind_of(prompt.family)
        assert kind in KINDS
        assert (prompt.bpm is not None) == (kind == "drums")
        family = next(f for f in FAMILIES if f.name == prompt.family)
        assert of_kind.get(prompt.text, kind) in family.kinds


def test_prompts_in_free_words_are_five_of_each_family_and_none_is_used_for_tuning():
    for prompts in (HELD_OUT_FREE, FREE_FOR_TUNING):
        assert Counter(p.family for p in prompts) == {f.name: 5 for f in FAMILIES}
        assert all((p.bpm is not None) == (kind_of(p.family) == "drums") for p in prompts)
    measured, tuned = ({p.text.lower() for p in ps} for ps in (HELD_OUT_FREE, FREE_FOR_TUNING))
    assert len(measured) == len(HELD_OUT_FREE)
    assert not measured & tuned
    assert not measured & {caption(spec, n).lower() for spec in SPECS for n in range(8)}


def test_seeds_of_a_family_render_to_it():
    seeds = seeds_by_family(2, 8_000_000_000)
    assert set(map(len, seeds.values())) == {2}
    clip = corpus_specimen(seeds["rain"][1])
    assert (clip.kind, clip.family) == ("sfx", "rain")
    assert np.abs(clip.audio).max() > 0.1
