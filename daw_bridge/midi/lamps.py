"""From values to what a device's lights are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from daw_bridge.midi.device_map import Control, Light, MidiBytes, Setting

_NOTE_ON = 0x90
_CONTROL_CHANGE = 0xB0
_BRIGHTEST = 127
_DARK = (Light(0),)


class LampBoard:
    """The lights of one device: says what has changed, and nothing twice.

    Args:
        controls: of the device's map.
    """

    def __init__(self, controls: Sequence[Control]) -> None:
        self._controls = tuple(controls)
        self._by_address: dict[str, list[int]] = defaultdict(list)
        for index, control in enumerate(controls):
            if control.lamp is not None:
                self._by_address[control.lamp.address].append(index)
        self._told: dict[int, tuple[MidiBytes, ...]] = {}

    @property
    def addresses(self) -> tuple[str, ...]:
        """Whose values its lights show."""
        return tuple(self._by_address)

    def show(self, address: str, value: Setting) -> tuple[MidiBytes, ...]:
        """What to send now that ``address`` holds ``value``."""
        messages: list[MidiBytes] = []
        for index in self._by_address.get(address, ()):
            control = self._controls[index]
            told = tuple(_message(control, light) for light in _lights(control, value))
            if self._told.get(index) != told:
                self._told[index] = told
                messages += told
        return tuple(messages)

    def dark(self) -> tuple[MidiBytes, ...]:
        """What puts every light out."""
        self.forget()
        lit = [control for control in self._controls if control.lamp is not None]
        return tuple(dict.fromkeys(_message(control, _DARK[0]) for control in lit))

    def forget(self) -> None:
        """The device may not show any more what it was told."""
        self._told.clear()


def _lights(control: Control, value: Setting) -> tuple[Light, ...]:
    palette = control.lamp.palette if control.lamp is not None else None
    if palette is None:
        if isinstance(value, str):
            return _DARK
        return (Light(round(control.scale.position_of(value) * _BRIGHTEST)),)
    word = value if isinstance(value, str) else ("on" if value else "off")
    return palette.get(word, palette.get("off", _DARK))


def _message(control: Control, light: Light) -> MidiBytes:
    status = _NOTE_ON if control.source.kind == "note" else _CONTROL_CHANGE
    channel = light.channel or control.source.channel or 1
    return (status | (channel - 1), control.source.number, light.value)
