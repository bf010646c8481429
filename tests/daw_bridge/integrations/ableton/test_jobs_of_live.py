"""Jobs when the bridge is there, away, back again, or another one."""

from __future__ import annotations

from typing import Any

import pytest

from daw_bridge.integrations.ableton.MagnetBridge.jobs import (
    PATIENCE_SECONDS,
    PING,
    Accepted,
    Ended,
    Jobs,
    Progress,
    Ready,
    Waiting,
)


class Sent(list):
    def __call__(self, address: str, *args: Any) -> None:
        self.append((address, *args))

    def take(self) -> list:
        taken = list(self)
        self.clear()
        return taken


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def jobs(sent: Sent) -> Jobs:
    return Jobs(sent, 12100)


READY = ("c1", "/c1.wav", 2.0, 1.0, 120.0, 120.0, 1.0, -14.0, 7, 48000, 0.1)


def test_a_job_goes_from_asked_to_ready(jobs: Jobs, sent: Sent) -> None:
    job = jobs.ask("generate", ("prompt", "bass"), "me", 0.0)
    assert sent.take() == [("/magnet/generate", 1, "prompt", "bass")]
    assert jobs.take("/magnet/accepted", (1, 2, 4.5, ""), 0.1) == [Accepted(job, 2, 4.5)]
    assert jobs.take("/magnet/progress", (1, 0.5, 5, 10, 2.0), 0.2) == [Progress(job, 0.5, 2.0)]
    (event,) = jobs.take("/magnet/ready", (1, *READY), 0.3)
    assert isinstance(event, Ready)
    assert (event.clips[0].clip, event.clips[0].seed) == ("c1", 7)
    assert jobs.alive == []


def test_ids_are_never_used_twice(jobs: Jobs) -> None:
    first = jobs.ask("generate", (), "me", 0.0)
    jobs.take("/magnet/failed", (first.id, "busy", "full"), 0.1)
    assert jobs.ask("generate", (), "me", 0.2).id != first.id


def test_where_nobody_answers_the_musician_is_told_once_and_the_request_waits(
    jobs: Jobs, sent: Sent
) -> None:
    job = jobs.ask("generate", ("prompt", "bass"), "me", 0.0)
    events = [event for tenth in range(1, 101) for event in jobs.tick(tenth / 10)]
    (waiting,) = events
    assert isinstance(waiting, Waiting)
    assert "start magnet-bridge live" in waiting.text
    pings = [message for message in sent if message[0] == "/magnet/ping"]
    assert 8 <= len(pings) <= 10
    sent.clear()
    assert jobs.take("/magnet/pong", (PING,), 10.1) == []
    assert sent.take() == [("/magnet/generate", 1, "prompt", "bass")]
    assert jobs.take("/magnet/accepted", (1, 0, 1.0, ""), 10.2) == [Accepted(job, 0, 1.0)]


def test_after_a_minute_of_nothing_it_is_given_up(jobs: Jobs) -> None:
    jobs.ask("generate", (), "me", 0.0)
    events = [e for second in range(1, 70) for e in jobs.tick(float(second))]
    assert [type(event) for event in events] == [Waiting, Ended]
    assert jobs.alive == []


def test_a_request_that_came_through_after_all_is_not_made_twice(jobs: Jobs, sent: Sent) -> None:
    jobs.ask("generate", (), "me", 0.0)
    jobs.tick(1.5)
    jobs.take("/magnet/pong", (PING,), 1.6)
    refusal = "your job 1 is still alive: take another id, or cancel it first"
    assert jobs.take("/magnet/failed", (1, "busy", refusal), 1.7) == []
    assert [job.accepted for job in jobs.alive] == [True]


def test_a_full_queue_is_a_failure_the_first_time_too(jobs: Jobs) -> None:
    job = jobs.ask("generate", (), "me", 0.0)
    text = "64 jobs are waiting already"
    assert jobs.take("/magnet/failed", (1, "busy", text), 0.1) == [Ended(job, "busy", text)]


def test_a_long_silence_of_a_job_that_lives_is_no_reason_to_ask_again(
    jobs: Jobs, sent: Sent
) -> None:
    jobs.ask("generate", (), "me", 0.0)
    jobs.take("/magnet/accepted", (1, 9, 100.0, ""), 0.1)
    sent.clear()
    for second in range(1, 300):
        assert jobs.tick(float(second)) == []
        if ("/magnet/ping", PING) in sent.take():
            jobs.take("/magnet/pong", (PING,), second + 0.1)
    assert not any(job.resent for job in jobs.alive)


def test_a_server_that_was_started_anew_is_asked_again(jobs: Jobs, sent: Sent) -> None:
    jobs.ask("generate", ("prompt", "bass"), "me", 0.0)
    jobs.take("/magnet/accepted", (1, 0, 1.0, ""), 0.1)
    for second in range(6, 12):
        jobs.tick(float(second))
    sent.clear()
    assert jobs.take("/magnet/pong", (PING,), 12.0) == []
    assert sent.take() == [("/magnet/generate", 1, "prompt", "bass")]


def test_a_reply_that_cannot_be_read_ends_its_job(jobs: Jobs) -> None:
    jobs.ask("generate", (), "me", 0.0)
    (event,) = jobs.take("/magnet/ready", (1, "c1"), 0.1)
    assert isinstance(event, Ended)


def test_what_belongs_to_nobody_is_left_alone(jobs: Jobs) -> None:
    assert jobs.take("/magnet/ready", (99, *READY), 0.0) == []
    assert jobs.take("/magnet/pong", ("somebody else's",), 0.0) == []
    assert jobs.take("/magnet/clock/beat", (), 0.0) == []


def test_when_live_closes_every_job_is_cancelled(jobs: Jobs, sent: Sent) -> None:
    jobs.ask("generate", (), "me", 0.0)
    jobs.ask("vary", (), "me", 0.0)
    sent.clear()
    jobs.drop_all()
    assert sent.take() == [("/magnet/cancel", 1), ("/magnet/cancel", 2)]
    assert jobs.tick(PATIENCE_SECONDS * 3) == []
