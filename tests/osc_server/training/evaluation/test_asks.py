from collections import Counter

import pytest

from osc_server.rendering.tone_engine import ToneEngine
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.corpus.held_out_families import HELD_OUT_FAMILIES
from osc_server.training.evaluation.asks import (
    TONAL,
    closing_asks,
    drum_asks,
    family_asks,
    key_asks,
    keyless_asks,
    kind_asks,
    mix_asks,
    variant_asks,
)
from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.families import FAMILIES
from osc_server.training.evaluation.generation import (
    Ablation,
    Ask,
    bars_for,
    generate,
    plan_for,
    request_for,
)
from osc_server.training.evaluation.key import KEYS
from osc_server.training.evaluation.settings import FULL, QUICK

INFO = ToneEngine().info


def test_every_kind_is_asked_equally_often():
    counts = Counter(ask.kind for ask in kind_asks(HELD_OUT, QUICK))
    assert counts == dict.fromkeys(KINDS, QUICK.prompts_per_kind * QUICK.seeds_per_prompt)


def test_no_two_asks_share_a_seed():
    asks = kind_asks(HELD_OUT, FULL) + drum_asks(HELD_OUT, FULL)
    asks += family_asks(HELD_OUT_FAMILIES, FULL) + key_asks(HELD_OUT, FULL)
    asks += mix_asks(HELD_OUT, FULL)
    assert len({ask.seed for ask in asks}) == len(asks)


def test_the_tempo_tests_ask_no_prompt_twice_at_a_tempo_and_all_equally_often():
    for asks in (drum_asks(HELD_OUT, FULL), mix_asks(HELD_OUT, FULL)):
        pairs = {(ask.prompt, ask.bpm) for ask in asks}
        assert len(pairs) == len(asks) >= 40
        assert set(Counter(ask.bpm for ask in asks).values()) == {len(asks) // FULL.tempos}
        counts = Counter(ask.prompt for ask in asks).values()
        assert max(counts) - min(counts) <= 1


def test_mixes_of_the_tempo_test_have_drums():
    prompts = {ask.prompt for ask in mix_asks(HELD_OUT, FULL)}
    assert len(prompts) >= 10
    assert all("pad" not in prompt and "trio" not in prompt for prompt in prompts)


def test_the_quick_tempo_test_covers_every_tempo_equally():
    counts = Counter(ask.bpm for ask in drum_asks(HELD_OUT, QUICK))
    assert sorted(counts) == QUICK.tempo_values()
    assert set(counts.values()) == {QUICK.tempo_loops // QUICK.tempos}


def test_as_many_bars_are_asked_for_as_fit_ten_seconds():
    assert [bars_for(bpm, INFO) for bpm in (174.0, 96.0, 95.0, 70.0, 45.0)] == [4, 4, 2, 2, 1]


def test_a_plan_tells_the_tempo_by_the_beat_grid_alone():
    plan = plan_for(Ask("rock drums", "drums", 120.0, 1), INFO, Ablation())
    assert plan.prompt == "rock drums"
    assert plan.beat_grid is not None


def test_the_ablation_tells_it_in_words_alone():
    plan = plan_for(Ask("rock drums", "drums", 120.0, 1), INFO, Ablation(grid=False, words=True))
    assert plan.prompt == "rock drums, 120 bpm"
    assert plan.beat_grid is None


def test_loops_come_back_in_the_order_asked_whatever_their_batch():
    asks = [Ask(f"prompt {i}", "arp", (120.0, 90.0, 140.0)[i % 3], i) for i in range(7)]
    done = []
    loops = generate(ToneEngine(), asks, batch=2, on_clip=done.append)
    assert [loop.prompt for loop in loops] == [ask.prompt for ask in asks]
    assert [loop.seconds for loop in loops[:3]] == [8.0, 5.34, 6.86]
    assert sum(done) == len(asks)


def test_every_family_is_asked_equally_often():
    counts = Counter(ask.family for ask in family_asks(HELD_OUT_FAMILIES, FULL))
    assert counts == {family.name: 5 * FULL.family_seeds for family in FAMILIES}


@pytest.mark.parametrize("settings", [QUICK, FULL])
def test_keys_are_asked_of_every_tonal_kind_and_go_round_the_circle(settings):
    asks = key_asks(HELD_OUT, settings)
    assert len(asks) == settings.key_loops
    assert set(Counter(ask.kind for ask in asks).values()) == {settings.key_loops // len(TONAL)}
    assert len({ask.key for ask in asks}) > 20
    assert {ask.key for ask in asks} <= set(KEYS)


def test_words_that_name_a_mode_get_a_key_of_it():
    asks = [ask for ask in key_asks(HELD_OUT, FULL) if "minor" in ask.prompt]
    assert asks
    assert all(ask.key.endswith("minor") for ask in asks)


def test_a_key_reaches_the_model_in_words_and_the_control_has_none():
    (ask, *_) = keys = key_asks(HELD_OUT, QUICK)
    assert plan_for(ask, INFO, Ablation()).prompt == f"{ask.prompt}, {ask.key}"
    assert request_for(ask, INFO).key == ask.key
    (control, *_) = keyless_asks(keys)
    assert (control.prompt, control.seed, control.key) == (ask.prompt, ask.seed, "")


def test_every_way_to_decode_plays_each_prompt_once():
    asks = variant_asks(kind_asks(HELD_OUT, FULL), FULL)
    assert len({ask.prompt for ask in asks}) == len(asks) == len(KINDS) * FULL.variant_prompts
    few = variant_asks(kind_asks(HELD_OUT, QUICK), QUICK)
    assert Counter(ask.kind for ask in few) == dict.fromkeys(KINDS, QUICK.variant_prompts)


def test_loops_whose_seams_are_judged_are_of_every_kind():
    asks = kind_asks(HELD_OUT, FULL)
    chosen = closing_asks(asks, FULL)
    assert set(Counter(ask.kind for ask in chosen).values()) == {FULL.closing_loops // len(KINDS)}
    assert len(closing_asks(asks[:3], FULL)) == 3
