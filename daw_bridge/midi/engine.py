"""The mapping engine: MIDI messages in, actions out; values in, messages for the lights out.

It opens nothing, waits for nothing and asks no clock: what it answers depends on what it was told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daw_bridge.midi.device_map import Control, DeviceMap, MidiBytes, Relative, Setting
from daw_bridge.midi.lamps import LampBoard
from daw_bridge.midi.moves import Move, MoveReader
from daw_bridge.midi.pickup import Pickup

if TYPE_CHECKING:
    import mido

_DEFAULT_CLICKS = 128
"""Clicks of an endless knob from end to end, where the map gives no step."""
_ON = 1
_OFF = 0


@dataclass(frozen=True, slots=True)
class Action:
    """What a control asks for, in the fader dialect.

    Attributes:
        address: such as ``/magnet/deck/1/level``.
        value: its one argument.
    """

    address: str
    value: Setting


class MapEngine:
    """Plays one map on one device.

    Args:
        device_map: what its controls do.
        values: what holds already, by address, as far as it is known.
    """

    def __init__(self, device_map: DeviceMap, values: Mapping[str, Setting] | None = None) -> None:
        self._map = device_map
        self._reader = MoveReader()
        self._values: dict[str, Setting] = dict(values or {})
        self._by_source: dict[tuple[str, int], list[int]] = defaultdict(list)
        for index, control in enumerate(device_map.controls):
            self._by_source[control.source.kind, control.source.number].append(index)
        self._turned_by_address: dict[str, list[int]] = defaultdict(list)
        self._pickups: dict[int, Pickup] = {}
        for index, control in enumerate(device_map.controls):
            if control.mode == "turn" and control.pickup and control.relative is None:
                self._pickups[index] = Pickup()
                self._turned_by_address[control.address].append(index)
        self._down: set[int] = set()
        self._lamps = LampBoard(device_map.controls)

    @property
    def map(self) -> DeviceMap:
        """What it plays."""
        return self._map

    def opening(self) -> tuple[MidiBytes, ...]:
        """What a device has to be told when it appears: its mode, and every light."""
        self._lamps.forget()
        lights = tuple(
            message
            for address in self._lamps.addresses
            for message in self._lamps.show(address, self._values.get(address, _OFF))
        )
        return self._map.opening + lights

    def closing(self) -> tuple[MidiBytes, ...]:
        """What a device has to be told before it is let go: lights out, and its own mode."""
        return self._lamps.dark() + self._map.closing

    def receive(self, message: mido.Message) -> tuple[Action, ...]:
        """What a message asks for; nothing where the map does not know its control."""
        actions = []
        for move in self._reader.read(message):
            for index in self._by_source.get((move.kind, move.number), ()):
                if self._map.controls[index].source.takes(move.channel):
                    action = self._action(index, move)
                    if action is not None:
                        actions.append(action)
        return tuple(actions)

    def show(self, address: str, value: Setting) -> tuple[MidiBytes, ...]:
        """Take note of a value that holds now, whoever set it.

        Returns:
            What the device's lights have to be told.
        """
        self._values[address] = value
        for index in self._turned_by_address.get(address, ()):
            if isinstance(value, int | float):
                position = self._map.controls[index].scale.position_of(value)
                self._pickups[index].settle(position)
        return self._lamps.show(address, value)

    def _action(self, index: int, move: Move) -> Action | None:
        control = self._map.controls[index]
        if control.mode == "turn":
            value = self._turned(index, control, move)
            return None if value is None else self._set(control.address, value)
        if move.kind == "program":
            return Action(control.address, control.value)
        was_down = index in self._down
        if move.is_down == was_down:
            return None
        (self._down.add if move.is_down else self._down.discard)(index)
        if control.mode == "hold":
            return self._set(control.address, _ON if move.is_down else _OFF)
        if not move.is_down:
            return None
        if control.mode == "toggle":
            return self._set(control.address, _OFF if self._values.get(control.address) else _ON)
        return Action(control.address, control.value)

    def _set(self, address: str, value: float) -> Action:
        """The next move goes on from here, before the news of this one is back."""
        self._values[address] = value
        return Action(address, value)

    def _turned(self, index: int, control: Control, move: Move) -> float | None:
        if move.kind == "note" and not move.is_down:
            return None  # the velocity was said when it was hit
        known = self._values.get(control.address)
        holding = float(known) if isinstance(known, int | float) else None
        if control.relative is not None:
            return None if holding is None else _clicked(control, holding, move.raw)
        if (pickup := self._pickups.get(index)) is not None:
            target = None if holding is None else control.scale.position_of(holding)
            if not pickup.moves(move.position, move.step, target):
                return None
        value = control.scale.value_at(move.position)
        return None if value == holding else value


def _clicked(control: Control, holding: float, raw: int) -> float | None:
    """The value after an endless knob was turned; None where it stands at its end."""
    scale = control.scale
    clicks = clicks_of(raw, control.relative or "twos-complement")
    if scale.step:
        low, high = min(scale.low, scale.high), max(scale.low, scale.high)
        direction = 1 if scale.high >= scale.low else -1
        value = min(max(holding + direction * clicks * scale.step, low), high)
    else:
        position = scale.position_of(holding) + clicks / _DEFAULT_CLICKS
        value = scale.value_at(min(max(position, 0.0), 1.0))
    return None if value == holding else value


def clicks_of(raw: int, relative: Relative) -> int:
    """How far an endless knob was turned: clicks to the right, negative to the left."""
    if relative == "offset-64":
        return raw - 64
    if raw < 64:
        return raw
    return 64 - raw if relative == "sign-bit" else raw - 128
