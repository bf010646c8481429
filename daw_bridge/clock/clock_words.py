"""What a musician or a patch says to the clock: ``/magnet/clock/<word> …``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from daw_bridge.clock.link import LinkSource
from daw_bridge.clock.quantum import Quantum
from daw_bridge.clock.steered_clock import AUTO, INTERNAL, SteeredClock
from daw_bridge.clock.tap_tempo import TapTempo
from daw_bridge.clock.tellers import Tellers
from osc_server.contract.addresses import nearest
from osc_server.contract.errors import BadRequest, DeviceUnavailable
from osc_server.contract.musical_time import Meter

Value = object

_SOURCE = "/magnet/clock/source"
_NAMES = {"midi": "MIDI clock", "link": "Link"}
"""What musicians call sources that have no words of their own here."""


class ClockWords:
    """Takes the words ``bpm beat play stop position name tap source meter quantum offset``.

    ``bpm`` goes to who leads: to the internal clock, to the OSC transport at once, to a Link
    session for everybody; a sender of MIDI clock, and a program that tells the time, cannot be
    told. Such a program's own ``bpm`` is no wish but what holds there. ``play stop position`` are
    refused while somebody else's transport runs, and taps that would not count.

    Args:
        clock: which clock.
        set_bpm: sets the tempo where nobody else leads.
        set_meter: counts bars in a meter from the next bar line on.
        set_quantum: lets decks begin and stop on a grid.
        say: tells the musician a sentence.
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
        set_quantum: Callable[[Quantum], None],
        say: Callable[[str], None],
        osc: Tellers,
        tap: TapTempo,
        link: LinkSource | None = None,
        no_link: str = "",
    ) -> None:
        self._clock = clock
        self._set_bpm = set_bpm
        self._set_meter = set_meter
        self._set_quantum = set_quantum
        self._osc = osc
        self._tap = tap
        self._link = link
        self._no_link = no_link
        osc.say = say
        self._words: dict[str, Callable[[Value, float, object], None]] = {
            "bpm": self._bpm,
            "beat": lambda value, now, who: osc.beat(who, _number("beat", value), now),
            "play": self._play,
            "stop": self._stop,
            "position": self._position,
            "name": lambda value, now, who: osc.call(who, str(value or "")),
            "tap": self._tapped,
            "source": self._source,
            "meter": self._meter,
            "quantum": self._quantum,
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

    @property
    def teller(self) -> str:
        """What calls itself so, and tells the time by OSC; empty where nobody does."""
        return self._osc.leader

    def forget(self, sender: object) -> None:
        """A sender is gone."""
        self._osc.forget(sender)

    def take(self, word: str, args: Sequence[Value], seconds: float, sender: object = None) -> None:
        """Do what ``/magnet/clock/<word>`` says.

        Args:
            word: the last part of the address.
            args: its arguments; of several the first counts, of none a button is pressed.
            seconds: when it came, on the monotonic clock.
            sender: who says it; None = the set's own hands.

        Raises:
            BadRequest: for a word that there is not, or a value that it cannot take.
            Busy: where another program leads.
        """
        if word not in self._words:
            raise BadRequest(f"the clock knows no {word!r}{nearest(word, self._words)}")
        self._words[word](args[0] if args else None, seconds, sender)

    def _bpm(self, value: Value, seconds: float, sender: object) -> None:
        bpm, source = _number("bpm", value), self._clock.source
        tells = self._osc.tells(sender)
        if not tells:
            if source == "midi":
                raise _set_elsewhere("tempo", _NAMES[source])
            if source == "link" and self._link is not None:
                self._link.propose(bpm)
                return
            if source == "osc" and self._osc.is_led:
                raise _set_elsewhere("tempo", self._osc.leader or "a program that sends its beats")
        self._osc.tell(sender, lambda transport: transport.bpm(bpm, seconds), seconds)
        if tells and (source in ("midi", "link") or self._clock.wanted not in ("auto", "osc")):
            return
        if source != "osc":
            self._tap.forget()
            self._clock.update(seconds)  # which lets go of a tapping finger
            self._set_bpm(bpm)

    def _play(self, value: Value, seconds: float, sender: object) -> None:
        if _pressed(value):
            self._leave_to_who_leads(sender)
            bpm = self._clock.bpm
            self._osc.tell(sender, lambda transport: transport.play(seconds, bpm), seconds)

    def _stop(self, value: Value, seconds: float, sender: object) -> None:
        if _pressed(value):
            self._leave_to_who_leads(sender)
            self._osc.tell(sender, lambda transport: transport.stop(seconds), seconds)

    def _position(self, value: Value, seconds: float, sender: object) -> None:
        beat = _number("position", value)
        self._leave_to_who_leads(sender)
        self._osc.tell(sender, lambda transport: transport.position(beat, seconds), seconds)

    def _leave_to_who_leads(self, sender: object) -> None:
        """Refuse a hand a transport that is another's.

        A program's, under its name, would undo it at once. Beside one that plays by MIDI clock or
        Link it would start unheard, and play on alone when that stops.
        """
        clock = self._clock
        if self._osc.tells(sender):
            return
        if clock.source == "osc" and self._osc.leader:
            raise _set_elsewhere("transport", self._osc.leader)
        if clock.source in _NAMES and clock.playing:
            raise _set_elsewhere("transport", _NAMES[clock.source])

    def _tapped(self, value: Value, seconds: float, sender: object) -> None:
        del sender
        if not _pressed(value):
            return
        clock, tap = self._clock, self._tap
        if clock.wanted not in (AUTO, tap.name):
            while_ = f"the clock is set to {clock.wanted}"
        elif clock.wanted == AUTO and clock.playing and clock.source not in (INTERNAL, tap.name):
            while_ = f"{_NAMES.get(clock.source, clock.leader)} leads"
        else:
            tap.tap(seconds)
            return
        raise BadRequest(f"a tap does not count while {while_}: choose tap ({_SOURCE} tap)")

    def _meter(self, value: Value, seconds: float, sender: object) -> None:
        meter = Meter.parse(str(value))

        def count() -> None:
            self._set_meter(meter)
            if self._link is not None:
                self._link.quantum_beats = float(meter.beats_per_bar)

        self._osc.shape(sender, "meter", count, seconds)

    def _quantum(self, value: Value, seconds: float, sender: object) -> None:
        quantum = Quantum.parse(str(value))
        self._osc.shape(sender, "quantum", lambda: self._set_quantum(quantum), seconds)

    def _source(self, value: Value, seconds: float, sender: object) -> None:
        del seconds, sender
        name = str(value).strip().lower()
        if name == "link" and self._link is None:
            raise DeviceUnavailable(self._no_link)
        self._clock.choose(name)

    def _offset(self, value: Value, seconds: float, sender: object) -> None:
        del seconds, sender
        self._clock.offset_seconds = _number("offset", value) / 1000


def _set_elsewhere(what: str, where: str) -> BadRequest:
    return BadRequest(
        f"the {what} comes from {where}: change it there, or choose the internal clock "
        f"({_SOURCE} internal)"
    )


def _number(word: str, value: Value) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise BadRequest(f"/magnet/clock/{word} takes a number, not {value!r}") from error


def _pressed(value: Value) -> bool:
    """Whether a button is pressed and not let go of."""
    return value is None or value is True or (isinstance(value, str) and value != "0") or value == 1
