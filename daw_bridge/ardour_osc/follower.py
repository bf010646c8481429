"""What Ardour tells, made into what a program that tells the time says to the clock."""

from __future__ import annotations

from collections.abc import Callable

from daw_bridge.ardour_osc.place import Place, PlaceReader
from daw_bridge.ardour_osc.sample_line import SampleLine
from daw_bridge.ardour_osc.song_shape import SongShape
from osc_server.contract.musical_time import Meter
from osc_server.contract.packets import OscMessage, OscValue

NAME = "Ardour"
_PATIENCE_PLACES = 20
"""A tempo that changes all the time is not waited for."""
Say = Callable[[str, OscValue, float], None]
"""Takes a word of the clock, its value, and the second that it holds for."""


class ArdourFollower:
    """Takes Ardour's messages and says ``name bpm meter play stop position beat``.

    That it plays is said with the first place after it, because the word itself comes some blocks
    before the sound; and where no tempo is known yet, once one is: loops would be stretched to a
    guess.

    Args:
        say: what is spoken to.
        meter: of the song, until its bars have shown another.
    """

    def __init__(self, say: Say, meter: Meter) -> None:
        self._say = say
        self._places = PlaceReader()
        self._shape = SongShape(meter)
        self._line = SampleLine()
        self._said_meter = meter
        self._said_bpm: float | None = None
        self._plays: bool | None = None  # None: it has not said
        self._said_play = False
        self._n_unsaid = 0  # places that no tempo was known on

    def begin(self, seconds: float) -> None:
        """Say who it is, which comes before all else."""
        self._say("name", NAME, seconds)

    def lost(self) -> None:
        """Ardour is silent: nothing of what it said holds any more."""
        self._plays = self._said_bpm = None
        self._shape = SongShape(self._said_meter)
        self._put()

    def take(self, message: OscMessage, seconds: float) -> None:
        """Take a message.

        Args:
            message: whatever Ardour tells.
            seconds: when it came, on the monotonic clock.
        """
        value = message.args[0] if message.args else None
        if message.address == "/session_name":
            self._say("name", f"{NAME}: {value!s}", seconds)
        elif message.address == "/transport_play":
            self._play(bool(value))
        elif message.address == "/transport_stop" and value and self._plays is not False:
            self._plays = self._said_play = False
            self._say("stop", 1, seconds)
        elif (place := self._places.take(message, seconds)) is not None:
            self._at(place)

    def _play(self, plays: bool) -> None:
        """It plays; or it does not, which without a stop says that it is put elsewhere."""
        self._put()
        if plays and not self._plays:
            self._plays, self._said_play, self._n_unsaid = True, False, 0

    def _put(self) -> None:
        self._line.clear()
        self._shape.restart()

    def _at(self, place: Place) -> None:
        if not self._plays:
            self._say("position", self._shape.quarter(place), place.seconds)
        elif self._line.take(place):
            self._shape.take(place)
            self._say_beat(place, counts_anew=self._says_shape(place.seconds))

    def _say_beat(self, place: Place, *, counts_anew: bool) -> None:
        self._n_unsaid += self._said_bpm is None
        if self._said_bpm is None and self._n_unsaid < _PATIENCE_PLACES:
            return
        further = self._line.seconds_on(place) * (self._said_bpm or 0.0) / 60
        beat = self._shape.quarter(place) + further
        if counts_anew or not self._said_play:
            self._say("position", beat, place.seconds)
        if not self._said_play:
            self._said_play = True
            self._say("play", 1, place.seconds)
        self._say("beat", beat, place.seconds)

    def _says_shape(self, seconds: float) -> bool:
        """Say tempo and meter where they are others; whether bars are counted anew from here."""
        bpm, meter = self._shape.bpm, self._shape.meter
        if bpm is not None and bpm != self._said_bpm:
            self._said_bpm = bpm
            self._say("bpm", bpm, seconds)
        if meter == self._said_meter or not self._shape.has_bar:
            return False
        self._said_meter = meter
        self._say("meter", str(meter), seconds)
        return True
