"""What clients are told of their jobs."""

from dataclasses import replace
from pathlib import Path

import pytest

from osc_server.contract.clip import ClipSidecar, Measured
from osc_server.contract.replies import CancelledReply, Progress
from osc_server.contract.requests import GenerateClip
from osc_server.jobs.answers import (
    late_reply,
    orphan_reply,
    overdue,
    progress_reply,
    ready_reply,
    take_replies,
)
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


def test_the_length_of_a_job_is_that_of_all_its_takes():
    takes = Job(1, "a", GenerateClip("x", bars=2, bpm=120, takes=3), 0, lambda reply: None)
    assert takes.audio_seconds == 12.0


def sidecar(clip_id="c1", seed=7):
    measured = Measured(
        4.0, 192000, 48000, 1, 2.0, 120.0, 119.5, 1.0, None, None, 0.3, 1.1, 1.2, 0.5,
        0.6, 1.05, 2.0,
    )  # fmt: skip
    return ClipSidecar(
        clip_id, "2026-11-03T14:15:00Z", GenerateClip("x"), "bass", seed, "tone", "ab", 200,
        measured, "Quiet.", n_takes=2, score=0.75, unknown_words=("kazoo", "over"),
    )  # fmt: skip


def test_ready_says_all_that_was_measured():
    ready = ready_reply("x", sidecar(), Path("/c1.wav"))
    assert (ready.seam_flux, ready.seam_perplexity, ready.confidence) == (1.1, 1.2, 0.5)
    assert (ready.tempo_confidence, ready.stretch, ready.turned_beats) == (0.6, 1.05, 2.0)
    assert (ready.takes, ready.lufs, ready.notes) == (2, -70.0, "Quiet.")
    assert ready.unknown_words == "kazoo over"


def test_takes_are_told_in_their_order():
    takes = take_replies("x", [sidecar("b", 8), sidecar("a", 7)], [Path("/b.wav"), Path("/a.wav")])
    assert [(take.rank, take.count, take.clip, take.seed) for take in takes] == [
        (1, 2, "b", 8), (2, 2, "a", 7),
    ]  # fmt: skip


def test_a_single_take_is_not_told():
    assert take_replies("x", [sidecar()], [Path("/c1.wav")]) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [("Quiet.", "Quiet. Ready 35 ms after its deadline."), ("", "Ready 35 ms after its deadline.")],
)
def test_a_clip_that_comes_too_late_says_so(before, after):
    ready = ready_reply("x", replace(sidecar(), notes=before), Path("/c1.wav"))
    assert overdue(ready, 0.0352).notes == after


def test_a_job_that_cannot_begin_in_time_fails_with_what_to_do():
    late = Job(1, "a", GenerateClip("x", deadline_ms=800.0), 0, lambda reply: None)
    assert late_reply(late).code == "late"
    assert "800 ms" in late_reply(late).text
