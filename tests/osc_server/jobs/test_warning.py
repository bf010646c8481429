"""A deadline that cannot be kept is told of as soon as it is asked for."""

from types import SimpleNamespace

import pytest

from osc_server.contract.requests import GenerateClip
from osc_server.jobs.job import Job
from osc_server.jobs.queue import JobQueue
from osc_server.jobs.supervisor import Supervisor

NOW = 10.0


def supervisor(least_seconds, loading_seconds=0.0):
    pool = SimpleNamespace(
        least_seconds=lambda model: least_seconds, eta_seconds=lambda model: loading_seconds
    )
    loader = SimpleNamespace(pool=pool, model_of=lambda job: "tone")
    return Supervisor(loader, JobQueue(8), None, lambda: NOW)


def asked(number, due_seconds, bars=2):
    request = GenerateClip(number, bars=bars, bpm=120, deadline_ms=500.0)
    return Job(number, "a", request, 0, lambda reply: None, due_seconds)


def warned(boss, job):
    boss.queue.add(job)
    return boss.warning(job)


def test_what_takes_longer_with_the_fewest_steps_is_told():
    said = warned(supervisor(0.2), asked(1, NOW + 0.5))  # 4 s of audio: 800 ms
    assert said == (
        "The deadline of 500 ms will hardly be kept: with the fewest steps the clip takes about "
        "800 ms from now."
    )


@pytest.mark.parametrize(
    ("least_seconds", "due_seconds"),
    [(0.1, NOW + 0.5), (0.0, NOW + 0.001), (0.2, None)],
    ids=["there is time", "nothing is known yet", "no deadline"],
)
def test_nothing_is_said_otherwise(least_seconds, due_seconds):
    assert warned(supervisor(least_seconds), asked(1, due_seconds)) == ""


def test_what_is_before_it_counts():
    boss = supervisor(0.1)
    boss.queue.add(asked(1, None, bars=4))  # 8 s at the RTF of 0.5 that is guessed at first
    assert "4400 ms from now" in warned(boss, asked(2, NOW + 1.0))


def test_loading_counts():
    assert "2400 ms from now" in warned(supervisor(0.1, 2.0), asked(1, NOW + 1.0))
