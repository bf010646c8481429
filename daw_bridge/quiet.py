"""Keeps sound libraries from writing to the terminal on their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_STANDARD_ERROR = 2


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Send what C libraries write to standard error nowhere while the block lasts.

    ALSA, JACK and PortAudio report there what they could not find, which is their errors' business
    and not a musician's. For moments when no other thread has something to say.
    """
    try:
        before = os.dup(_STANDARD_ERROR)
    except OSError:  # a program without a terminal has none
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), _STANDARD_ERROR)
        yield
    finally:
        os.dup2(before, _STANDARD_ERROR)
        os.close(before)
