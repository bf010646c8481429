"""The jobs that wait: first come, first served, but for lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from osc_server.contract.errors import Busy
from osc_server.jobs.job import Job, JobKey


class JobQueue:
    """Jobs in the order in which they will be rendered."""

    def __init__(self, limit: int) -> None:
        """Args: ``limit``, how many may wait."""
        self._limit = limit
        self._waiting: list[Job] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._waiting))

    @property
    def first(self) -> Job | None:
        """The next to be rendered."""
        return self._waiting[0] if self._waiting else None

    def add(self, job: Job) -> Job | None:
        """Queue a job; in a lane it takes the place of the one of its client that waits there.

        Returns:
            The job that it replaced, if any.

        Raises:
            Busy: where the queue is full.
        """
        lane = job.request.lane
        for place, waiting in enumerate(self._waiting):
            if lane and (waiting.client, waiting.request.lane) == (job.client, lane):
                self._waiting[place] = job
                return waiting
        if len(self._waiting) >= self._limit:
            raise Busy(
                f"{self._limit} jobs are waiting already: try again in a moment, cancel some, or "
                "give a lane, in which a newer job replaces the one that waits"
            )
        self._waiting.append(job)
        return None

    def put_back(self, job: Job) -> None:
        """Return a job that was taken and not begun to the front."""
        self._waiting.insert(0, job)

    def place_of(self, job: Job) -> int:
        """How many wait before it."""
        return self._waiting.index(job)

    def get(self, key: JobKey) -> Job | None:
        """The waiting job of this client and id."""
        return next((job for job in self._waiting if job.key == key), None)

    def take(self, which: Callable[[Job], bool]) -> list[Job]:
        """Remove and return every job that ``which`` names."""
        taken = [job for job in self._waiting if which(job)]
        self._waiting = [job for job in self._waiting if job not in taken]
        return taken
