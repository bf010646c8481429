"""Programs that tell the time by OSC: each is heard for itself, and one of them is followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from daw_bridge.clock.osc_transport import OscTransport
from daw_bridge.clock.source import Reading
from osc_server.contract.errors import Busy

NOBODY = ""
_BEATS_OF_A_TELLER = 2
"""One beat alone may come from a script that opens a socket for each message."""


@dataclass(slots=True, eq=False)
class Teller:
    """One sender and all that it has said.

    Attributes:
        name: what it calls itself; empty where it has not said.
        transport: tempo, beats and place, by its own words alone.
        n_beats: how many beats it has sent.
        shape: what gives the song the meter and the quantum that it has said, by word.
        waits_for: who led when it was told that it waits.
    """

    name: str = NOBODY
    transport: OscTransport = field(default_factory=OscTransport)
    n_beats: int = 0
    shape: dict[str, Callable[[], None]] = field(default_factory=dict)
    waits_for: Teller | None = None

    @property
    def tells(self) -> bool:
        """Whether it tells the time, and is no hand that moves the clock now and then."""
        return bool(self.name) or self.n_beats >= _BEATS_OF_A_TELLER

    def plays(self, seconds: float) -> bool:
        """Whether it tells the time, its transport runs, and it is still there."""
        if not self.tells:
            return False
        reading = self.transport.reading(seconds)
        return reading is not None and reading.playing

    def __str__(self) -> str:
        return self.name or "another program"


class Tellers:
    """The source ``osc``: whoever tells the time by OSC, one of them at a time.

    Who has said a name or sends beats is a teller, and has a transport of its own. The first that
    plays leads for as long as it does and is there; the others are told that they wait, and the
    first of them takes over once it stops or goes. All who are no tellers are hands, and share one
    transport; they move a teller's that has no name, because a patch may well speak from several
    ports.
    """

    def __init__(self) -> None:
        self.say: Callable[[str], None] = lambda sentence: None
        """Tells the musician a sentence."""
        self._senders: dict[object, Teller] = {}
        self._hands = OscTransport()
        self._leader: Teller | None = None
        self._last: Teller | None = None  # who led before nobody did
        self._shaped_by: Teller | None = None
        self._moved = self._hands  # the transport that was spoken to last
        self._read = self._hands
        self._locates = self._locates_before = 0

    @property
    def name(self) -> str:
        """``osc``."""
        return "osc"

    @property
    def leader(self) -> str:
        """What who leads calls itself; empty where nobody does, or it has no name."""
        return NOBODY if self._leader is None else self._leader.name

    @property
    def is_led(self) -> bool:
        """Whether a program tells the time now, under a name or without one."""
        return self._leader is not None

    @property
    def place(self) -> float:
        """The beat that the transport which was spoken to last was put to, or stopped on."""
        return self._moved.place

    def tells(self, sender: object) -> bool:
        """Whether a sender tells the time."""
        return sender in self._senders and self._senders[sender].tells

    def call(self, sender: object, name: str) -> None:
        """A sender says what it is called."""
        self._one(sender).name = name.strip()

    def forget(self, sender: object) -> None:
        """A sender is gone; who led and went without a stop is silent, and has not stopped."""
        gone = self._senders.pop(sender, None)
        if gone is self._leader:
            self._leader = None
        if gone is self._last:
            self._last = None

    def tell(self, sender: object, act: Callable[[OscTransport], None], seconds: float) -> None:
        """Let a sender's words act on the transports that they concern.

        Raises:
            BadRequest: what the transport says to it; nothing is changed then.
            Busy: where another leads: it is told so once.
        """
        one = self._one(sender)
        act(one.transport)
        if self._may(one, seconds):
            self._moved = one.transport if one.tells else self._moved_by_hand()
            if self._moved is not one.transport:
                act(self._moved)
            self._choose(seconds)

    def beat(self, sender: object, beat: float, seconds: float) -> None:
        """A sender's beat passes.

        Raises:
            BadRequest: if it is no finite number.
            Busy: where another leads: it is told so once.
        """
        one = self._one(sender)
        one.transport.beat(beat, seconds)
        one.n_beats += 1
        if not self._may(one, seconds) or (self._leader is not None and not one.tells):
            return
        self._moved = one.transport if one.tells else self._hands
        if not one.tells:
            self._hands.beat(beat, seconds)
        self._choose(seconds)

    def shape(self, sender: object, word: str, act: Callable[[], None], seconds: float) -> None:
        """A sender says a meter or a quantum; that of one who waits holds once it leads.

        Args:
            sender: who says it.
            word: what it is that is said.
            act: makes it hold.
            seconds: when it came.

        Raises:
            Busy: where another leads: it is told so once.
        """
        one = self._one(sender)
        if one.tells:
            one.shape[word] = act
        if self._may(one, seconds):
            act()
            self._shaped_by = one if one.tells else self._shaped_by

    def reading(self, seconds: float) -> Reading | None:
        """Where who leads is; without one, where hands have put the song, or it has stopped."""
        self._choose(seconds)
        if self._leader is not None:
            return self._placed(self._leader.transport, self._leader.name, seconds)
        reading = self._placed(self._hands, NOBODY, seconds)
        if reading is None and self._last is not None:
            reading = self._placed(self._last.transport, self._last.name, seconds)
        return reading

    def _one(self, sender: object) -> Teller:
        return self._senders.setdefault(sender, Teller())

    def _moved_by_hand(self) -> OscTransport:
        leader = self._leader
        return self._hands if leader is None or leader.name else leader.transport

    def _may(self, one: Teller, seconds: float) -> bool:
        """Whether its words act now: hands' do, and those of who leads or meets nobody."""
        self._choose(seconds)
        leader = self._leader
        if leader is None or leader is one or not one.tells:
            return True
        if one.waits_for is not leader and one.plays(seconds):
            one.waits_for = leader
            self.say(f"{one} tells the time too: it waits until {leader} stops")
            raise Busy(f"{leader} tells the time here: you are followed when it stops or goes")
        return False

    def _choose(self, seconds: float) -> None:
        if self._leader is not None:
            if self._leader.plays(seconds):
                return
            self._last, self._leader = self._leader, None
        found = next((one for one in self._senders.values() if one.plays(seconds)), None)
        if found is None:
            return
        self._leader, self._hands = found, OscTransport()  # what hands did was before it
        found.waits_for = None
        if self._shaped_by is not found:
            self._shaped_by = found
            for act in found.shape.values():
                act()

    def _placed(self, transport: OscTransport, who: str, seconds: float) -> Reading | None:
        """Its reading; that it is another's than the last one counts as a jump."""
        reading = transport.reading(seconds)
        if reading is None:
            return None
        if transport is not self._read:
            self._read = transport
            self._locates_before = self._locates + 1 - reading.locates
        self._locates = self._locates_before + reading.locates
        return replace(reading, locates=self._locates, who=who)
