"""The weightless twin keeps the promises of the Engine protocol."""

import numpy as np
import pytest

from osc_server.contract.errors import Cancelled
from osc_server.rendering.plan import BeatGrid, Decoding, Plan
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
