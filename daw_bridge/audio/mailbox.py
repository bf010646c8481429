"""Hand-over of small records from any thread to the audio callback."""

from __future__ import annotations

import queue
from typing import Generic, TypeVar

from osc_server.contract.errors import Busy

Letter = TypeVar("Letter")


class Mailbox(Generic[Letter]):
    """A bounded queue whose reading end never waits, raises or allocates.

    ``queue.SimpleQueue`` is written in C and takes no Python-level lock. The callback is its only
    reader, so a queue that is not empty still holds its letter when it is taken.

    Args:
        capacity: letters that may wait; the writer is refused beyond it.
    """

    def __init__(self, capacity: int = 64) -> None:
        self._queue: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        self._capacity = capacity

    def put(self, letter: Letter) -> None:
        """Any thread: leave a letter.

        Raises:
            Busy: when nobody has emptied the mailbox: the sound stream does not run.
        """
        if self._queue.qsize() >= self._capacity:
            raise Busy("the sound stream is not taking orders: is the sound device still running?")
        self._queue.put(letter)

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be taken."""
        return self._queue.empty()

    def take(self) -> Letter | None:
        """The callback: the oldest letter, or None."""
        return None if self._queue.empty() else self._queue.get_nowait()
