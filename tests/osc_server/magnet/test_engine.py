"""The engine: plans in, codes and audio out, through the Engine protocol."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from osc_server.contract.errors import BadRequest, Cancelled, ModelUnavailable, OutOfMemory
from osc_server.magnet.engine import MagnetEngine, load_engine
from osc_server.rendering.plan import BeatGrid, Engine, MixedPrompt, Plan, Revision
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


def test_audio_encodes_to_one_code_a_started_frame(official):
    codes = official.encode(np.zeros((641, 1), dtype=np.float32))
    assert codes.shape == (4, 2)
    assert codes.dtype == np.int64


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros((5, 5)),
        np.zeros((0, 5)),
        np.zeros((4, 0)),
        np.full((4, 5), 16),
        np.full((4, 5), -1),
    ],
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


def test_a_model_that_is_not_there_is_named_with_the_command_that_gets_it(tmp_path):
    with pytest.raises(ModelUnavailable, match="models fetch magnet-small-10secs"):
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


def codes_of(engine, *plans, **options):
    return [decoded.codes for decoded in engine.generate(plans, ignore, **options)]


@pytest.fixture(scope="module")
def source(engine):
    """A clip to start from: its codes."""
    return codes_of(engine, replace(PLAN, beat_grid=GRID, seed=3))[0]


def vary(source, amount, strategy="weakest", **changes):
    return replace(
        PLAN,
        keep_codes=source,
        keep_mask=np.ones(source.shape, bool),
        revision=Revision(amount, strategy),
        **changes,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"negative": "muffled"},
        {"mix": (MixedPrompt("dusty breakbeat", 0.7), MixedPrompt("warm pad", 0.3))},
        {"mix": (MixedPrompt("dusty breakbeat", 1, 0, 20), MixedPrompt("warm pad", 1, 20))},
    ],
)
def test_other_words_make_other_codes_alone_as_in_a_batch(engine, change):
    plan = replace(PLAN, **change)
    (alone,) = codes_of(engine, plan)
    plain, beside = codes_of(engine, PLAN, plan)
    assert not np.array_equal(alone, plain)
    np.testing.assert_array_equal(alone, beside)


def test_a_mix_of_one_prompt_is_that_prompt(engine):
    mixed = replace(PLAN, prompt="not read", mix=(MixedPrompt(PLAN.prompt, 3.0),))
    np.testing.assert_array_equal(*codes_of(engine, mixed, PLAN))


@pytest.mark.parametrize("strategy", ["weakest", "strongest", "periodic", "random", "texture"])
def test_more_is_redrawn_of_a_clip_the_greater_the_amount(engine, source, strategy):
    distances = [
        (codes_of(engine, vary(source, amount, strategy))[0] != source).mean()
        for amount in (0.0, 0.2, 0.5, 0.8)
    ]
    assert distances[0] == 0
    assert distances == sorted(set(distances))


def test_a_variation_keeps_what_it_does_not_redraw_and_follows_its_seed(engine, source):
    first, again, other = (codes_of(engine, vary(source, 0.5, seed=seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    kept = (first == source).all(axis=0)
    assert kept.sum() >= 20 - 3


def test_takes_of_a_variation_share_one_confidence_pass(engine, source, monkeypatch):
    passes = []
    judge = engine._judge.judged
    monkeypatch.setattr(engine._judge, "judged", lambda *args: (passes.append(1), judge(*args))[1])
    plan = vary(source, 0.5)
    engine.generate([replace(plan, seed=seed) for seed in (1, 2, 3)], ignore)
    assert passes == [1]


def test_a_confidence_pass_can_be_cancelled(engine, source):
    def stop(done, n_steps):
        raise Cancelled(f"at {done}")

    with pytest.raises(Cancelled, match="at 0"):
        engine.generate([vary(source, 0.5)], stop)


def test_a_variation_of_nothing_and_an_amount_of_two_are_refused(engine, source):
    with pytest.raises(BadRequest, match="nothing is given"):
        codes_of(engine, replace(PLAN, revision=Revision(0.5)))
    with pytest.raises(BadRequest, match=r"outside 0\.\.1"):
        codes_of(engine, vary(source, 2.0))


def test_previews_have_the_coarse_codes_of_the_finished_clips(engine):
    told = []
    finished = codes_of(
        engine,
        PLAN,
        replace(PLAN, seed=8),
        on_stage=lambda n, codes: told.append((n, [item.copy() for item in codes])),
    )
    assert [n for n, _ in told] == [1, 2, 3, 4]
    for n, codes in told:
        for early, late in zip(codes, finished, strict=True):
            np.testing.assert_array_equal(early, late[:n])


def test_a_deadline_that_is_over_leaves_one_step_a_codebook_and_says_so(engine):
    engine.generate([PLAN], ignore, seconds_left=lambda: 100.0)  # now it knows what steps take
    late = engine.generate([PLAN, PLAN], ignore, seconds_left=lambda: -1.0)
    for item in late:
        assert item.codes.max() < 16
        assert "12 of 20 steps were left out: 2, 2, 2, 2 were made of 8, 4, 4, 4" in item.notes[0]
        assert "1.00 s more" in item.notes[1]


def test_surprise_is_told_for_each_frame_and_is_least_where_the_network_agrees(engine, source):
    plan = replace(PLAN, decoding=replace(TINY_DECODING, guidance_max=1.0, greedy=True))
    (agreed,) = codes_of(engine, plan)
    nats = engine.surprise(agreed, plan)
    assert nats.shape == (40,)
    assert nats.dtype == np.float32
    assert (nats > 0).all()
    noise = np.random.default_rng(1).integers(0, 16, agreed.shape)
    assert nats.mean() < engine.surprise(noise, plan).mean()


def test_surprise_on_a_circle_knows_no_seam(engine, source):
    """The seam of a loop is judged with both its sides in sight."""
    line, circle = (engine.surprise(source, replace(PLAN, wrap_frames=wrap)) for wrap in (0, 10))
    changed = np.abs(line - circle)
    assert changed[[0, -1]].min() > 0


def test_surprise_refuses_codes_of_another_length(engine, source):
    with pytest.raises(BadRequest, match="39 frames"):
        engine.surprise(source[:, :39], PLAN)


def test_without_a_companion_there_is_no_hint_and_no_rescoring(engine):
    assert engine.info.companion == ""
    with pytest.raises(ModelUnavailable, match="a hint needs an autoregressive companion"):
        engine.hint(PLAN, 10, ignore)
    with pytest.raises(ModelUnavailable, match="rescoring needs"):
        engine.generate([replace(PLAN, rescoring=0.5)], ignore)


class Companion:
    """Writes ones, and finds everything certain."""

    name = "ones"

    def __init__(self):
        self.bound = []

    def hint(self, plan, n_frames, on_step):
        return np.ones((4, n_frames), np.int64)

    def rescorer(self, plans):
        self.bound.append([plan.seed for plan in plans])
        return self

    def probabilities(self, codes, stage):
        return codes[:, stage].new_ones(codes.shape[0], codes.shape[2]).float()


@pytest.fixture
def accompanied(engine):
    return MagnetEngine(engine._model, "pair", engine._device, Companion())


def test_a_companion_writes_hints(accompanied):
    assert accompanied.info.companion == "ones"
    assert accompanied.hint(PLAN, 10, ignore).shape == (4, 10)


@pytest.mark.parametrize("n_frames", [0, 41])
def test_a_hint_longer_than_the_clip_is_refused(accompanied, n_frames):
    with pytest.raises(BadRequest, match=r"at most 0\.8 s"):
        accompanied.hint(PLAN, n_frames, ignore)


def test_a_companion_rescores_only_where_it_is_asked_to(accompanied):
    (plain,) = codes_of(accompanied, PLAN)
    companion = accompanied._companions.get("", "a test")
    assert companion.bound == []
    (rescored,) = codes_of(accompanied, replace(PLAN, rescoring=1.0))
    assert companion.bound == [[PLAN.seed]]
    assert not np.array_equal(plain, rescored)


def test_a_companion_is_taken_by_its_name(engine):
    opened = []

    def open_companion(name):
        opened.append(name)
        return Companion()

    own = Companion()
    named = MagnetEngine(engine._model, "pair", engine._device, own, open_companion)
    codes_of(named, replace(PLAN, rescoring=1.0, companion="ones"))
    assert (len(own.bound), opened) == (1, [])
    codes_of(named, replace(PLAN, rescoring=1.0, companion="another"))
    named.hint(replace(PLAN, companion="another"), 10, ignore)
    assert (len(own.bound), opened) == (1, ["another"])


def test_of_companions_by_name_the_last_is_kept(engine):
    opened = []

    def open_companion(name):
        opened.append(name)
        return Companion()

    named = MagnetEngine(engine._model, "pair", engine._device, None, open_companion)
    for name in ("a", "a", "b", "a"):
        named.hint(replace(PLAN, companion=name), 10, ignore)
    assert opened == ["a", "b", "a"]


@pytest.mark.parametrize("rescoring", [-0.1, 1.5])
def test_rescoring_outside_its_range_is_refused(accompanied, rescoring):
    with pytest.raises(BadRequest, match=r"outside 0\.\.1"):
        codes_of(accompanied, replace(PLAN, rescoring=rescoring))


class SmallDevice:
    """A device that is not a CPU, so that plans go as a batch, with room for so many."""

    def __init__(self, engine, room, monkeypatch):
        self.sizes = []
        decode_all = engine._decoder.decode_all

        def decode(jobs, listeners):
            self.sizes.append([len(job.keep) for job in jobs])
            if max(self.sizes[-1]) > room:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return decode_all(jobs, listeners)

        monkeypatch.setattr(engine._decoder, "decode_all", decode)
        monkeypatch.setattr(engine, "_device", torch.device("cuda"))


def test_a_batch_that_does_not_fit_is_halved_and_it_is_said(accompanied, engine, monkeypatch):
    plans = [replace(PLAN, seed=seed) for seed in range(5)]
    wanted = codes_of(engine, *plans)
    device = SmallDevice(accompanied, 2, monkeypatch)
    decoded = accompanied.generate(plans, ignore)
    assert device.sizes == [[5], [3, 2], [2, 2, 1]]
    for item, codes in zip(decoded, wanted, strict=True):
        np.testing.assert_array_equal(item.codes, codes)
        assert item.notes == ("cuda had memory for 2 of 5 takes at once.",)


def test_a_device_without_room_for_one_says_what_to_do(accompanied, monkeypatch):
    SmallDevice(accompanied, 0, monkeypatch)
    with pytest.raises(OutOfMemory, match="ask for a shorter clip"):
        accompanied.generate([PLAN, PLAN], ignore)
