"""What a process can do so that its audio callback is seldom late.

The callback is Python and needs Python's lock, which the other threads of the process hold most of
the time. A thread that is put off while it holds the lock puts off the callback, whatever that
one's priority. So all threads that may hold it come before other programs' (a priority ceiling:
Sha, Rajkumar and Lehoczky, 1990), and the callback before them.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SWITCH_SECONDS = 0.0005
_NICENESS = -10
_OURS = 1
"""Of the real-time priorities the least: JACK's threads, and the callback, come first."""
_OF_A_STREAM = 5


def favour_the_callback() -> None:
    """Let the callback wait less: for Python's lock, for a sweep of old objects, for others' work.

    Once, at the beginning, from the main thread: those that it starts inherit the priority, and so
    would other programs, see ``stand_back``. Without the right to a higher priority the process
    keeps its own.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    if sys.platform == "win32":
        _raise_priority_on_windows()
    elif not _run_in_real_time(_OURS):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)


def may_be_favoured() -> bool:
    """Whether the process has the right to what ``favour_the_callback`` asks for; as on trial."""
    if sys.platform != "linux":
        return True
    answers: list[bool] = []
    trial = threading.Thread(target=lambda: answers.append(_run_in_real_time(_OURS)))
    trial.start()  # a priority is a thread's own
    trial.join()
    return answers == [True]


@contextmanager
def before_the_rest() -> Iterator[None]:
    """A thread that is started in the block comes before the others of a favoured process."""
    favoured = _is_in_real_time()
    if favoured:
        _run_in_real_time(_OF_A_STREAM)
    try:
        yield
    finally:
        if favoured:
            _run_in_real_time(_OURS)


def stand_back() -> None:
    """Give up what a favoured process handed down: for a program of its that is not for sound."""
    if sys.platform == "win32":
        return  # there a child inherits none of it
    _leave_real_time()
    if os.getpriority(os.PRIO_PROCESS, 0) < 0:
        os.setpriority(os.PRIO_PROCESS, 0, 0)


if sys.platform == "linux":

    def _run_in_real_time(priority: int) -> bool:
        """Whether this thread may; by turns, so that none of ours keeps another from its turn."""
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))
        except OSError:
            return False
        return True

    def _is_in_real_time() -> bool:
        return os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO)

    def _leave_real_time() -> None:
        if _is_in_real_time():
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))

else:

    def _run_in_real_time(_: int) -> bool:
        return False

    def _is_in_real_time() -> bool:
        return False

    def _leave_real_time() -> None:
        pass


if sys.platform == "win32":

    def _raise_priority_on_windows() -> None:
        import ctypes

        above_normal = 0x00008000  # ABOVE_NORMAL_PRIORITY_CLASS, open to every user
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), above_normal)
