"""A transport by OSC: a Max patch, Reaper or a script tells tempo, beat, play, stop and place."""

from __future__ import annotations

import math
from dataclasses import replace

from daw_bridge.clock.beat_line import BeatLine
from daw_bridge.clock.source import Reading
from daw_bridge.clock.steady import SteadyTempo
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import BPM_MAX, BPM_MIN, check_bpm

_STOPPED_SECONDS = 1.0
_GONE_BEATS = 4
_GONE_SECONDS = 3.0
_PLACE_BEATS = 0.5


class OscTransport:
    """A source that is told where it is, as often as the sender likes.

    Either the sender says its tempo (``bpm``) and when it starts (``play``), or it sends its beats
    as they pass (``beat``, whole or in between), from which tempo and phase are measured; or both,
    and then the tempo it says is believed and the beats give the phase. A sender of beats that
    falls silent is gone; one that sent none is there until it stops, and a second longer.
    """

    def __init__(self) -> None:
        self._beats = BeatLine()
        self._steady = SteadyTempo()
        self._told_bpm: float | None = None
        self._assumed_bpm: float | None = None
        self._anchor: tuple[float, float] | None = None  # beat, seconds
        self._last_beat_seconds: float | None = None
        self._position = 0.0
        self._stopped: Reading | None = None
        self._stopped_seconds = 0.0
        self._playing = False
        self._locates = 0

    @property
    def name(self) -> str:
        """``osc``."""
        return "osc"

    @property
    def playing(self) -> bool:
        """Whether it was told to play, or beats come."""
        return self._playing

    def bpm(self, bpm: float, seconds: float) -> None:
        """The sender's tempo.

        Raises:
            BadRequest: if it is not within 20..400.
        """
        check_bpm(bpm)
        if self._anchor is not None and self._told_bpm is not None:
            self._anchor = (self._beat_at(seconds), seconds)
        if bpm != self._told_bpm:
            self._beats.clear()
        self._told_bpm = bpm

    def beat(self, beat: float, seconds: float) -> None:
        """The sender's beat, in quarter notes from the start of its song, as it passes.

        Raises:
            BadRequest: if it is no finite number.
        """
        _check(beat)
        if self._anchor is not None and abs(beat - self._beat_at(seconds)) > _PLACE_BEATS:
            self._beats.clear()
            self._locates += 1
        self._beats.add(beat, seconds)
        self._last_beat_seconds = seconds
        self._playing = True
        line = self._beats.line
        if self._told_bpm is not None and len(self._beats) < 2:
            self._anchor = (beat, seconds)
        elif line is not None:
            self._anchor = (line.position, line.seconds)

    def play(self, seconds: float, bpm: float | None = None) -> None:
        """The sender starts, now, from where it stopped or was put.

        Args:
            seconds: now.
            bpm: the tempo to go on with where it says none and sends no beats.
        """
        self._assumed_bpm = bpm
        if not self._playing:
            self._place(self._position, seconds)
        self._playing = True

    def stop(self, seconds: float) -> None:
        """The sender stops, now."""
        reading = self.reading(seconds)
        if reading is not None and reading.playing:
            self._position = reading.beat
            self._stopped, self._stopped_seconds = replace(reading, playing=False), seconds
        self._playing = False
        self._last_beat_seconds = None
        self._anchor = None
        self._beats.clear()  # where it starts again says nothing of how fast it was

    def position(self, beat: float, seconds: float) -> None:
        """The sender is put to a beat of its song; while it plays, that is where it is now.

        Raises:
            BadRequest: if it is no finite number.
        """
        self._position = _check(beat)
        if self._playing:
            self._place(beat, seconds)

    @property
    def place(self) -> float:
        """The beat that it was put to, or stopped on."""
        return self._position

    def reading(self, seconds: float) -> Reading | None:
        """Where the sender is; None once it has stopped, is gone, or has told too little."""
        line = self._beats.line
        if not self._playing and seconds - self._stopped_seconds < _STOPPED_SECONDS:
            return self._stopped
        if self._anchor is None or not self._playing or self._is_gone(seconds):
            return None
        if self._said_bpm is not None:
            bpm = speed = self._said_bpm
        elif line is None:
            return None
        else:
            speed = 60 / line.period_seconds
            bpm = self._steady.take(speed, speed * line.error)
        if not BPM_MIN <= speed <= BPM_MAX:
            return None
        return Reading(self._beat_at(seconds), bpm, speed, True, self._locates, "bar")

    def _place(self, beat: float, seconds: float) -> None:
        self._beats.clear()
        self._anchor = (beat, seconds)
        self._locates += 1

    def _beat_at(self, seconds: float) -> float:
        if self._anchor is None:
            return self._position
        beat, at = self._anchor
        line = self._beats.line
        if self._said_bpm is not None:
            return beat + (seconds - at) * self._said_bpm / 60
        return beat if line is None else line.position_at(seconds)

    @property
    def _said_bpm(self) -> float | None:
        """Its tempo where it need not be measured."""
        return self._told_bpm or (self._assumed_bpm if self._beats.line is None else None)

    def _is_gone(self, seconds: float) -> bool:
        if self._last_beat_seconds is None:
            return False
        line = self._beats.line
        patience = _GONE_SECONDS
        if line is not None:
            patience = max(patience, _GONE_BEATS * line.period_seconds)
        return seconds - self._last_beat_seconds > patience


def _check(beat: float) -> float:
    if not math.isfinite(beat):
        raise BadRequest(f"{beat} is no beat: send quarter notes from the start of the song")
    return float(beat)
