"""A deadline leaves drawing what finishing does not need."""

import pytest

from osc_server.contract.requests import Continue, GenerateClip
from osc_server.rendering.time_budget import FinishingTime
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio


def test_what_finishing_takes_is_learnt_slower_at_once_and_faster_by_and_by():
    time = FinishingTime()
    first = time.estimate(10)
    time.learn(4.0, 10.0)
    slow = time.estimate(10)
    assert slow > 4.0 > first
    time.learn(0.1, 10.0)
    assert first < time.estimate(10) < slow


def test_without_a_deadline_there_is_no_hurry():
    assert FinishingTime().before(None, 10, lambda: 1) is None


def test_the_engine_is_given_less_than_is_left(tmp_path):
    studio = Studio(tmp_path)
    lefts = []
    generate = studio.engine.generate

    def watched(plans, on_step, **options):
        lefts.append(options["seconds_left"]())
        return generate(plans, on_step, **options)

    studio.engine.generate = watched
    studio.make(GenerateClip(1, prompt="pad", bars=2), seconds_left=lambda: 5.0)
    assert 3.0 < lefts[0] < 5.0


def test_each_window_has_its_share_of_the_time(tmp_path):
    studio = Studio(tmp_path, ToneEngine(window_frames=400))
    clip = studio.make(GenerateClip(1, prompt="pad", bars=2))
    lefts = []
    generate = studio.engine.generate

    def watched(plans, on_step, **options):
        lefts.append(options["seconds_left"]())
        return generate(plans, on_step, **options)

    studio.engine.generate = watched
    asked = GenerateClip(2, start=Continue(clip.id), seconds=16.0)
    studio.make(asked, seconds_left=lambda: 100.0)
    assert len(lefts) == 4
    assert lefts[0] == pytest.approx(lefts[3] / 4, rel=0.05)


def test_in_a_hurry_the_perplexity_of_the_seam_is_not_measured(tmp_path):
    studio = Studio(tmp_path)
    asked = GenerateClip(1, prompt="pad", bars=1)
    assert studio.make(asked).measured.seam_perplexity > 0
    assert studio.make(asked, seconds_left=lambda: 5.0).measured.seam_perplexity == 0


def test_a_preview_that_is_still_due_is_left_time_too(tmp_path):
    studio = Studio(tmp_path)
    lefts = []
    generate = studio.engine.generate

    def watched(plans, on_step, **options):
        lefts.append(options["seconds_left"]())
        decoded = generate(plans, on_step, **options)
        lefts.append(options["seconds_left"]())
        return decoded

    studio.engine.generate = watched
    studio.make(
        GenerateClip(1, prompt="pad", bars=2),
        seconds_left=lambda: 5.0,
        on_preview=lambda path, codebooks: None,
    )
    assert lefts[0] < lefts[1] < 5.0
