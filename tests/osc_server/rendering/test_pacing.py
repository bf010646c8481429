"""Deadlines: how many steps fit into the time left, planned anew after each."""

import pytest

from osc_server.rendering.pacing import Pace, StageWork, StepTimes, fit_steps

STEPS = (20, 6, 5, 5)
WORK = [StageWork(stage, n, size=400.0) for stage, n in enumerate(STEPS)]


class Run:
    """Makes the steps of a job; time is what its steps take."""

    def __init__(self, seconds, step_seconds, times=None, work=WORK):
        self.left = seconds
        self.made = []
        self.notes = ()
        pace = Pace(work, times or StepTimes(), lambda: self.left)
        for stage in range(len(work)):
            n_left = pace.begin_stage()
            assert n_left >= 1
            self.made.append(0)
            while n_left:
                self.left -= step_seconds(stage, self.made[-1])
                self.made[-1] += 1
                n_left = pace.end_step()
        assert pace.n_made == sum(self.made) == pace.n_steps
        self.notes = pace.notes()


def dense_slow(stage, step):
    return 0.05 if stage == 0 else 0.03


def first_slow(stage, step):
    """As on a CPU, where later steps compute only what has changed."""
    return (0.05, 0.03)[stage > 0] if stage == 0 or step == 0 else 0.008


def test_nothing_is_left_out_where_there_is_time():
    run = Run(5.0, dense_slow)
    assert run.made == list(STEPS)
    assert run.notes == ()


def test_nothing_is_left_out_without_a_deadline():
    pace = Pace(WORK, StepTimes(), None)
    for n_steps in STEPS:
        assert pace.begin_stage() == n_steps
        assert [pace.end_step() for _ in range(n_steps)] == list(range(n_steps))[::-1]
    assert pace.notes() == ()


@pytest.mark.parametrize("step_seconds", [dense_slow, first_slow])
@pytest.mark.parametrize("seconds", [1.1, 0.7, 0.4])
def test_the_deadline_is_kept_and_its_time_is_used(seconds, step_seconds):
    run = Run(seconds, step_seconds)
    assert run.left >= 0
    assert run.left < 0.25 * seconds
    assert all(1 <= made <= asked for made, asked in zip(run.made, STEPS, strict=True))


def test_what_steps_take_is_known_from_the_job_before():
    times = StepTimes()
    Run(5.0, dense_slow, times)
    run = Run(0.3, dense_slow, times)
    assert run.left >= 0
    assert run.made[0] <= 4


def test_steps_that_become_slow_on_the_way_are_made_fewer():
    run = Run(1.6, lambda stage, step: 0.16 if stage > 0 or step > 9 else 0.04)
    assert run.left >= 0
    assert run.made[1:] == [1, 1, 1]


def test_one_slow_step_does_not_cost_the_others():
    run = Run(2.4, lambda stage, step: 0.7 if (stage, step) == (0, 0) else 0.04)
    assert run.left >= 0
    assert sum(run.made) >= 0.8 * sum(STEPS)


def test_each_stage_gets_a_step_even_when_the_time_is_over():
    run = Run(-1.0, dense_slow, made_before())
    assert run.made == [1, 1, 1, 1]
    assert run.notes[1] == "The model needed 1.14 s more than the deadline left it."


def test_the_notes_say_what_was_left_out():
    run = Run(0.0, dense_slow, made_before())
    assert run.notes[0] == (
        "To keep the deadline 32 of 36 steps were left out: 1, 1, 1, 1 were made of 20, 6, 5, 5, "
        "codebook by codebook."
    )


def made_before():
    times = StepTimes()
    Run(5.0, dense_slow, times)
    return times


def test_a_job_of_another_size_is_expected_to_take_its_share():
    times = made_before()
    seconds = times.expect(StageWork(0, 20, size=800.0))
    assert seconds == pytest.approx(0.1)


def test_a_stage_that_begins_again_gets_its_steps_again():
    pace = Pace(WORK[:1], StepTimes(), None)
    pace.begin_stage()
    pace.end_step()
    assert pace.begin_again() == 20
    assert pace.n_made == 0


def test_steps_are_taken_evenly_from_all_stages():
    assert fit_steps([20, 10, 10], [1, 1, 1], [1.0, 1.0, 1.0], 17.0) == [10, 5, 5]


def test_cheap_steps_fill_the_time_that_dear_ones_leave():
    assert fit_steps([4, 4], [1, 1], [1.0, 0.1], 0.85) == [1, 4]
