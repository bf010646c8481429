"""What the bridge hears of Live's clock: its name, tempo, meter, quantum, transport and beat."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .osc import Message, OscValue

_QUANTA = ("beat", "8 bars", "4 bars", "2 bars", "bar")
_REFUSED = re.compile(r"/magnet/clock/(\w+)")


@dataclass(frozen=True)
class Moment:
    """Live's clock at one look.

    Attributes:
        bpm: quarter notes a minute.
        meter: such as ``7/8``.
        quantization: Live's global launch quantization, by its number.
        playing: whether the transport runs.
        beat: quarter notes from the start of the song.
        name: of the set; empty before it was saved.
    """

    bpm: float
    meter: str
    quantization: int
    playing: bool
    beat: float
    name: str = ""


def quantum(quantization: int) -> str:
    """The bridge's word for Live's launch quantization; what is shorter than a bar is a beat."""
    return _QUANTA[quantization] if 0 <= quantization < len(_QUANTA) else "beat"


class ClockTeller:
    """Says what changed since it was asked last, and where the beat is while the song plays."""

    def __init__(self) -> None:
        self._told: dict[str, OscValue] = {}
        self._refused: set[str] = set()

    def forget(self) -> None:
        """Begin anew: the bridge has been away and knows nothing."""
        self._told.clear()
        self._refused.clear()

    def refuse(self, text: str) -> bool:
        """Leave out from now on the clock's word that a complaint is about; whether it is one.

        A server without a bridge in front keeps no clock and says so each time.
        """
        found = _REFUSED.search(text)
        if found is not None:
            self._refused.add(found[1])
        return found is not None

    def tell(self, now: Moment) -> list[Message]:
        """The messages that bring the bridge up to date."""
        messages = self._changed("name", f"Live: {now.name}" if now.name else "Live")
        messages += self._changed("bpm", now.bpm)
        messages += self._changed("meter", now.meter)
        messages += self._changed("quantum", quantum(now.quantization))
        was_playing = self._told.get("playing")
        if now.playing != was_playing:
            self._told["playing"] = now.playing
            messages += self._say("position", now.beat)
            messages += self._say("play" if now.playing else "stop")
            self._told["position"] = now.beat
        elif now.playing:
            messages += self._say("beat", now.beat)
        else:
            messages += self._changed("position", now.beat)
        return messages

    def _changed(self, word: str, value: OscValue) -> list[Message]:
        if self._told.get(word) == value:
            return []
        self._told[word] = value
        return self._say(word, value)

    def _say(self, word: str, *args: OscValue) -> list[Message]:
        return [] if word in self._refused else [(f"/magnet/clock/{word}", args)]
