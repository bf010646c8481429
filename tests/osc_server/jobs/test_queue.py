"""Jobs wait in the order they came, but for lanes."""

import pytest

from osc_server.contract.errors import Busy
from osc_server.contract.requests import GenerateClip
from osc_server.jobs.job import Job
from osc_server.jobs.queue import JobQueue


def job(number, client="a", lane=""):
    return Job(number, client, GenerateClip(number, lane=lane), 0, lambda reply: None)


def numbers(queue):
    return [waiting.number for waiting in queue]


def test_first_come_first_served():
    queue = JobQueue(limit=9)
    for number in (1, 2, 3):
        assert queue.add(job(number)) is None
    assert numbers(queue) == [1, 2, 3]
    assert queue.first.number == 1


def test_a_newer_job_takes_the_place_of_the_one_in_its_lane():
    queue = JobQueue(limit=9)
    queue.add(job(1))
    old = job(2, lane="deck")
    queue.add(old)
    queue.add(job(3))
    assert queue.add(job(4, lane="deck")) is old
    assert numbers(queue) == [1, 4, 3]


def test_lanes_of_two_clients_are_two_lanes():
    queue = JobQueue(limit=9)
    queue.add(job(1, "a", "deck"))
    assert queue.add(job(1, "b", "deck")) is None


def test_a_full_queue_refuses_but_a_lane_may_still_replace():
    queue = JobQueue(limit=1)
    queue.add(job(1, lane="deck"))
    with pytest.raises(Busy, match="lane"):
        queue.add(job(2))
    queue.add(job(3, lane="deck"))
    assert numbers(queue) == [3]


def test_jobs_are_taken_out_by_what_they_are():
    queue = JobQueue(limit=9)
    for number, client in enumerate("abab"):
        queue.add(job(number, client))
    assert [taken.number for taken in queue.take(lambda waiting: waiting.client == "b")] == [1, 3]
    assert numbers(queue) == [0, 2]


def test_a_job_that_was_not_begun_goes_back_to_the_front():
    queue = JobQueue(limit=1)
    first, second = job(1), job(2)
    queue.add(first)
    queue.take(lambda waiting: True)
    queue.add(second)
    queue.put_back(first)
    assert numbers(queue) == [1, 2]
