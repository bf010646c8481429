"""The MIDI devices that are there now, each with its map; they come and go while music plays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from daw_bridge.midi.device_map import DeviceMap, MidiBytes, Setting
from daw_bridge.midi.engine import Action, MapEngine
from daw_bridge.midi.learn import Learner
from daw_bridge.midi.learned_file import save_learned
from daw_bridge.midi.ports import InputPort, MidiBackend, MidiPorts, OutputPort
from daw_bridge.midi.shelf import MapShelf
from osc_server.contract.errors import DeviceUnavailable, MagnetError

if TYPE_CHECKING:
    import mido

LOOK_SECONDS = 0.5
"""How often the hub looks for devices that came or went, and for maps that were edited."""
Learned = Callable[[Path | None], None]
Listener = Callable[[str, "mido.Message"], None]


@dataclass(slots=True)
class _Device:
    """An input that is open, the output of the same device if it has one, and its map."""

    input: InputPort
    output: OutputPort | None = None
    output_name: str = ""
    engine: MapEngine | None = None


class MidiHub:
    """Plays the map of every device that has one.

    Everything runs in one thread: the backend hands messages over to it.

    Args:
        backend: the system's MIDI.
        shelf: the maps.
        act: carries out what a control asks for.
        say: tells the musician a sentence.
        hears_all: also open ports that no map plays, so that listeners hear them.
        hears: whether a port is opened though no map plays it, for somebody else, such as a clock.
    """

    def __init__(
        self,
        backend: MidiBackend,
        shelf: MapShelf,
        act: Callable[[Action], None],
        say: Callable[[str], None],
        *,
        hears_all: bool = False,
        hears: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._backend = backend
        self._shelf = shelf
        self._act = act
        self._say = say
        self._hears_all = hears_all
        self._hears = hears
        self._devices: dict[str, _Device] = {}
        self._refused: set[str] = set()  # inputs of which it was said that they cannot be opened
        self._dark: set[str] = set()  # outputs, the same
        self._values: dict[str, Setting] = {}
        self._learner: Learner | None = None
        self._learned: Learned | None = None
        self._listeners: list[Listener] = []
        self._ports = MidiPorts((), ())

    @property
    def playing(self) -> dict[str, DeviceMap]:
        """The map of each port that is played now."""
        return {name: d.engine.map for name, d in self._devices.items() if d.engine is not None}

    @property
    def learning(self) -> str:
        """The address that is being learned; empty where none is."""
        return self._learner.address if self._learner is not None else ""

    @property
    def _hears_unmapped(self) -> bool:
        return self._hears_all or self._learner is not None

    def listen(self, listener: Listener) -> None:
        """Let somebody else hear every message of the ports that are open, such as a clock."""
        self._listeners.append(listener)

    async def watch(
        self, look_seconds: float = LOOK_SECONDS, look: Callable[[MidiPorts], None] | None = None
    ) -> None:
        """Look for devices again and again, until cancelled.

        Args:
            look_seconds: how often.
            look: is told the ports each time.

        Raises:
            DeviceUnavailable: where there is no MIDI at all, with what to do.
        """
        ports = self._backend.ports()
        while True:
            self.update(ports)
            if look is not None:
                look(ports)
            await asyncio.sleep(look_seconds)
            with suppress(DeviceUnavailable):  # a system that is busy now is asked again
                ports = self._backend.ports()

    def update(self, ports: MidiPorts) -> None:
        """Take note of the ports that are there, and of maps that were edited."""
        self._ports = ports
        if self._shelf.refresh():
            for problem in self._shelf.problems:
                self._say(problem)
        self._refused &= set(ports.inputs)
        self._dark &= set(ports.outputs)
        for name in [name for name in self._devices if name not in ports.inputs]:
            self._lose(name, "is gone; the music goes on, and it plays again once it is back")
        assigned = self._shelf.assign(ports.inputs)
        for name in ports.inputs:
            device_map = assigned.get(name)
            device = self._devices.get(name)
            if device is not None and device.engine is not None and device_map is None:
                self._drop(name)
                device = None
            wanted = device_map is not None or self._hears_unmapped
            if device is None and (wanted or self._hears(name)):
                device = self._open(name)
                if device is not None and device_map is None and wanted:
                    self._say(f"{name} is heard; no map plays it")
            if device is not None and device_map is not None:
                self._play(name, device, device_map, ports)

    def show(self, address: str, value: Setting) -> None:
        """Take note of a value that holds now; lights follow it, faders elsewhere let go of it."""
        self._values[address] = value
        for name, device in list(self._devices.items()):
            if device.engine is not None:
                self._send(name, device, device.engine.show(address, value))

    def learn(
        self, address: str, value: Setting | None = None, learned: Learned | None = None
    ) -> None:
        """Give this parameter to the next control that is moved, on any device.

        While it listens nothing else is played.

        Args:
            address: what the control shall do.
            value: what a press shall set it to, where it needs a value.
            learned: is told the file in which it is kept, or None where it could not be kept.

        Raises:
            BadRequest: where the address cannot be learned; what was being learned goes on.
        """
        self._learner, self._learned = Learner(address, value), learned
        plug = "" if self._ports.inputs else " (no controller is plugged in yet)"
        self._say(f"move a control for {address}{plug}")
        self.update(self._ports)

    def forget_learning(self) -> None:
        """Learn nothing after all."""
        self._learner = self._learned = None
        if self._hears_all:
            return
        for name in [name for name, device in self._devices.items() if device.engine is None]:
            if not self._hears(name):
                self._drop(name)

    def close(self) -> None:
        """Give every device back as it was."""
        for name in list(self._devices):
            self._drop(name)

    def _open(self, name: str) -> _Device | None:
        try:
            opened = self._backend.open_input(name, partial(self._heard, name))
        except DeviceUnavailable as error:
            if name not in self._refused:  # once is enough
                self._refused.add(name)
                self._say(str(error))
            return None
        self._refused.discard(name)
        device = self._devices[name] = _Device(opened)
        return device

    def _play(self, name: str, device: _Device, device_map: DeviceMap, ports: MidiPorts) -> None:
        """Give a device its map, and its lights as soon as they can be had."""
        was_dark = device.output is None
        if was_dark and device_map.is_lit:
            self._open_output(device, name, device_map, ports)
        if device.engine is not None and device.engine.map == device_map:
            if was_dark and device.output is not None:  # it came a moment after its input
                self._send(name, device, device.engine.opening())
            return
        is_new = device.engine is None
        if device.engine is not None:
            self._send(name, device, device.engine.closing())
        device.engine = MapEngine(device_map, self._values)
        self._send(name, device, device.engine.opening())
        if name in self._devices:
            self._say(f"{name} plays {device_map.name}" + ("" if is_new else " as it is now"))

    def _open_output(
        self, device: _Device, name: str, device_map: DeviceMap, ports: MidiPorts
    ) -> None:
        taken = {other.output_name for other in self._devices.values()}
        found = [
            (rank, port != name, index, port)
            for index, port in enumerate(ports.outputs)
            if port not in taken and (rank := device_map.rank(port)) is not None
        ]
        if not found:
            return
        *_, device.output_name = min(found)
        try:
            device.output = self._backend.open_output(device.output_name)
            self._dark.discard(device.output_name)
        except DeviceUnavailable as error:
            if device.output_name not in self._dark:
                self._dark.add(device.output_name)
                self._say(f"{error}; it plays without lights")
            device.output_name = ""

    def _heard(self, name: str, message: mido.Message) -> None:
        for listener in self._listeners:
            listener(name, message)
        device = self._devices.get(name)
        if device is None:  # a last message of one that was let go
            return
        if self._learner is not None:
            self._learn_from(name, self._learner, message)
        elif device.engine is not None:
            for action in device.engine.receive(message):
                try:
                    self._act(action)
                except MagnetError as error:
                    self._say(str(error))

    def _learn_from(self, name: str, learner: Learner, message: mido.Message) -> None:
        control = learner.hear(name, message)
        if control is None:
            return
        learned = self._learned or (lambda path: None)
        self.forget_learning()
        try:
            path = save_learned(self._shelf.own_folder, name, control)
        except MagnetError as error:
            self._say(str(error))
            learned(None)
            return
        source = control.source
        number = "" if source.kind == "pitchbend" else f" {source.number}"
        self._say(
            f"{control.address} is on {source.kind}{number}, channel {source.channel}, of {name}: "
            f"kept in {path}"
        )
        learned(path)
        self.update(self._ports)

    def _send(self, name: str, device: _Device, messages: tuple[MidiBytes, ...]) -> None:
        if device.output is None:
            return
        try:
            for message in messages:
                device.output.send(message)
        except DeviceUnavailable:
            self._lose(name, "takes nothing any more; it is opened again as soon as it can be")

    def _lose(self, name: str, what: str) -> None:
        device = self._devices.pop(name)
        if device.engine is not None:
            self._say(f"{name} {what}")
        _close(device)

    def _drop(self, name: str) -> None:
        device = self._devices.pop(name)
        if device.engine is not None and device.output is not None:
            with suppress(DeviceUnavailable):
                for message in device.engine.closing():
                    device.output.send(message)
        _close(device)


def _close(device: _Device) -> None:
    device.input.close()
    if device.output is not None:
        device.output.close()
