"""What Ardour 7.3 tells of a song that rolls, message by message."""

from __future__ import annotations

from dataclasses import dataclass

from osc_server.contract.packets import OscMessage

SPACING_SECONDS = 0.0997


@dataclass(frozen=True)
class Song:
    """A song as Ardour counts it.

    Attributes:
        bpm: quarter notes a minute.
        meter: beats of a bar, and their note.
        rate_hz: of the session.
        block: samples in one block; places lie whole blocks apart.
    """

    bpm: float = 128.5
    meter: tuple[int, int] = (4, 4)
    rate_hz: int = 48000
    block: int = 1024

    def at(self, sample: int) -> list[OscMessage]:
        """A place, as it is told."""
        beats, note = self.meter
        ticks = round(1920 * sample * self.bpm / 60 / self.rate_hz)
        beat, tick = divmod(ticks, 4 * 1920 // note)
        bar, beat = divmod(beat, beats)
        ms = sample * 1000 // self.rate_hz
        time = f"{ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
        return [
            OscMessage("/position/bbt", (f"{bar + 1:03d}|{beat + 1:02d}|{tick:04d}",)),
            OscMessage("/position/time", (time,)),
            OscMessage("/position/samples", (str(sample),)),
        ]

    def rolling(self, seconds: float, from_sample: int = 0, begins: float = 0.0):
        """The messages of so long, each with the second it comes at.

        What is told in a block is what is heard at the end of it.
        """
        for index in range(int(seconds / SPACING_SECONDS)):
            now = (index + 1) * SPACING_SECONDS
            block = int(now * self.rate_hz) // self.block
            for message in self.at(from_sample + (block + 1) * self.block):
                yield message, begins + now

    def beat_at(self, seconds: float, from_sample: int = 0) -> float:
        """The quarter note that is heard so long after it began to roll."""
        return (seconds + from_sample / self.rate_hz) * self.bpm / 60
