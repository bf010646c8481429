"""What a musician or a patch says to the clock: ``/magnet/clock/<word> …``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from daw_bridge.clock.link import LinkSource
from daw_bridge.clock.osc_transport import OscTransport
from daw_bridge.clock.steered_clock import SteeredClock
from daw_bridge.clock.tap_tempo import TapTempo
from osc_server.contract.addresses import nearest
from osc_server.contract.errors import BadRequest, DeviceUnavailable
from osc_server.contract.musical_time import Meter

Value = object


class ClockWords:
    """Takes the words ``bpm beat play stop position tap source meter offset``.

    ``bpm`` goes to who leads: to the internal clock, to the OSC transport at once, to a Link
    session for everybody; a sender of MIDI clock cannot be told.

    Args:
        clock: which clock.
        set_bpm: sets the tempo where nobody else leads.
        set_meter: counts bars in a meter from the next bar line on.
        osc: its source that is told by OSC.
        tap: its source that is tapped.
        link: its Link session, if there is one.
        no_link: what to do where there is none.
    """

    def __init__(  # noqa: PLR0913  # what it speaks to
        self,
        clock: SteeredClock,
        set_bpm: Callable[[float], None],
        set_meter: Callable[[Meter], None],
        osc: OscTransport,
        tap: TapTempo,
        link: LinkSource | None = None,
        no_link: str = "",
    ) -> None:
        self._clock = clock
        self._set_bpm = set_bpm
        self._set_meter = set_meter
        self._osc = osc
        self._tap = tap
        self._link = link
        self._no_link = no_link
        self._words: dict[str, Callable[[Value, float], None]] = {
            "bpm": self._bpm,
            "beat": lambda value, now: osc.beat(_number("beat", value), now),
            "play": lambda value, now: osc.play(now, clock.bpm) if _pressed(value) else None,
            "stop": lambda value, now: osc.stop(now) if _pressed(value) else None,
            "position": lambda value, now: osc.position(_number("position", value), now),
            "tap": lambda value, now: tap.tap(now) if _pressed(value) else None,
            "source": self._source,
            "meter": self._meter,
            "offset": self._offset,
        }

    @property
    def position(self) -> float:
        """The beat that the OSC transport was put to, or last stopped on."""
        return self._osc.place

    @property
    def words(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._words)

    def take(self, word: str, args: Sequence[Value], seconds: float) -> None:
        """Do what ``/magnet/clock/<word>`` says.

        Args:
            word: the last part of the address.
            args: its arguments; of several the first counts, of none a button is pressed.
            seconds: when it came, on the monotonic clock.

        Raises:
            BadRequest: for a word that there is not, or a value that it cannot take.
        """
        if word not in self._words:
            raise BadRequest(f"the clock knows no {word!r}{nearest(word, self._words)}")
        self._words[word](args[0] if args else None, seconds)

    def _bpm(self, value: Value, seconds: float) -> None:
        bpm = _number("bpm", value)
        if self._clock.source == "midi":
            raise BadRequest(
                "the tempo comes from MIDI clock: change it where that is sent, "
                "or send /magnet/clock/source internal"
            )
        if self._clock.source == "link" and self._link is not None:
            self._link.propose(bpm)
            return
        self._osc.bpm(bpm, seconds)
        if self._clock.source != "osc":
            self._tap.forget()
            self._clock.update(seconds)  # which lets go of a tapping finger
            self._set_bpm(bpm)

    def _source(self, value: Value, seconds: float) -> None:
        del seconds
        name = str(value).strip().lower()
        if name == "link" and self._link is None:
            raise DeviceUnavailable(self._no_link)
        self._clock.choose(name)

    def _meter(self, value: Value, seconds: float) -> None:
        del seconds
        meter = Meter.parse(str(value))
        self._set_meter(meter)
        if self._link is not None:
            self._link.quantum_beats = float(meter.beats_per_bar)

    def _offset(self, value: Value, seconds: float) -> None:
        del seconds
        self._clock.offset_seconds = _number("offset", value) / 1000


def _number(word: str, value: Value) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise BadRequest(f"/magnet/clock/{word} takes a number, not {value!r}") from error


def _pressed(value: Value) -> bool:
    """Whether a button is pressed and not let go of."""
    return value is None or value is True or (isinstance(value, str) and value != "0") or value == 1
