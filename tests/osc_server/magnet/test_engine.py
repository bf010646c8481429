"""The engine: plans in, codes and audio out, through the Engine protocol."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from osc_server.contract.errors import BadRequest, ModelUnavailable
from osc_server.magnet.engine import MagnetEngine, load_engine
from osc_server.rendering.plan import BeatGrid, Engine, Plan
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER
from tests.osc_server.magnet.models import TINY_DECODING, TINY_WINDOW_FRAMES

PLAN = Plan("dusty breakbeat", n_frames=40, seed=7, decoding=TINY_DECODING)
GRID = BeatGrid(beats_per_frame=4 / 40)


def ignore(done: int, n_steps: int) -> None:
    pass


@pytest.fixture(scope="module")
def engine(tiny_folder: Path) -> Engine:
    return load_engine("tiny", models_folder=tiny_folder.parent, device="cpu")


@pytest.fixture(scope="module")
def official() -> MagnetEngine:
    return load_engine("someone/checkpoint", models_folder=GOLDEN_FOLDER, device="cpu")


def test_it_says_what_it_is(engine):
    info = engine.info
    assert (info.name, info.device, info.licence) == ("tiny", "cpu", "MIT")
    assert (info.sample_rate_hz, info.frame_rate) == (32000, 50)
    assert (info.n_codebooks, info.codebook_size) == (4, 16)
    assert info.window_frames == TINY_WINDOW_FRAMES
    assert info.takes_tempo
    assert info.defaults == TINY_DECODING


def test_plans_together_give_what_each_gives_alone(engine):
    plans = [PLAN, replace(PLAN, prompt="", seed=8), replace(PLAN, beat_grid=GRID, seed=9)]
    together = engine.generate(plans, ignore)
    for plan, decoded in zip(plans, together, strict=True):
        alone = engine.generate([plan], ignore)[0]
        np.testing.assert_array_equal(decoded.codes, alone.codes)
        np.testing.assert_allclose(decoded.confidence, alone.confidence, atol=1e-5)


def test_progress_runs_through_all_plans(engine):
    seen = []
    engine.generate([PLAN, PLAN], lambda done, n_steps: seen.append((done, n_steps)))
    assert seen == [(done, 20) for done in range(1, 21)]


def test_the_tempo_is_an_input(engine):
    codes = [
        engine.generate([replace(PLAN, beat_grid=grid)], ignore)[0].codes
        for grid in (None, GRID, replace(GRID, beats_per_frame=0.05))
    ]
    assert not np.array_equal(codes[0], codes[1])
    assert not np.array_equal(codes[1], codes[2])


def test_a_model_without_a_tempo_input_ignores_the_grid(official):
    decoding = replace(TINY_DECODING, steps=(2, 1, 1, 1))
    plan = replace(PLAN, decoding=decoding)
    with_grid, without = official.generate([replace(plan, beat_grid=GRID), plan], ignore)
    assert not official.info.takes_tempo
    np.testing.assert_array_equal(with_grid.codes, without.codes)


def test_given_codes_come_back(engine):
    mask = np.zeros((4, 40), dtype=bool)
    mask[:, 5:20] = True
    given = np.full((4, 40), 3)
    decoded = engine.generate([replace(PLAN, keep_codes=given, keep_mask=mask)], ignore)[0]
    assert (decoded.codes[mask] == 3).all()
    assert (decoded.confidence[mask] == 1).all()
    assert 0 < decoded.confidence[~mask].min() < 1


@pytest.mark.parametrize(
    "bad",
    [
        {"n_frames": TINY_WINDOW_FRAMES + 1},
        {"n_frames": 0},
        {"wrap_frames": -1},
        {"keep_mask": np.ones((4, 40), dtype=bool)},
        {"keep_mask": np.ones((4, 39), dtype=bool), "keep_codes": np.zeros((4, 39), dtype=int)},
        {"keep_mask": np.ones((4, 40), dtype=bool), "keep_codes": np.full((4, 40), 16)},
        {"keep_mask": np.ones((4, 40), dtype=bool), "keep_codes": np.full((4, 40), -1)},
    ],
)
def test_a_plan_that_cannot_be_is_refused(engine, bad):
    with pytest.raises(BadRequest):
        engine.generate([replace(PLAN, **bad)], ignore)


def test_plans_of_one_call_must_share_their_shape(engine):
    with pytest.raises(ValueError, match="share"):
        engine.generate([PLAN, replace(PLAN, n_frames=41)], ignore)


def test_no_plans_give_no_codes(engine):
    assert engine.generate([], ignore) == []


@pytest.mark.parametrize("n_frames", [1, 3, 50])
@pytest.mark.parametrize("circular", [False, True])
def test_audio_has_whole_frames_at_any_length(official, n_frames, circular):
    codes = np.random.default_rng(1).integers(0, 64, (4, n_frames))
    audio = official.decode(codes, circular=circular)
    assert audio.shape == (n_frames * 640, 1)
    assert audio.dtype == np.float32


def test_a_circular_decode_turns_with_its_codes(engine):
    codes = np.random.default_rng(2).integers(0, 16, (4, 30))
    plain = engine.decode(codes, circular=True)
    turned = engine.decode(np.roll(codes, 11, axis=1), circular=True)
    np.testing.assert_allclose(turned, np.roll(plain, 11 * 640, axis=0), atol=1e-4)


def test_audio_encodes_to_one_code_a_started_frame(official):
    codes = official.encode(np.zeros((641, 1), dtype=np.float32))
    assert codes.shape == (4, 2)
    assert codes.dtype == np.int64


@pytest.mark.parametrize(
    "codes", [np.zeros((3, 5)), np.zeros((4, 0)), np.full((4, 5), 16), np.full((4, 5), -1)]
)
def test_codes_of_another_model_are_refused(engine, codes):
    with pytest.raises(BadRequest, match="not of this model"):
        engine.decode(codes.astype(np.int64), circular=False)


@pytest.mark.parametrize(
    "audio", [np.zeros((0, 1)), np.zeros((9, 2)), np.zeros(9), np.full((9, 1), np.nan)]
)
def test_audio_that_is_not_mono_or_not_finite_is_refused(engine, audio):
    with pytest.raises(BadRequest):
        engine.encode(audio.astype(np.float32))


def test_a_model_is_also_found_by_its_folder(tiny_folder):
    engine = load_engine(str(tiny_folder), models_folder=Path("nowhere"), device="cpu")
    assert engine.info.name == "tiny"


def test_a_model_that_is_not_there_says_where_to_put_it(tmp_path):
    with pytest.raises(ModelUnavailable, match="no model facebook/magnet-small-10secs: put"):
        load_engine("facebook/magnet-small-10secs", models_folder=tmp_path, device="cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(tiny_folder, device):
    with pytest.raises(ModelUnavailable, match="use auto or cpu"):
        load_engine(str(tiny_folder), models_folder=tiny_folder, device=device)


def test_bfloat16_runs_wherever_it_is_asked_for(tiny_folder):
    engine = load_engine(
        str(tiny_folder), models_folder=tiny_folder, device="cpu", precision="bfloat16"
    )
    assert engine.generate([PLAN], ignore)[0].codes.shape == (4, 40)
