"""Keeping a deadline: how many steps of each stage are still made in the time left.

A deadline takes steps from all stages alike, and each stage that is still to come keeps at least
one: after any of its steps a codebook is complete, only less refined. Steps are timed as they are
made, and the plan is made anew before each of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from osc_server.rendering.plan import SecondsLeft

RESERVE = 0.03  # share of the time that is planned for nothing
MARGIN = 1.1  # a step is planned to take so many times what it was measured to take
N_REMEMBERED = 9  # steps of a kind whose times are kept
N_TRUSTED = 2  # from so many on they are believed
SLOW_SHARE = 0.7  # of these, so many are faster than what is expected of the next


@dataclass(frozen=True, slots=True)
class StageWork:
    """One stage of one batch, as planned.

    Attributes:
        stage: its codebook.
        n_steps: how many steps were asked for.
        size: rows times frames of one step: what its time grows with.
    """

    stage: int
    n_steps: int
    size: float

    @property
    def is_dense(self) -> bool:
        """Whether its steps attend to all frames, and so take longer than those of later stages."""
        return self.stage == 0


class StepTimes:
    """What steps took lately, for each kind of step; kept from one job to the next.

    The first step of a stage is a kind of its own: it draws all frames, and where what has not
    changed is not computed again it takes several times as long as those after it.
    """

    def __init__(self) -> None:
        self._seconds: dict[tuple[bool, bool], deque[float]] = {
            (is_dense, is_first): deque(maxlen=N_REMEMBERED)
            for is_dense in (True, False)
            for is_first in (True, False)
        }

    def add(self, work: StageWork, seconds: float, *, is_first: bool) -> None:
        """Remember that a step took so long."""
        self._seconds[work.is_dense, is_first].append(seconds / work.size)

    def expect(self, work: StageWork) -> float:
        """Seconds that a step after the first may take; 0 where too few were measured."""
        for is_dense in (work.is_dense, not work.is_dense):
            known = self._seconds[is_dense, False]
            # The first of all steps is often a slow one.
            if len(known) >= N_TRUSTED:
                return sorted(known)[int(SLOW_SHARE * (len(known) - 1))] * work.size
        return 0.0

    def expect_first(self, work: StageWork) -> float:
        """Seconds that the first step of a stage may take at worst; 0 where nothing is known."""
        known = self._seconds[work.is_dense, True]
        return max(known) * work.size if known else self.expect(work)


class Pace:
    """The steps of a job: made, to be made, and left out. Without a deadline none is left out."""

    def __init__(
        self, work: Sequence[StageWork], times: StepTimes, seconds_left: SecondsLeft | None
    ) -> None:
        """Plan a job.

        Args:
            work: its stages, in the order in which they are made.
            times: of steps before, to which those of this job are added.
            seconds_left: until the codes must be there; None = no deadline.
        """
        self._work = list(work)
        self._times = times
        self._seconds_left = seconds_left
        self._made = [0] * len(work)
        self._to_make = [stage.n_steps for stage in work]
        self._now = -1
        self._mark = 0.0
        self._reserve = 0.0 if seconds_left is None else RESERVE * max(seconds_left(), 0.0)

    @property
    def n_made(self) -> int:
        """Steps made so far."""
        return sum(self._made)

    @property
    def n_steps(self) -> int:
        """Steps in all, those made and those that will be."""
        return self.n_made + sum(self._to_make[max(self._now, 0) :])

    def begin_stage(self) -> int:
        """The next stage begins; how many steps it gets as things stand, at least one."""
        self._now += 1
        return self._begin()

    def begin_again(self) -> int:
        """The same stage begins anew, its steps so far being lost."""
        self._made[self._now] = 0
        return self._begin()

    def end_step(self) -> int:
        """A step has ended; how many more of this stage follow."""
        self._made[self._now] += 1
        if self._seconds_left is None:
            self._to_make[self._now] -= 1
        else:
            left = self._seconds_left()
            took = max(self._mark - left, 0.0)
            self._times.add(self._work[self._now], took, is_first=self._made[self._now] == 1)
            self._mark = left
            self._fit(left)
        return self._to_make[self._now]

    def notes(self) -> tuple[str, ...]:
        """What was left out, and whether the deadline was kept: for the musician."""
        if self._seconds_left is None:
            return ()
        notes = []
        planned = sum(stage.n_steps for stage in self._work)
        if self.n_made < planned:
            stages = sorted({work.stage for work in self._work})
            made = ", ".join(str(self._sum(self._made, stage)) for stage in stages)
            asked = ", ".join(
                str(self._sum([work.n_steps for work in self._work], stage)) for stage in stages
            )
            notes.append(
                f"To keep the deadline {planned - self.n_made} of {planned} steps were left out: "
                f"{made} were made of {asked}, codebook by codebook."
            )
        late = -self._seconds_left()
        if late > 0:
            notes.append(f"The model needed {late:.2f} s more than the deadline left it.")
        return tuple(notes)

    def _begin(self) -> int:
        if self._seconds_left is None:
            self._to_make[self._now] = self._work[self._now].n_steps
        else:
            self._mark = self._seconds_left()
            self._fit(self._mark)
        return self._to_make[self._now]

    def _fit(self, seconds: float) -> None:
        """Plan the steps of this stage and of those to come."""
        ahead = self._work[self._now :]
        planned = [stage.n_steps for stage in ahead]
        planned[0] -= self._made[self._now]
        least = [1] * len(ahead)
        if self._made[self._now]:
            least[0] = 0
        costs = [MARGIN * self._times.expect(stage) for stage in ahead]
        aside = sum(
            MARGIN * self._times.expect_first(stage)
            for stage, n_least in zip(ahead, least, strict=True)
            if n_least
        )
        self._to_make[self._now :] = fit_steps(
            planned, least, costs, seconds - aside - self._reserve
        )

    def _sum(self, counts: Sequence[int], stage: int) -> int:
        return sum(n for work, n in zip(self._work, counts, strict=True) if work.stage == stage)


def fit_steps(
    planned: Sequence[int], least: Sequence[int], costs: Sequence[float], seconds: float
) -> list[int]:
    """As many of the planned steps as fit, spread evenly over the stages.

    Args:
        planned: steps of each stage, the most it may get.
        least: steps that each stage gets even if there is no time.
        costs: seconds of one more step of each stage.
        seconds: for all steps beyond the least; may be negative.
    """
    fitted, left = list(least), seconds
    while True:
        wanting = [i for i, n in enumerate(fitted) if n < planned[i] and costs[i] <= left]
        if not wanting:
            return fitted
        poorest = min(wanting, key=lambda i: fitted[i] / planned[i])
        fitted[poorest] += 1
        left -= costs[poorest]
