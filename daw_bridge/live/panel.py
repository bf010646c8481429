"""The fader dialect on a live set: asks, moves, presses, and what surfaces are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from daw_bridge.audio.level import SILENCE_DB
from daw_bridge.live.conductor import Conductor
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.state import DeckState
from osc_server.contract.addresses import FADERS, MAX_DATAGRAM_BYTES, Fader, fader_row
from osc_server.contract.errors import BadRequest, MagnetError
from osc_server.contract.faders import FEEDBACK_HZ, is_press, read_fader
from osc_server.contract.packets import OscMessage, OscValue, encode
from osc_server.contract.replies import ErrorLine
from osc_server.contract.reply_args import encode_reply

_MOST_SURFACES = 64
_LONGEST_TEXT = 1000


class Surface(Protocol):
    """Somebody who speaks the fader dialect, and hears its feedback."""

    def send(self, packet: bytes) -> None:
        """Give it an OSC packet, at most 1,400 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Control:
    """What stands behind an address that has no deck in it.

    Attributes:
        read: its value, or a button's lamp, of an index.
        write: takes a value, or a press, of an index; None for what only tells.
        write_by: the same where it matters who writes: takes the surface and the value.
    """

    read: Callable[[int], object]
    write: Callable[[int, Any], None] | None = None
    write_by: Callable[[object, Any], None] | None = None


class Panel:
    """Handles every message of the fader dialect.

    Args:
        live: the decks.
        controls: what stands behind further addresses of the table, by address: the clock's, and
            what a run has beside its decks.
        forget: is told of a surface that is gone.
    """

    def __init__(
        self,
        live: LiveSet,
        controls: Mapping[str, Control],
        forget: Callable[[object], None] = lambda surface: None,
    ) -> None:
        self._live = live
        self._forget = forget
        self._controls = {**self._own_controls(), **controls}
        self._surfaces: list[Surface] = []
        self._told: dict[str, OscValue] = {}
        self._touched: set[str] = set()
        self._next_seconds = 0.0

    def add(self, controls: Mapping[str, Control]) -> None:
        """Let these stand behind further addresses of the table."""
        self._controls |= controls

    def receive(self, message: OscMessage, surface: Surface) -> None:
        """Do what a message of a surface says; a mistake is answered and changes nothing.

        What holds is then told again too: the surface may show already what it asked for.
        """
        self._live.look()
        self._remember(surface)
        try:
            fader, index = fader_row(message.address)
            address = fader.at(index)
            if message.args:
                self._touched.add(address)
                self.act(fader, index, message.args, surface)
            else:
                surface.send(_packet(address, self.value(fader, index)))
        except MagnetError as error:
            surface.send(encode_reply(ErrorLine(str(error)), MAX_DATAGRAM_BYTES))

    def act(
        self,
        fader: Fader,
        index: int,
        args: tuple[OscValue, ...],
        surface: Surface | None = None,
    ) -> None:
        """Move or press what an address means, for a surface or the set's own hands.

        Raises:
            MagnetError: where that cannot be done.
        """
        if fader.role == "readout":
            raise BadRequest(f"{fader.at(index)} only tells; it cannot be set")
        if fader.role == "button":
            if is_press(fader, args):
                self._write(fader, index, None, surface)
        else:
            self._write(fader, index, read_fader(fader, args), surface)

    def value(self, fader: Fader, index: int) -> OscValue:
        """What an address holds, as it goes onto the wire.

        Raises:
            BadRequest: for a deck that there is not.
        """
        if fader.address in self._controls:
            return _wire(self._controls[fader.address].read(index))
        conductor = self._live.conductor(index)
        return _wire(_READ[fader.address](conductor.state, conductor))

    def tick(self, now_seconds: float) -> None:
        """Tell all surfaces what has changed since the last time, at most 30 times a second.

        Args:
            now_seconds: of any steady clock.
        """
        if not self._surfaces or now_seconds < self._next_seconds:
            return
        self._next_seconds = now_seconds + 1 / FEEDBACK_HZ
        self._live.look()
        touched, self._touched = self._touched, set()
        for fader in FADERS:
            for index in self._indices(fader):
                address = fader.at(index)
                value = self.value(fader, index)
                if self._told.get(address) != value or address in touched:
                    self._told[address] = value
                    self._tell(_packet(address, value))

    def forget(self, surface: Surface) -> None:
        """A surface is gone."""
        self._surfaces = [one for one in self._surfaces if one is not surface]
        self._forget(surface)

    def _remember(self, surface: Surface) -> None:
        if any(one is surface for one in self._surfaces):
            return
        if not self._surfaces:  # from now on it is told of changes: not of all there is
            self._told = {
                fader.at(index): self.value(fader, index)
                for fader in FADERS
                for index in self._indices(fader)
            }
        self._surfaces = [*self._surfaces[-_MOST_SURFACES + 1 :], surface]

    def _tell(self, packet: bytes) -> None:
        for surface in self._surfaces:
            surface.send(packet)

    def _indices(self, fader: Fader) -> range:
        if fader.address.startswith("/magnet/deck/"):
            return range(1, len(self._live.conductors) + 1)
        if fader.address.startswith("/magnet/scene/"):
            return range(1, 1 + max((*self._live.scenes, 0)))
        return range(1)

    def _write(
        self,
        fader: Fader,
        index: int,
        value: Any,  # noqa: ANN401  # the table's
        surface: Surface | None,
    ) -> None:
        control = self._controls.get(fader.address)
        if control is not None:
            if control.write_by is not None:
                control.write_by(surface, value)
            elif control.write is not None:
                control.write(index, value)
            else:
                raise BadRequest(f"{fader.address} cannot be set here")
            return
        conductor = self._live.conductor(index)
        name = fader.address.rpartition("/")[2]
        if fader.role == "button":
            _PRESS[name](conductor)
        elif name == "take":
            conductor.recall(value - 1)
        else:
            setattr(conductor.state, _ATTRIBUTES.get(name, name), _held(name, value))
            if name in ("level", "mute", "solo"):
                self._live.apply_levels()
            elif name in ("every", "follow"):
                conductor.follow()
            elif name in _OF_A_TAKE:
                conductor.say_later(name)

    def _own_controls(self) -> dict[str, Control]:
        live = self._live

        return {
            "/magnet/scene/N/launch": Control(
                lambda number: live.last_scene == number,
                lambda number, _: live.launch_scene(number),
            ),
            "/magnet/scene/N/store": Control(
                lambda number: number in live.scenes, lambda number, _: live.store_scene(number)
            ),
            "/magnet/mix/level": Control(
                lambda _: live.mix_level_db, lambda _, level_db: live.set_mix_level(level_db)
            ),
            "/magnet/mix/stop": Control(
                lambda _: all(deck.playing is None for deck in live.rig.decks),
                lambda _, __: live.stop(),
            ),
            "/magnet/mix/record": Control(lambda _: False),
            "/magnet/deck/N/capture": Control(lambda _: False),
            "/magnet/input/level": Control(lambda _: round(SILENCE_DB)),
            "/magnet/live/message": Control(lambda _: live.state.message),
            "/magnet/session/save": Control(lambda _: False),
            "/magnet/midi/learn": Control(lambda _: ""),
        }


