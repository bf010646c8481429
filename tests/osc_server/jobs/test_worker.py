"""The worker beside its pipe: what it answers, and what it does while nothing is asked of it."""

import ctypes
import multiprocessing
import threading
from contextlib import suppress

import pytest

from osc_server.contract.requests import GenerateClip
from osc_server.jobs.messages import (
    Begun,
    LoadCommand,
    Loaded,
    Rehearsed,
    RenderCommand,
    Rendered,
    WorkerSetup,
)
from osc_server.jobs.worker import Worker, open_engine


@pytest.fixture
def pipe(tmp_path):
    """Our end of the pipe of a worker on a thread, and a way to let it begin."""
    ours, theirs = multiprocessing.Pipe()
    clips = tmp_path / "clips"
    clips.mkdir()
    setup = WorkerSetup(open_engine, tmp_path, "cpu", clips, "pcm24")
    worker = Worker(setup, theirs, ctypes.c_longlong(0))

    def serve():
        with suppress(EOFError, OSError):
            worker.serve()

    thread = threading.Thread(target=serve)
    yield ours, thread.start
    ours.close()
    thread.join()
    theirs.close()


def test_a_model_is_tried_out_once_it_is_loaded(pipe):
    ours, begin = pipe
    begin()
    ours.send(LoadCommand("tone:0.01"))
    assert isinstance(ours.recv(), Loaded)
    rehearsed = ours.recv()
    assert isinstance(rehearsed, Rehearsed)
    assert rehearsed.least_seconds > 4 * 0.01 / 4.0


def test_a_job_that_waits_goes_before_the_rehearsal(pipe):
    ours, begin = pipe
    ours.send(LoadCommand("tone"))
    ours.send(RenderCommand(1, GenerateClip(1, prompt="bass", bars=1), 7))
    begin()
    heard = []
    while not heard or not isinstance(heard[-1], Rendered):
        heard.append(ours.recv())
    assert [type(event) for event in heard[:2]] == [Loaded, Begun]
    assert Rehearsed not in {type(event) for event in heard}
