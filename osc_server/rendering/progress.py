"""Progress of work that has several phases, told as steps of the whole."""

from __future__ import annotations

from collections.abc import Sequence

from osc_server.rendering.plan import OnStep

_STEPS_A_PHASE = 100


class Progress:
    """Turns the steps of each phase into steps of all; never says that all is done too early."""

    def __init__(self, on_step: OnStep, weights: Sequence[float]) -> None:
        """Args: ``on_step``, told of the whole; ``weights``, how much work each phase is."""
        self._on_step = on_step
        self._weights = weights
        self._i = 0

    def phase(self) -> OnStep:
        """What the next phase calls after each of its steps."""
        i, self._i = self._i, self._i + 1
        if len(self._weights) == 1:
            return self._on_step
        before = sum(self._weights[:i])
        here, whole = self._weights[i], sum(self._weights)
        n_steps = _STEPS_A_PHASE * len(self._weights)

        def step(done: int, steps: int) -> None:
            self._on_step(round((before + here * done / steps) / whole * n_steps), n_steps)

        return step


class LastStep:
    """Passes steps on and can tell the last one again, so that a job can still be cancelled."""

    def __init__(self, on_step: OnStep) -> None:
        self._on_step = on_step
        self._last = (1, 1)

    def __call__(self, done: int, steps: int) -> None:
        """Pass a step on."""
        self._last = (done, steps)
        self._on_step(done, steps)

    def again(self) -> None:
        """Tell the last step again."""
        self._on_step(*self._last)
