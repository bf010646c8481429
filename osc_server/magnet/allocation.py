"""Keep the memory that tensors give back, instead of asking the system for it again and again.

A step makes and drops hundreds of tensors of some megabytes. The C library of Linux returns such
pieces to the system at once, and getting them back costs a page fault for every 4 KB: a quarter of
the time of a step in int8. Other systems' libraries keep them anyway.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
LARGEST_PIECE = 1 << 25  # the most that the library takes for this
KEPT_BYTES = 1 << 28


def keep_freed_memory() -> bool:
    """Let this process keep up to ``KEPT_BYTES`` that it has freed; False where nothing is set."""
    if not sys.platform.startswith("linux"):
        return False
    with suppress(OSError, AttributeError):  # another C library
        library = ctypes.CDLL(None)
        pieces = library.mallopt(M_MMAP_THRESHOLD, LARGEST_PIECE)
        return bool(pieces and library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES))
    return False
