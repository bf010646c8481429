"""What clients are told of their jobs."""

from osc_server.contract.replies import CancelledReply, Progress
from osc_server.contract.requests import GenerateClip
from osc_server.jobs.answers import orphan_reply, progress_reply
from osc_server.jobs.job import Job
from osc_server.jobs.messages import Stepped
from osc_server.jobs.pace import Pace


def job():
    return Job(1, "a", GenerateClip("x", bars=2, bpm=120), 0, lambda reply: None)


def test_progress_tells_how_long_the_rest_takes_at_this_pace():
    assert progress_reply(job(), Stepped(1, 10, 50), 2.0) == Progress("x", 0.2, 10, 50, 8.0)


def test_a_job_whose_worker_died_fails_with_what_to_do():
    reply = orphan_reply(job(), "was killed by SIGKILL")
    assert reply.code == "generation_failed"
    assert "SIGKILL" in reply.text
    assert "again" in reply.text


def test_a_job_that_was_to_stop_is_cancelled_when_its_worker_dies():
    cancelled = job()
    cancelled.cancelling = True
    assert orphan_reply(cancelled, "ended") == CancelledReply("x")


def test_estimates_come_near_to_what_rendering_took():
    pace = Pace()
    for _ in range(6):
        pace.learn(audio_seconds=8.0, took_seconds=16.0)
    assert abs(pace.seconds_for(4.0) - 8.0) < 0.2


def test_the_length_of_a_job_is_that_of_its_clip():
    assert job().audio_seconds == 4.0
