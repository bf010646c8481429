"""A rehearsal learns what steps and finishing take, so that the first deadline is kept."""

from datetime import UTC, datetime

import pytest

from osc_server.contract.errors import Cancelled
from osc_server.contract.requests import GenerateClip
from osc_server.library.clips import ClipStore
from osc_server.rendering.renderer import Clocks, Renderer
from osc_server.rendering.tone_engine import ToneEngine

STEP_SECONDS = 0.1
ASKED = GenerateClip(1, prompt="bass", bars=2)


class Hall:
    """A renderer whose steps take a tenth of a second of a clock that only they move."""

    def __init__(self, folder):
        self.now = 0.0
        self.store = ClipStore(folder / "clips")
        self.store.prepare()
        engine = ToneEngine(step_seconds=STEP_SECONDS, sleep=self.sleep)
        clocks = Clocks(lambda: self.now, lambda: datetime(2026, 11, 23, tzinfo=UTC))
        self.renderer = Renderer(engine, self.store, clocks, {})

    def sleep(self, seconds):
        self.now += seconds

    def made_by(self, deadline):
        end = self.now + deadline
        told = []
        self.renderer.render(
            ASKED, 7, lambda *step: told.append(step), seconds_left=lambda: end - self.now
        )
        return len(told) - 1, self.now - end  # the last is told again when all is finished


def quiet(step, steps):
    return None


@pytest.fixture
def hall(tmp_path):
    return Hall(tmp_path)


def test_a_rehearsal_says_what_a_clip_takes_at_least(hall):
    rehearsed = hall.renderer.rehearse(quiet)
    assert rehearsed.least_seconds == pytest.approx(4 * STEP_SECONDS / 4.0)


def test_a_rehearsal_leaves_no_clip(hall):
    hall.renderer.rehearse(quiet)
    assert list(hall.store.ids()) == []


def test_the_first_deadline_is_kept_after_a_rehearsal(hall):
    hall.renderer.rehearse(quiet)
    n_steps, late = hall.made_by(0.45)
    assert late <= 0
    assert n_steps == 4


def test_without_a_rehearsal_it_is_missed(hall):
    _, late = hall.made_by(0.45)
    assert late > 0


def test_a_rehearsal_ends_at_any_step(hall):
    told = []

    def stop(step, steps):
        told.append(step)
        if len(told) == 2:
            raise Cancelled("there is a job")

    with pytest.raises(Cancelled):
        hall.renderer.rehearse(stop)
    assert hall.now == pytest.approx(2 * STEP_SECONDS)
