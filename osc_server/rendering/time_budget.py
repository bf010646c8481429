"""How long finishing takes, learnt from clip to clip, so that drawing leaves it that much time."""

from __future__ import annotations

from collections.abc import Callable

from osc_server.rendering.plan import SecondsLeft

_FIRST_GUESS = 0.05  # seconds a second of audio and take, on two cores
_FIXED_SECONDS = 0.05
_MARGIN = 1.25


class FinishingTime:
    """Seconds that decoding, finishing, measuring and writing take for a second of audio."""

    def __init__(self) -> None:
        self._per_second = _FIRST_GUESS

    def learn(self, took_seconds: float, audio_seconds: float) -> None:
        """Tell how long ``audio_seconds``, of all takes together, took to finish."""
        measured = max(0.0, took_seconds - _FIXED_SECONDS) / audio_seconds
        # Slower is believed at once, faster by halves: a deadline forgives no optimism.
        self._per_second = max(measured, (self._per_second + measured) / 2)

    def estimate(self, audio_seconds: float) -> float:
        """Seconds to set aside."""
        return _MARGIN * (_FIXED_SECONDS + self._per_second * audio_seconds)

    def before(
        self,
        seconds_left: SecondsLeft | None,
        audio_seconds: float,
        n_to_finish: Callable[[], int],
    ) -> SecondsLeft | None:
        """The time left for drawing: what is left in all, less finishing.

        Args:
            seconds_left: in all; None = as long as it takes.
            audio_seconds: of one take.
            n_to_finish: how many takes and previews are still to be finished.
        """
        if seconds_left is None:
            return None
        return lambda: seconds_left() - self.estimate(audio_seconds * n_to_finish())
