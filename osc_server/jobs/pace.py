"""How long rendering takes, learnt from what it took."""

from __future__ import annotations

_FIRST_GUESS_RTF = 0.5
_TRUST = 0.5


class Pace:
    """Estimates for ``eta`` from a smoothed RTF (compute seconds per audio second)."""

    def __init__(self) -> None:
        self._rtf = _FIRST_GUESS_RTF

    def learn(self, audio_seconds: float, took_seconds: float) -> None:
        """Take a finished job into account."""
        self._rtf += _TRUST * (took_seconds / audio_seconds - self._rtf)

    def seconds_for(self, audio_seconds: float) -> float:
        """Estimated compute seconds of so much audio."""
        return audio_seconds * self._rtf
