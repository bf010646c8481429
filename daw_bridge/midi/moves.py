"""From MIDI messages to what a hand did: pressed, let go, moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daw_bridge.midi.device_map import SourceKind

if TYPE_CHECKING:
    import mido

_NRPN_LSB, _NRPN_MSB, _RPN_LSB, _RPN_MSB = 98, 99, 100, 101
_DATA_MSB, _DATA_LSB = 6, 38
_FIRST_LSB = 32
_LAST_LSB = 63
_TOP_7 = 127
_TOP_14 = 16383
_NONE = 127
"""Both bytes of the number that selects no parameter."""


@dataclass(frozen=True, slots=True)
class Move:
    """What a hand did with one control.

    Attributes:
        kind: of control.
        number: its number; 0 for pitch bend.
        channel: 1 to 16.
        position: where it stands now, from 0 to 1; of a note its velocity, 0 when let go.
        step: the smallest way it can go.
        raw: the 7-bit value, for endless knobs.
    """

    kind: SourceKind
    number: int
    channel: int
    position: float
    step: float = 1 / _TOP_7
    raw: int = 0

    @property
    def is_down(self) -> bool:
        """Whether it counts as pressed: a note by any velocity, the rest from the middle up."""
        return self.position > 0 if self.kind == "note" else self.position >= 0.5


class MoveReader:
    """Reads the messages of one device in the order in which they come.

    What takes several messages (14-bit controllers, NRPN, after MIDI 1.0) is a move once it is
    whole. A controller that may be half of such a pair is a move of its own as well: the map says
    which of the two is meant.
    """

    def __init__(self) -> None:
        self._coarse: dict[tuple[int, int], int] = {}  # by channel and controller
        self._selected: dict[int, tuple[int, int]] = {}  # NRPN by channel: MSB, LSB
        self._data: dict[int, int] = {}  # data entry MSB by channel
        self._fine: set[tuple[int, int]] = set()  # NRPNs that send an LSB

    def read(self, message: mido.Message) -> tuple[Move, ...]:
        """The moves that a message completes; none for clocks, SysEx and the like."""
        if message.type in ("note_on", "note_off"):
            velocity = message.velocity if message.type == "note_on" else 0
            return (self._move("note", message.note, message.channel, velocity),)
        if message.type == "control_change":
            return self._controller(message.channel, message.control, message.value)
        if message.type == "program_change":
            return (self._move("program", message.program, message.channel, _TOP_7),)
        if message.type == "pitchwheel":
            position = (message.pitch + 8192) / _TOP_14
            return (Move("pitchbend", 0, message.channel + 1, position, 1 / _TOP_14),)
        return ()

    def is_selected(self, channel: int) -> bool:
        """Whether data entry on this channel (1 to 16) belongs to an NRPN."""
        return channel - 1 in self._selected

    @staticmethod
    def _move(kind: SourceKind, number: int, channel: int, value: int) -> Move:
        return Move(kind, number, channel + 1, value / _TOP_7, raw=value)

    def _controller(self, channel: int, control: int, value: int) -> tuple[Move, ...]:
        moves = [self._move("cc", control, channel, value)]
        if control < _FIRST_LSB:
            self._coarse[channel, control] = value
        elif control <= _LAST_LSB and (channel, control - _FIRST_LSB) in self._coarse:
            coarse = self._coarse[channel, control - _FIRST_LSB]
            position = (coarse << 7 | value) / _TOP_14
            number = control - _FIRST_LSB
            moves.append(Move("cc14", number, channel + 1, position, 1 / _TOP_14))
        moves += self._parameter(channel, control, value)
        return tuple(moves)

    def _parameter(self, channel: int, control: int, value: int) -> list[Move]:
        if control in (_RPN_LSB, _RPN_MSB):  # data entry is not ours until an NRPN is selected
            self._selected.pop(channel, None)
        elif control in (_NRPN_MSB, _NRPN_LSB):
            high, low = self._selected.get(channel, (0, 0))
            self._selected[channel] = (value, low) if control == _NRPN_MSB else (high, value)
            self._data.pop(channel, None)
        elif control in (_DATA_MSB, _DATA_LSB) and channel in self._selected:
            high, low = self._selected[channel]
            if (high, low) != (_NONE, _NONE):
                return self._data_entry(channel, high << 7 | low, control, value)
        return []

    def _data_entry(self, channel: int, number: int, control: int, value: int) -> list[Move]:
        if control == _DATA_LSB:
            if channel not in self._data:
                return []
            self._fine.add((channel, number))
            position = (self._data[channel] << 7 | value) / _TOP_14
            return [Move("nrpn", number, channel + 1, position, 1 / _TOP_14)]
        self._data[channel] = value
        if (channel, number) in self._fine:  # its LSB follows; without it the value would jump
            return []
        return [self._move("nrpn", number, channel, value)]
