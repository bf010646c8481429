"""The script's whole work, one look at a time: what was asked, and what the bridge says to it.

It is driven by ``tick`` on Live's main thread and does everything there: Live lets nobody change a
set from another thread, or while it tells of a change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clock import ClockTeller, Moment
from .folder import show_file
from .host import Errand, Host
from .jobs import PING, Accepted, Ended, Event, Job, Jobs, Progress, Ready, Waiting
from .lander import Lander, ShowFile
from .osc import OscValue
from .places import Refused, choose_target
from .presence import Presence
from .scale import key_words
from .settings import Settings
from .source import find_source
from .teller import Teller
from .wire import Address, Wire
from .words import JOB_VERBS, Order, gives_number, read_order, value_of

if TYPE_CHECKING:
    from Live.Song import Song

_HELLO_ID = "magnet-bridge-token"
_NOT_YET = "the decks are not up yet"
"""How a bridge begins its answer that is about to have a clock: what it was told is lost."""


class Desk:
    """Takes requests, asks the bridge, and hands on what it says.

    Args:
        settings: of the musician.
        bridge: the wire on which the bridge answers.
        desk: the wire on which requests come.
        host: Live.
        show_path: shows a file that Live would not take.
    """

    def __init__(
        self,
        settings: Settings,
        bridge: Wire,
        desk: Wire,
        host: Host,
        show_path: ShowFile = show_file,
    ) -> None:
        self._settings = settings
        self._bridge = bridge
        self._desk = desk
        self._host = host
        self._jobs = Jobs(self._send, settings.port)
        self._teller = Teller(desk, host)
        self._lander = Lander(host, self._send, self._teller, show_path)
        self._presence = Presence()
        self._clock = ClockTeller()
        self._tells_clock = settings.clock
        self._rate = settings.rate
        self._complaint = ""

    def tick(self, now: float) -> None:
        """Look at the wires and the clock once.

        Args:
            now: seconds on a steady clock.
        """
        for sender, (address, args) in self._desk.receive():
            self._take_order(sender, address, args, now)
        for sender, (address, args) in self._bridge.receive():
            if sender[1] == self._settings.port:
                self._take_reply(address, args, now)
        self._handle(self._jobs.tick(now), now)
        self._lander.tick(now)
        if self._presence.is_due(now):
            self._send("/magnet/ping", PING)
        if self._tells_clock and self._presence.here:
            for address, words in self._clock.tell(_moment(self._host.open_set())):
                self._send(address, *words)

    def close(self) -> None:
        """Live is closing the set: nothing waits for us any more."""
        self._jobs.drop_all()
        if self._tells_clock and self._presence.here:
            self._send("/magnet/clock/stop")
        self._bridge.close()
        self._desk.close()

    def _send(self, address: str, *args: OscValue) -> None:
        self._bridge.send(("127.0.0.1", self._settings.port), address, *args)

    def _greet(self) -> None:
        """Show the token; a server that was started anew has forgotten it."""
        if self._settings.token:
            self._send("/magnet/hello", _HELLO_ID, "token", self._settings.token)

    def _take_order(
        self, sender: Address, address: str, args: tuple[OscValue, ...], now: float
    ) -> None:
        try:
            order = read_order(address, args)
            if order.verb in JOB_VERBS:
                self._start(sender, order, now)
            else:
                self._do(sender, order)
        except Refused as refusal:
            self._teller.fail(sender, args[0] if args else "", "refused", str(refusal))

    def _do(self, sender: Address, order: Order) -> None:
        value = order.names[0] if order.names else None
        if order.verb == "notify":
            if not isinstance(value, int | float) or not 0 <= value <= 65535:
                raise Refused("notify needs a UDP port; 0 = the one you send from")
            port = self._teller.move(sender, int(value))
            self._teller.answer(sender, "notified", order.id, port)
        elif order.verb == "clock":
            self._tells_clock = value in (None, 1, 1.0, True, "1", "on")
            self._clock.forget()
            self._teller.answer(sender, "clocked", order.id, int(self._tells_clock))
        elif order.verb == "cancel":
            job = self._find(sender, order.id)
            if job is None:
                raise Refused(f"there is no live job {order.id!r}: it has ended, or never began")
            self._jobs.cancel(job)
        else:
            self._teller.answer(sender, "pong", order.id)

    def _find(self, sender: Address, order_id: OscValue) -> Job | None:
        for job in self._jobs.alive:
            errand = job.context
            if isinstance(errand, Errand) and (errand.asker, errand.id) == (sender, order_id):
                return job
        return None

    def _start(self, sender: Address, order: Order, now: float) -> None:
        if self._find(sender, order.id) is not None:
            raise Refused(f"your job {order.id!r} is still alive: take another id, or cancel it")
        song, view = self._host.open_set(), self._host.focused_view()
        rate = value_of(order.names, "rate")
        if isinstance(rate, int | float):
            self._rate = int(rate)
        names: tuple[OscValue, ...]
        if order.verb == "generate":
            target, names = choose_target(song, order.wish, view), self._set_names(song, order)
        else:
            source = find_source(order.verb, song, order.wish, view)
            target, names = source.target, source.names
        self._greet()
        errand = Errand(sender, order.id, song, target, order.verb)
        args = (*names, *order.names, "delivery", "path")
        job = self._jobs.ask(order.verb, args, errand, now)
        self._teller.log(f"{order.verb} {job.id}: {' '.join(map(str, job.args))}")

    def _set_names(self, song: Song, order: Order) -> tuple[OscValue, ...]:
        """What the set knows and the asker did not say: tempo, meter, rate, key."""
        names: list[OscValue] = []
        if not gives_number(order.names, "bpm"):
            names += ["bpm", song.tempo]
        if "meter" not in order.names:
            names += ["meter", _meter(song)]
        if self._rate and not gives_number(order.names, "rate"):
            names += ["rate", self._rate]
        key = key_words(song)
        if key and "key" not in order.names:
            names += ["key", key]
        return tuple(names)

    def _take_reply(self, address: str, args: tuple[OscValue, ...], now: float) -> None:
        text = " ".join(str(arg) for arg in args)
        if address in ("/magnet/error", "/magnet/failed") and self._clock.refuse(text):
            return
        if address == "/magnet/error":
            self._complain(text, now)
            return
        if address == "/magnet/pong" and args == (PING,) and self._presence.answer():
            self._complaint = ""
            self._clock.forget()
            self._greet()
            self._teller.log("the bridge answers")
        if address in ("/magnet/clip/noted", "/magnet/failed"):
            self._lander.heard(args[0] if args else None)
        self._handle(self._jobs.take(address, args, now), now)

    def _complain(self, text: str, now: float) -> None:
        """The bridge says what it did not do; again and again is said once."""
        if text.startswith(_NOT_YET):
            self._clock.forget()
        elif text != self._complaint:
            self._complaint = text
            self._teller.show(text, now)
            self._teller.log(f"the bridge says: {text}")

    def _handle(self, events: list[Event], now: float) -> None:
        for event in events:
            if isinstance(event.job.context, Errand):
                self._tell(event, event.job.context, now)

    def _tell(
        self, event: Accepted | Progress | Waiting | Ended | Ready, errand: Errand, now: float
    ) -> None:
        teller, asker, order_id = self._teller, errand.asker, errand.id
        if isinstance(event, Accepted):
            teller.answer(asker, "accepted", order_id, event.place, round(event.eta, 2))
            teller.show(f"jobs before it: {event.place}" if event.place else "it begins", now)
        elif isinstance(event, Progress):
            teller.answer(
                asker, "progress", order_id, round(event.fraction, 3), round(event.eta, 2)
            )
            teller.show_progress(f"{100 * event.fraction:.0f} %, {event.eta:.0f} s to go", now)
        elif isinstance(event, Waiting):
            teller.answer(asker, "waiting", order_id, event.text)
            teller.show(event.text, now)
            teller.log(event.text)
        elif isinstance(event, Ended):
            teller.fail(asker, order_id, event.code, event.text)
        else:
            self._lander.land_all(event.clips, errand, now)


def _meter(song: Song) -> str:
    return f"{song.signature_numerator}/{song.signature_denominator}"


def _moment(song: Song) -> Moment:
    return Moment(
        bpm=song.tempo,
        meter=_meter(song),
        quantization=int(song.clip_trigger_quantization),
        playing=song.is_playing,
        beat=song.current_song_time,
        name=getattr(song, "name", ""),  # whether 12.0.5 has it is not known
    )
