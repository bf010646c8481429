"""The weightless twin keeps the promises of the Engine protocol."""

import numpy as np
import pytest

from osc_server.contract.errors import BadRequest, Cancelled
from osc_server.rendering.plan import BeatGrid, Decoding, MixedPrompt, Plan, Revision
from osc_server.rendering.tone_engine import SAMPLES_PER_FRAME, ToneEngine

LOOP_OF_FOUR_BEATS = BeatGrid(beats_per_frame=4 / 100)


def plan(prompt="bass", n_frames=100, seed=1, beat_grid=LOOP_OF_FOUR_BEATS, **changes):
    return Plan(prompt, n_frames, seed, Decoding(), beat_grid, **changes)


def ignore_steps(done, total):
    pass


def codes_of(*plans):
    return [decoded.codes for decoded in ToneEngine().generate(plans, ignore_steps)]


def test_a_click_starts_exactly_on_each_beat():
    (codes,) = codes_of(plan())
    codes[0] = 0
    audio = ToneEngine().decode(codes, circular=True)[:, 0]
    beats = np.array([0, 16000, 32000, 48000])
    assert np.abs(audio[beats]) == pytest.approx(0.75)
    assert np.abs(audio[beats - 1]).max() < 0.01
    assert np.count_nonzero(np.abs(audio) > 0.7) < 4 * 20


def test_the_same_seed_gives_the_same_codes_alone_and_in_a_batch():
    (alone,) = codes_of(plan(seed=7))
    _, beside = codes_of(plan(prompt="pad", seed=8), plan(seed=7))
    assert np.array_equal(alone, beside)


def test_another_seed_gives_another_sound():
    first, second = codes_of(plan(seed=1), plan(seed=2))
    assert not np.array_equal(first, second)


def test_given_codes_are_kept():
    given = np.full((4, 100), 50)
    mask = np.zeros((4, 100), bool)
    mask[:, 10:20] = True
    (codes,) = codes_of(plan(keep_codes=given, keep_mask=mask))
    assert np.array_equal(codes[mask], given[mask])
    assert np.array_equal(codes[~mask], codes_of(plan())[0][~mask])


def test_steps_are_counted_up_to_their_sum():
    steps = []
    ToneEngine().generate([plan()], lambda done, total: steps.append((done, total)))
    assert steps == [(done, 50) for done in range(1, 51)]


def test_each_step_takes_the_time_it_is_told():
    slept = []
    ToneEngine(step_seconds=0.25, sleep=slept.append).generate([plan()], ignore_steps)
    assert slept == [0.25] * 50


def test_a_step_that_raises_stops_the_job():
    def stop(done, total):
        if done == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        ToneEngine().generate([plan()], stop)


def test_a_circular_sine_closes_without_a_jump():
    (codes,) = codes_of(plan(beat_grid=None))
    audio = ToneEngine().decode(codes, circular=True)[:, 0]
    jumps = np.abs(np.diff(audio))
    assert abs(audio[0] - audio[-1]) <= jumps.max() * 1.01


def test_the_last_click_wraps_around_a_circle_and_is_cut_on_a_line():
    codes = np.zeros((4, 3), int)
    codes[1, 2] = SAMPLES_PER_FRAME
    circle = ToneEngine().decode(codes, circular=True)[:, 0]
    line = ToneEngine().decode(codes, circular=False)[:, 0]
    assert np.abs(circle[:100]).max() > 0.3
    assert np.abs(line[:100]).max() == 0


def test_what_it_decodes_it_can_encode():
    (codes,) = codes_of(plan())
    audio = ToneEngine().decode(codes, circular=False)
    read = ToneEngine().encode(audio)
    assert read.shape == codes.shape
    assert np.flatnonzero(read[1]).tolist() == np.flatnonzero(codes[1]).tolist()


def test_plans_of_different_lengths_are_refused_as_a_batch():
    with pytest.raises(ValueError, match="share"):
        codes_of(plan(), plan(n_frames=50))


def test_any_codes_can_be_decoded():
    codes = np.random.default_rng(0).integers(0, 1024, (4, 20))
    audio = ToneEngine().decode(codes, circular=True)
    assert audio.shape == (20 * SAMPLES_PER_FRAME, 1)
    assert np.isfinite(audio).all()


def test_what_it_composes_does_not_surprise_it_and_all_else_does():
    (codes,) = codes_of(plan())
    assert (ToneEngine().surprise(codes, plan()) == 0).all()
    codes[0, 30] += 1
    nats = ToneEngine().surprise(codes, plan())
    assert np.flatnonzero(nats).tolist() == [30]
    assert nats[30] == pytest.approx(np.log(1024) / 4)


@pytest.mark.parametrize("strategy", ["weakest", "strongest", "periodic", "random", "texture"])
def test_a_variation_redraws_its_share_of_the_spans(strategy):
    source = np.full((4, 99), 50)
    given = {"keep_codes": source, "keep_mask": np.ones((4, 99), bool)}
    (codes,) = codes_of(plan(n_frames=99, **given, revision=Revision(0.5, strategy)))
    spans = (codes != source)[-1].reshape(33, 3)
    assert spans.any(axis=1).sum() == 17
    assert (codes[0] == source[0]).all() == (strategy == "texture")


def test_a_variation_of_nothing_is_refused():
    with pytest.raises(BadRequest, match="nothing is given"):
        codes_of(plan(revision=Revision(0.5)))


def test_mixed_prompts_take_turns_where_each_is_the_loudest():
    mix = (MixedPrompt("bass", 0.7), MixedPrompt("pad", 1.0, 50))
    (mixed,), (bass,), (pad,) = (
        codes_of(plan(mix=mix)),
        codes_of(plan("bass")),
        codes_of(plan("pad")),
    )
    assert np.array_equal(mixed[:, :50], bass[:, :50])
    assert np.array_equal(mixed[:, 50:], pad[:, 50:])


def test_it_goes_away_from_a_negative_prompt():
    (plain,), (away,) = codes_of(plan("bass")), codes_of(plan("bass", negative="bass"))
    assert (plain[0] != away[0]).all()


def test_each_codebook_is_told_when_it_is_complete():
    told = []
    (decoded,) = ToneEngine().generate(
        [plan()], ignore_steps, on_stage=lambda n, codes: told.append((n, codes[0]))
    )
    assert [n for n, _ in told] == [1, 2, 3, 4]
    for n, codes in told:
        assert np.array_equal(codes, decoded.codes[:n])


def test_a_deadline_leaves_steps_out():
    left = [2.0]

    def sleep(seconds):
        left[0] -= seconds

    steps = []
    engine = ToneEngine(step_seconds=0.1, sleep=sleep)
    (decoded,) = engine.generate(
        [plan()], lambda done, total: steps.append(done), seconds_left=lambda: left[0]
    )
    assert left[0] >= 0
    assert 14 <= len(steps) <= 20
    assert "steps were left out" in decoded.notes[0]


def test_a_codebook_given_whole_costs_no_step():
    mask = np.zeros((4, 100), bool)
    mask[0] = True
    steps = []
    ToneEngine().generate(
        [plan(keep_codes=np.zeros((4, 100), int), keep_mask=mask)],
        lambda done, total: steps.append(total),
    )
    assert steps == [30] * 30


def test_a_hint_is_the_beginning_of_what_follows():
    hint = ToneEngine().hint(plan(), 20, ignore_steps)
    assert np.array_equal(hint, codes_of(plan())[0][:, :20])
    with pytest.raises(BadRequest, match="at most as long"):
        ToneEngine().hint(plan(), 101, ignore_steps)
