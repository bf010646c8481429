"""Who comes before whom: the callback, what may hold Python's lock, everybody else's programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="real-time turns are Linux's here")

ASK = """
import json, os, resource, subprocess, sys, threading
from daw_bridge.audio.favour import (
    before_the_rest, favour_the_callback, may_be_favoured, stand_back
)

def mine():
    return os.sched_getscheduler(0), os.sched_getparam(0).sched_priority, \
os.getpriority(os.PRIO_PROCESS, 0)

def of_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(mine()))
    thread.start()
    thread.join()
    return found[0]

if sys.argv[1] == "child":
    stand_back()
    print(json.dumps([mine(), of_a_thread()]))
    sys.exit()
if sys.argv[1] == "powerless":
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
    resource.setrlimit(resource.RLIMIT_NICE, (0, 0))
    if os.geteuid() == 0:
        os.setuid(65534)
allowed, before = may_be_favoured(), mine()
favour_the_callback()
with before_the_rest():
    stream = of_a_thread()
told = [(allowed, *before), mine(), of_a_thread(), stream]
if sys.argv[1] == "powerless":
    print(json.dumps(told))
    sys.exit()
child = subprocess.run([sys.executable, __file__, "child"], capture_output=True, check=True)
print(json.dumps(told + json.loads(child.stdout)))
"""


@pytest.fixture
def asked(tmp_path):
    script = tmp_path / "ask.py"
    script.write_text(ASK)

    def ask(how):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, str(script), how]
        done = subprocess.run(command, capture_output=True, check=True, env=environment)
        return [tuple(told) for told in json.loads(done.stdout)]

    return ask


@linux
def test_all_that_may_hold_the_lock_come_before_other_programs_and_the_callback_before_them(asked):
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError:
        pytest.skip("no right to real time: see 'real-time privileges' of your system")
    before, main, thread, stream, child, childs_thread = asked("favoured")
    assert before == (True, os.SCHED_OTHER, 0, 0)
    assert main[:2] == thread[:2] == (os.SCHED_RR, 1)
    assert stream[0] == os.SCHED_RR
    assert stream[1] > main[1]
    assert child == childs_thread == (os.SCHED_OTHER, 0, 0)


@linux
def test_without_the_right_to_real_time_it_plays_all_the_same(asked):
    before, main, thread, stream = asked("powerless")
    assert before[0] is False
    assert {told[0] for told in (main, thread, stream)} == {os.SCHED_OTHER}
