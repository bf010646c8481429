"""MIDI learn: a parameter is chosen, a control is moved, and from then on they belong together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from daw_bridge.midi.device_map import Control, Setting, Source
from daw_bridge.midi.moves import Move, MoveReader
from daw_bridge.midi.scale import Scale
from daw_bridge.midi.targets import check_value, target
from osc_server.contract.errors import BadRequest
from osc_server.contract.faders import Fader

if TYPE_CHECKING:
    import mido

_SELECTS_A_PARAMETER = range(98, 102)
_DATA_ENTRY = (6, 38)
_FIRST_LSB = 32
_USUAL = {
    "level": Scale(-48, 6, bottom=-90),
    "bpm": Scale(60, 180),
    "bars": Scale(1, 16, step=1),
    "temperature": Scale(0.25, 4, "exponential"),
    "guidance": Scale(1, 10),
    "steps": Scale(10, 100, step=1),
    "seed": Scale(0, 127, step=1),
    "infill_from": Scale(0, 16, step=1),
    "infill_to": Scale(0, 16, step=1),
    "every": Scale(0, 16, step=1),
    "take": Scale(1, 16, step=1),
}
"""What a learned knob's travel stands for, where the whole range would be of no use on stage."""


class Learner:
    """Listens until a control is moved that fits the parameter.

    A knob counts once it has stood in two places, so that one stray message does not; a pad or a
    program counts at once.

    Args:
        address: what the control shall do.
        value: what a press shall set it to; None for what a button, switch or number needs.

    Raises:
        BadRequest: where there is no such address, it cannot be set, or it needs a value.
    """

    def __init__(self, address: str, value: Setting | None = None) -> None:
        self._fader = target(address)
        if self._fader.role == "readout":
            raise BadRequest(f"{address} only tells and cannot be set: {self._fader.doc}")
        self._address = address
        self._value = value
        if value is not None:
            check_value(self._fader, value)
        elif not (self._is_pressed() or self._is_turned()):
            raise BadRequest(f"say what a press shall set {address} to: /magnet/midi/learn … VALUE")
        self._readers: dict[str, MoveReader] = defaultdict(MoveReader)
        self._seen: dict[tuple[str, Source], set[float]] = defaultdict(set)

    @property
    def address(self) -> str:
        """What is being learned."""
        return self._address

    def hear(self, port: str, message: mido.Message) -> Control | None:
        """The control that a message decides for; None while nothing is decided.

        Args:
            port: on which it came; several devices may be moved at once.
            message: any.
        """
        reader = self._readers[port]
        for move in reader.read(message):
            if self._fits(move, reader):
                source = Source(move.kind, move.number, move.channel)
                self._seen[port, source].add(move.position)
                if move.kind in ("note", "program") or len(self._seen[port, source]) > 1:
                    return self._control(port, source)
        return None

    def _is_pressed(self) -> bool:
        is_button = self._fader.role == "button"
        return self._value is not None or is_button or self._fader.value.kind == "switch"

    def _is_turned(self) -> bool:
        return self._value is None and self._fader.value.kind in ("number", "integer", "choice")

    def _fits(self, move: Move, reader: MoveReader) -> bool:
        if move.kind == "note":
            return self._is_pressed() and move.is_down
        if move.kind == "program":
            return self._fader.role == "button" or self._value is not None
        if move.kind in ("cc14", "nrpn", "pitchbend"):
            return not self._is_pressed()
        if move.number in _SELECTS_A_PARAMETER:
            return False
        return not (move.number in _DATA_ENTRY and reader.is_selected(move.channel))

    def _control(self, port: str, source: Source) -> Control:
        if source.kind == "cc" and source.number < _FIRST_LSB:
            both = replace(source, kind="cc14")
            if self._seen.get((port, both)):  # its finer half came in between
                source = both
        if not self._is_pressed():
            scale, springs_back = _usual_scale(self._fader), source.kind == "pitchbend"
            return Control(source, self._address, "turn", scale=scale, pickup=not springs_back)
        if self._value is None and self._fader.value.kind == "switch" and not self._is_button():
            if self._seen[port, source] <= {0.0, 1.0} or source.kind == "note":
                return Control(source, self._address, "toggle")
            return Control(source, self._address, "turn", scale=Scale(curve="switch"))
        return Control(source, self._address, "press", 1 if self._value is None else self._value)

    def _is_button(self) -> bool:
        return self._fader.role == "button"


def _usual_scale(fader: Fader) -> Scale:
    parameter = fader.value
    if parameter.kind == "choice":
        return Scale(0, len(parameter.choices) - 1, step=1)
    step = 1.0 if parameter.kind == "integer" else 0.0
    return _USUAL.get(parameter.name, Scale(parameter.low, parameter.high, step=step))
