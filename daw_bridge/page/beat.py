"""The beat as a page reckons it: it is told anew only where its own reckoning would be wrong."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_TOLERANCE_SECONDS = 0.04
"""Less than an eye sees; more than one block of a stand-in for a sound device."""
_STILL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Told:
    """Where the beat is, and how it goes on.

    Attributes:
        seconds: of the bridge's steady clock.
        beat: that was heard then.
        bpm: quarter notes a minute; 0 where the beat stands still.
    """

    seconds: float
    beat: float
    bpm: float

    def beat_at(self, seconds: float) -> float:
        """What somebody who was told this reckons."""
        return self.beat + (seconds - self.seconds) * self.bpm / 60


class BeatTeller:
    """Compares what was told last with what is heard."""

    def __init__(self) -> None:
        self.told = Told(0.0, 0.0, 0.0)
        self._seen: deque[tuple[float, float]] = deque(maxlen=64)

    def look(self, seconds: float, beat: float, bpm: float) -> Told | None:
        """What is to be told now; None where the last still holds.

        Args:
            seconds: of a steady clock.
            beat: that is heard.
            bpm: as the clock has it.
        """
        self._seen.append((seconds, beat))
        while len(self._seen) > 2 and self._seen[1][0] <= seconds - _STILL_SECONDS:
            self._seen.popleft()
        first_seconds, first_beat = self._seen[0]
        stands = seconds - first_seconds >= _STILL_SECONDS and first_beat == beat
        bpm = 0.0 if stands else bpm
        off_beats = abs(self.told.beat_at(seconds) - beat)
        if bpm == self.told.bpm and off_beats <= _TOLERANCE_SECONDS * max(bpm, 20.0) / 60:
            return None
        self.told = Told(seconds, beat, bpm)
        return self.told
