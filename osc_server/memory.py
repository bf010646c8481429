"""How much memory this computer has, on every system, without a library for it."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

_GUESS_BYTES = 8 << 30
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def total_memory_bytes() -> int:
    """Of the computer, or of the container that this runs in; 8 GB where nobody says."""
    total = _windows_bytes() if sys.platform == "win32" else _posix_bytes()
    with suppress(OSError, ValueError):  # "max" where there is no limit
        total = min(total, int(_CGROUP_LIMIT.read_text()))
    return total


def _posix_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return _GUESS_BYTES


def _windows_bytes() -> int:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "page", "free_page")),
            *((name, ctypes.c_ulonglong) for name in ("virtual", "free_virtual", "extended")),
        )

    status = Status()
    status.length = ctypes.sizeof(status)
    if sys.platform == "win32" and ctypes.windll.kernel32.GlobalMemoryStatusEx(
        ctypes.byref(status)
    ):
        return int(status.total)
    return _GUESS_BYTES
