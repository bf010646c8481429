"""The model that ships: its size, and what a musician relies on, on the real weights."""

from pathlib import Path

import numpy as np
import pytest

import osc_server.magnet
from osc_server.contract.requests import GenerateClip
from osc_server.library.presets import PresetShelf
from osc_server.magnet.engine import load_engine
from osc_server.rendering.planning import plan_clip
from osc_server.rendering.seam import seam_score
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.evaluation.generation import Ask, generate
from osc_server.training.evaluation.onsets import onset_envelope
from osc_server.training.evaluation.tempo import estimate_bpm, same_tempo

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return load_engine("embedded", models_folder=tmp_path_factory.mktemp("models"), device="cpu")


@pytest.fixture(scope="module")
def drums(engine):
    prompts = {"hard techno drum loop": 132.0, "boom bap drum loop": 88.5, "disco drums": 117.3}
    asks = [Ask(prompt, "drums", bpm, 11) for prompt, bpm in prompts.items()]
    return generate(engine, asks, batch=4)


def test_its_files_are_at_most_30_megabytes():
    folder = Path(osc_server.magnet.__file__).parent / "embedded"
    assert 1_000_000 < sum(file.stat().st_size for file in folder.glob("*.bin")) <= 30_000_000


def test_drums_come_at_the_asked_tempo_found_blindly(drums):
    for clip in drums:
        found = estimate_bpm(onset_envelope(clip.audio, clip.rate_hz))
        assert same_tempo(found, clip.bpm), f"{clip.prompt}: {found:.1f} for {clip.bpm}"


def test_its_loops_close(drums):
    assert all(seam_score(clip.audio[:, None], clip.rate_hz) < 1.25 for clip in drums)


def test_a_seed_gives_the_same_codes_alone_and_beside_others(engine):
    def plan(prompt):
        request = GenerateClip(1, prompt=prompt, bars=1.0, bpm=150.0)
        return plan_clip(request, engine.info, 5).plan

    (alone,) = engine.generate([plan("acid bass")], lambda done, steps: None)
    beside = engine.generate([plan("soft pad"), plan("acid bass")], lambda done, steps: None)
    assert np.array_equal(alone.codes, beside[1].codes)


def test_the_presets_are_at_least_24_and_all_can_be_planned_at_any_usual_tempo(engine):
    presets, problems = PresetShelf([ROOT / "presets"]).all()
    assert problems == []
    assert len(presets) >= 24
    for preset in presets:
        for bpm in (70.0, 120.0, 174.0):
            request = preset.applied_to(GenerateClip(1, bpm=bpm, given=frozenset({"bpm"})))
            assert plan_clip(request, engine.info, 1).plan.n_frames <= engine.info.window_frames


def test_held_out_prompts_are_for_every_kind():
    kinds = {prompt.kind for prompt in HELD_OUT}
    assert {"drums", "bass", "chords", "pad", "arp", "melody", "sfx"} <= kinds
