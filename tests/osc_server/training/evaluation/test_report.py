import json
import re
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
import torch

from osc_server.rendering.tone_engine import ToneEngine
from osc_server.training.evaluation.__main__ import evaluate, play_variants
from osc_server.training.evaluation.bench import Bench
from osc_server.training.evaluation.families import FAMILIES
from osc_server.training.evaluation.learning import gather_family_classifier
from osc_server.training.evaluation.remembering import RememberingEngine
from osc_server.training.evaluation.report import write_report
from osc_server.training.evaluation.settings import QUICK

TINY = replace(
    QUICK,
    name="tiny",
    prompts_per_kind=2,
    tempo_loops=4,
    mix_loops=2,
    ablation_loops=2,
    family_seeds=1,
    key_loops=10,
    variant_prompts=2,
    closing_loops=3,
    reference_per_kind=2,
    reference_drums=1,
    yardstick_per_kind=3,
    classifier_per_kind=1,
    classifier_per_family=1,
    classifier_steps=2,
    reference_per_family=1,
    distance_per_kind=2,
    codec_per_kind=1,
    captioned_clips=20,
)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The whole evaluation, on the weightless engine: its folder, figures and progress."""
    folder = tmp_path_factory.mktemp("evaluation")
    bars = []

    @contextmanager
    def progress(title, steps):
        done = []
        yield done.append
        bars.append((title, steps, sum(done)))

    engine = RememberingEngine(ToneEngine(), folder / "codes")
    cache = folder / "cache"
    bench = Bench(engine, TINY, cache, progress, torch.device("cpu"), batch=4)
    gather_family_classifier(bench)  # comes from its cache afterwards
    play = partial(play_variants, replace(bench, engine=ToneEngine()), "tone", folder)
    figures = evaluate(bench, play, folder / "report")
    return folder / "report", figures, bars


def test_the_report_and_all_it_names_are_written(published):
    folder, _, _ = published
    text = (folder / "report.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\(([^)]+)\)", text))
    assert all((folder / name).stat().st_size > 100 for name in named)
    assert {"figures.json", "kinds.png", "drums.png", "notes.png", "figures.png"} <= named
    assert sum(name.endswith(".ogg") for name in named) == len(FAMILIES)
    assert "heard as" in text


def test_nothing_unfinished_is_left_behind(published):
    folder, _, _ = published
    assert not list(folder.parent.rglob("*.partial"))


def test_the_report_is_made_from_figures_json_alone(published):
    folder, _, _ = published
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    written = (folder / "report.md").read_text(encoding="utf-8")
    assert written.startswith(write_report(figures, [], []).split("## How")[0].rstrip())


def test_an_engine_that_clicks_on_the_beat_is_at_the_asked_tempo(published):
    _, figures, _ = published
    assert figures["tempo"]["right"]["share"] == 1.0
    assert figures["grid"]["generated"]["above_chance"] > 0.9


def test_an_engine_that_is_not_told_the_tempo_does_not_meet_it(published):
    _, figures, _ = published
    assert figures["tempo"]["ladder"]["not told"]["share"] < 1.0


def test_all_that_has_a_beat_is_counted_once(published):
    _, figures, _ = published
    for source in figures["rhythm"].values():
        assert set(source) == {"drums", "arp", "mix", "all"}
        assert source["all"]["total"] == sum(source[k]["total"] for k in ("drums", "arp", "mix"))
    assert figures["rhythm"]["generated"]["all"]["total"] == 4 + 2 + 2


def test_each_way_to_decode_is_held_against_the_shipped_one(published):
    _, figures, _ = published
    shipped, *others = figures["variants"]
    for embedding in ("learned", "plain"):
        assert shipped[embedding]["more"] == shipped[embedding]["more_pooled"] == [0.0, 0.0]
    assert all(row["expected"] in ("better", "worse", "") for row in others)
    assert figures["variant_anchors"]["clips"] == 2 * 7


def test_goals_say_whether_they_are_met(published):
    _, figures, _ = published
    goals = {goal["name"]: goal for goal in figures["goals"]}
    assert goals["drums at the asked tempo within 2 %"]["met"]
    for goal in goals.values():
        assert goal["met"] == (goal["value"]["share"] >= goal["goal"])


def test_every_progress_bar_is_filled(published):
    _, _, bars = published
    assert len(bars) == 7  # the families come from their cache the second time
    for _, steps, done in bars:
        assert done == steps
