"""The MIDI ports of this computer: which there are, and opening them. mido lives here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from daw_bridge.midi.device_map import MidiBytes
from daw_bridge.quiet import quiet_libraries
from osc_server.contract.errors import DeviceUnavailable

if TYPE_CHECKING:
    import mido

OnMessage = Callable[["mido.Message"], None]


@dataclass(frozen=True, slots=True)
class MidiPorts:
    """The names of the MIDI ports of this computer."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class InputPort(Protocol):
    """A port that is heard."""

    def close(self) -> None:
        """Hear no more."""


class OutputPort(Protocol):
    """A port that can be told something."""

    def send(self, message: MidiBytes) -> None:
        """Send one message. Raises DeviceUnavailable where the device is gone."""

    def close(self) -> None:
        """Let it go."""


class MidiBackend(Protocol):
    """A system's MIDI. Every method raises DeviceUnavailable where it gives no access."""

    def ports(self) -> MidiPorts:
        """Which ports there are now."""

    def open_input(self, name: str, on_message: OnMessage) -> InputPort:
        """Hear a port from now on."""

    def open_output(self, name: str) -> OutputPort:
        """Open a port to send to."""


class MidoBackend:
    """The system's MIDI through mido: ALSA, Core MIDI, Windows, or JACK by --midi-api.

    Args:
        hand_over: takes work from the library's own thread to the one that shall do it, such as
            ``loop.call_soon_threadsafe``.
        tap: hears every message of a port that is open, by its name, in the library's own thread:
            whoever has to know to the millisecond when it came.
    """

    def __init__(
        self,
        hand_over: Callable[[Callable[[], None]], object],
        tap: Callable[[str, mido.Message], None] | None = None,
    ) -> None:
        self._hand_over = hand_over
        self._tap = tap
        self._own: set[str] = set()
        self._listers: tuple[_Lister, _Lister] | None = None

    def ports(self) -> MidiPorts:
        """Which ports there are now. Raises DeviceUnavailable where there is no MIDI.

        Always from the same thread: Core MIDI tells of new devices only the one that asked first.
        """
        try:
            if self._listers is None:
                with quiet_libraries():
                    self._listers = _listers()
            if self._listers is not None:
                return self._others(*(lister.get_ports() for lister in self._listers))
        except _library_errors() as error:
            self._listers = None
            raise _no_midi(error) from error
        return _ports()

    def open_input(self, name: str, on_message: OnMessage) -> InputPort:
        """Hear a port from now on. Raises DeviceUnavailable where it is gone or taken."""
        import mido

        def heard(message: mido.Message) -> None:
            if self._tap is not None:
                self._tap(name, message)
            self._hand_over(partial(on_message, message))

        try:
            with self._noting_own():
                port: InputPort = mido.open_input(name, callback=heard)
        except _library_errors() as error:
            raise _taken(name, error) from error
        return port

    def open_output(self, name: str) -> OutputPort:
        """Open a port to send to. Raises DeviceUnavailable where it is gone or taken."""
        import mido

        try:
            with self._noting_own():
                return _MidoOutput(name, mido.open_output(name))
        except _library_errors() as error:
            raise _taken(name, error) from error

    @contextmanager
    def _noting_own(self) -> Iterator[None]:
        """Take note of the ports that come with one that is opened.

        With ALSA and JACK our own end of a connection is a port too, which we would hear ourselves
        by.
        """
        if self._listers is None:
            yield
            return
        before = self.ports()
        yield
        after = self.ports()
        self._own |= {*after.inputs, *after.outputs} - {*before.inputs, *before.outputs}

    def _others(self, inputs: list[str], outputs: list[str]) -> MidiPorts:
        self._own &= {*inputs, *outputs}
        return MidiPorts(
            tuple(name for name in inputs if name not in self._own),
            tuple(name for name in outputs if name not in self._own),
        )


class _Lister(Protocol):
    """A client of the system's MIDI that is there to be asked for ports."""

    def get_ports(self) -> list[str]:
        """Their names."""


def _listers() -> tuple[_Lister, _Lister] | None:
    """Clients that stay, for inputs and outputs; None where mido plays through something else.

    mido makes two new clients whenever it is asked for names. With JACK that takes half a second
    and rearranges its graph, and a hub asks again and again.
    """
    import mido

    if mido.backend.name != "mido.backends.rtmidi":
        return None
    import rtmidi

    api = getattr(rtmidi, f"API_{mido.backend.api}", rtmidi.API_UNSPECIFIED)
    return rtmidi.MidiIn(rtapi=api), rtmidi.MidiOut(rtapi=api)


class _MidoOutput:
    def __init__(self, name: str, port: mido.ports.BaseOutput) -> None:
        self._name = name
        self._port = port

    def send(self, message: MidiBytes) -> None:
        import mido

        try:
            self._port.send(mido.Message.from_bytes(message))
        except _library_errors() as error:
            raise _taken(self._name, error) from error

    def close(self) -> None:
        self._port.close()


def system_ports() -> MidiPorts:
    """The system's MIDI ports, once; what libraries write about it is not heard.

    Raises:
        DeviceUnavailable: where the system gives no access to MIDI, with what to do.
    """
    with quiet_libraries():
        return _ports()


def _ports() -> MidiPorts:
    try:
        import mido

        return MidiPorts(tuple(mido.get_input_names()), tuple(mido.get_output_names()))
    except (ImportError, OSError, SystemError) as error:  # rtmidi raises SystemError
        raise _no_midi(error) from error


def _no_midi(error: Exception) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"no MIDI here ({error}): on Linux the ALSA sequencer must be there "
        "(modprobe snd-seq), or JACK: --midi-api jack"
    )


def _library_errors() -> tuple[type[Exception], ...]:
    """What mido raises, and what rtmidi raises through it; other backends raise OSError."""
    try:
        import rtmidi
    except ImportError:
        return (ImportError, OSError, SystemError)
    return (ImportError, OSError, SystemError, rtmidi.RtMidiError)


def _taken(name: str, error: Exception) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"MIDI port {name!r} cannot be used ({error}): plug the device in again, and close other "
        "programs that use it (on Windows only one at a time can)"
    )
