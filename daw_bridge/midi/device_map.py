"""What a map says: which control of which device does what, and what its lights show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from daw_bridge.midi.scale import Scale

SourceKind = Literal["note", "cc", "cc14", "nrpn", "program", "pitchbend"]
SOURCE_KINDS: tuple[SourceKind, ...] = ("note", "cc", "cc14", "nrpn", "program", "pitchbend")
LAST_NUMBER: Mapping[SourceKind, int] = {
    "note": 127,
    "cc": 127,
    "cc14": 31,
    "nrpn": 16383,
    "program": 127,
    "pitchbend": 0,
}
"""The greatest number of each kind; numbers are those of the wire, from 0."""
Mode = Literal["press", "toggle", "hold", "turn"]
MODES: tuple[Mode, ...] = ("press", "toggle", "hold", "turn")
Relative = Literal["twos-complement", "offset-64", "sign-bit"]
RELATIVES: tuple[Relative, ...] = ("twos-complement", "offset-64", "sign-bit")
MidiBytes = tuple[int, ...]
"""One whole MIDI message, status byte first."""
Setting = float | int | str
"""A value of the fader dialect."""


@dataclass(frozen=True, slots=True)
class Source:
    """A control of a device, as its messages name it.

    Attributes:
        kind: of message.
        number: of the note, controller, NRPN or program; 0 for pitch bend.
        channel: 1 to 16; None = any.
    """

    kind: SourceKind
    number: int
    channel: int | None = None

    def takes(self, channel: int) -> bool:
        """Whether a message on this channel (1 to 16) is meant."""
        return self.channel is None or self.channel == channel


@dataclass(frozen=True, slots=True)
class Light:
    """One message to a light.

    Attributes:
        value: velocity or controller value: brightness or colour, as the device has it.
        channel: 1 to 16; None = the control's own. On many devices it says how the light moves.
    """

    value: int
    channel: int | None = None


Palette = Mapping[str, tuple[Light, ...]]
"""What to send for each word that a value can be; ``on`` and ``off`` for switches and numbers."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """What the light of a control shows.

    Attributes:
        address: whose value.
        palette: by the value's word; None = the value's place on the control's travel, 0 to 127.
    """

    address: str
    palette: Palette | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """One control and what it does.

    Attributes:
        source: the control.
        address: what it sets or presses, in the fader dialect.
        mode: ``press`` sends ``value`` when pressed; ``toggle`` turns a switch over; ``hold`` is on
            while held; ``turn`` sends where it stands.
        value: what a press sends.
        scale: what a turn stands for.
        pickup: whether a turn does nothing until it meets the value that holds (soft takeover).
        relative: how an endless knob says which way it turned; None = it says where it stands.
        lamp: what its light shows; None = it is left alone.
    """

    source: Source
    address: str
    mode: Mode = "press"
    value: Setting = 1
    scale: Scale = field(default_factory=Scale)
    pickup: bool = True
    relative: Relative | None = None
    lamp: Lamp | None = None


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """A map: one kind of device.

    Attributes:
        name: of the device, for people.
        devices: patterns of port names (``*`` any text, ``?`` any letter; case does not matter),
            the best first.
        controls: what its controls do.
        description: one line on what plays what.
        document: the maker's document that the lights follow; empty where it has none.
        opening: messages that make the device ready.
        closing: messages that make it what it was.
    """

    name: str
    devices: tuple[str, ...]
    controls: tuple[Control, ...]
    description: str = ""
    document: str = ""
    opening: tuple[MidiBytes, ...] = ()
    closing: tuple[MidiBytes, ...] = ()

    @property
    def is_lit(self) -> bool:
        """Whether there is anything to send to the device."""
        lamps = any(control.lamp is not None for control in self.controls)
        return lamps or bool(self.opening or self.closing)

    def rank(self, port: str) -> int | None:
        """Which of its patterns a port's name meets first, from 0; None where it meets none."""
        for index, pattern in enumerate(self.devices):
            if fnmatchcase(port.lower(), pattern.lower()):
                return index
        return None

    def under(self, other: DeviceMap) -> DeviceMap:
        """This map with another laid over it, which has its way where both know a control."""
        taken = {control.source for control in other.controls}
        rest = tuple(control for control in self.controls if control.source not in taken)
        return DeviceMap(
            f"{self.name} + {other.name}",
            self.devices,
            other.controls + rest,
            self.description,
            self.document,
            self.opening + other.opening,
            other.closing + self.closing,
        )
