"""What a process can do so that its audio callback is seldom late."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

_SWITCH_SECONDS = 0.0005
_NICENESS = -10


def favour_the_callback() -> None:
    """Let the callback wait less: for Python's lock, for a sweep of old objects, for others' work.

    Once, before the stream starts; the stream's own thread inherits the priority. Without the
    right to a higher priority the process keeps its own.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    with suppress(OSError):
        if sys.platform == "win32":
            _raise_priority_on_windows()
        else:
            os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)


if sys.platform == "win32":

    def _raise_priority_on_windows() -> None:
        import ctypes

        above_normal = 0x00008000  # ABOVE_NORMAL_PRIORITY_CLASS, open to every user
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), above_normal)