_OF_A_TAKE = frozenset(
    ("prompt", "bars", "model", "preset", "key", "seed", "temperature", "guidance", "steps")
)
"""Settings that a take is asked for with: moved while one is being made, they hold for the next."""

_ATTRIBUTES = {"every": "every_bars", "level": "level_db"}

_PRESS: dict[str, Callable[[Conductor], None]] = {
    "generate": lambda conductor: conductor.ask(),
    "vary": Conductor.vary,
    "infill": Conductor.infill,
    "continue": Conductor.go_on,
    "loop": Conductor.close_loop,
    "launch": Conductor.launch,
    "stop": Conductor.stop,
    "undo": Conductor.undo,
    "redo": Conductor.redo,
    "keep": Conductor.keep,
}

Read = Callable[[DeckState, Conductor], object]


def _attribute(name: str) -> Read:
    return lambda deck, _: getattr(deck, name)


def _kept(deck: DeckState, _: Conductor) -> bool:
    take = deck.history.current
    return take is not None and take.kept


def _rendering(deck: DeckState, _: Conductor) -> bool:
    return deck.next == "rendering"


_READ_BY_NAME: dict[str, Read] = {
    "seed": lambda deck, _: -1 if deck.seed is None else deck.seed,
    "take": lambda deck, _: deck.history.place + 1,
    "takes": lambda deck, _: len(deck.history.takes),
    "state": lambda deck, _: deck.doing,
    "progress": lambda deck, _: deck.next_clip.fraction if deck.next_clip is not None else 0.0,
    "outputs": lambda _, conductor: conductor.outputs,
    "generate": _rendering,
    "vary": _rendering,
    "infill": _rendering,
    "continue": _rendering,
    "loop": _rendering,
    "launch": lambda deck, _: deck.doing in ("playing", "cued"),
    "stop": lambda deck, _: deck.doing == "fading",
    "undo": lambda deck, _: deck.history.before is not None,
    "redo": lambda deck, _: deck.history.after is not None,
    "keep": _kept,
}

_READ: dict[str, Read] = {
    fader.address: _READ_BY_NAME.get(name, _attribute(_ATTRIBUTES.get(name, name)))
    for fader in FADERS
    if fader.address.startswith("/magnet/deck/")
    for name in (fader.address.rpartition("/")[2],)
}


def _held(name: str, value: Any) -> object:  # noqa: ANN401  # any value of the table
    """A value as the deck's settings hold it."""
    return None if name == "seed" and value < 0 else value


def _wire(value: object) -> OscValue:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else value[: _LONGEST_TEXT - 1] + "…"
    return value if isinstance(value, int | float) else str(value)


def _packet(address: str, value: OscValue) -> bytes:
    """Text of more bytes than a datagram holds was cut by characters: cut it until it fits."""
    packet = encode(address, value)
    while len(packet) > MAX_DATAGRAM_BYTES and isinstance(value, str):
        value = value[: len(value) * 2 // 3] + "…"
        packet = encode(address, value)
    return packet
