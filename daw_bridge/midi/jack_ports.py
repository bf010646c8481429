"""MIDI through JACK itself: each message with its frame, whatever the size of the blocks.

Through the usual library a message over JACK is known to a block at best. JACK knows the frame of
each, and its frames are also what the sound is counted in: nothing is measured that can tremble.
And one client serves all: the usual library makes one for each device, holding Python's lock while
JACK waits for our others, so that the sound stands still whenever a controller is plugged in.
"""

from __future__ import annotations

import importlib
import os
import time
from contextlib import suppress
from types import ModuleType
from typing import Any

from daw_bridge.midi.jack_latency import ToldLatency
from daw_bridge.midi.jack_wires import Hear, JackInput, JackOutput
from daw_bridge.quiet import quiet_libraries

_BACKEND = "MIDO_BACKEND"
_THROUGH_JACK = "mido.backends.rtmidi/UNIX_JACK"
_CLIENT = "magnet-bridge"
_SOUND = "^PortAudio"
"""Whose ports our sound comes out of, as PortAudio names them."""
_NUMBERED = "system:"
_WRAP = 1 << 32


class JackPorts:
    """A client of a JACK server that hears and sends MIDI to the frame.

    Its seconds are the frames that the server has written, so that neither a server that stands
    still for a moment nor the size of its blocks is in them: the clock to read sources by.

    Args:
        module: the package JACK-Client.

    Raises:
        jack.JackError: where there is no server.
    """

    def __init__(self, module: ModuleType) -> None:
        self.errors: type[Exception] = module.JackError
        """What the calls of this class raise where a port, or the server, is gone."""
        self._client = module.Client(_CLIENT, no_start_server=True)
        self._rate_hz: int = self._client.samplerate
        self._block = (0, 0)  # the first frame of the block that is written now, and of the next
        self._cycle = (0, 0)  # JACK's own number of its first frame, and ours
        self._offset: int | None = None
        self._last_seconds = 0.0
        self._since_gone: float | None = None
        # Replaced whole, never changed in place: JACK's thread reads them.
        self._inputs: tuple[JackInput, ...] = ()
        self._outputs: tuple[JackOutput, ...] = ()
        self._n_ports = 0
        self.fault = ""
        """What went wrong in JACK's thread, as a sentence; empty while all is well."""
        self._latency: ToldLatency | None = None
        with suppress(AttributeError, OSError):
            self._latency = ToldLatency(module, self._client, self._inports)
        self._client.set_process_callback(self._process)
        self._client.set_shutdown_callback(self._shut_down)
        self._client.activate()

    def seconds(self) -> float:
        """Now, in frames of the server; on the computer's clock once that is gone."""
        if self._since_gone is not None:
            return time.perf_counter() - self._since_gone
        first, following = self._block
        frame = min(first + self._client.frames_since_cycle_start, following)
        # The block may have ended between the two: time does not go back for that.
        self._last_seconds = max(self._last_seconds, frame / self._rate_hz)
        return self._last_seconds

    @property
    def block_seconds(self) -> float:
        """How long a block of the server lasts."""
        first, following = self._block
        return (following - first) / self._rate_hz

    def cycle_frame(self) -> int:
        """JACK's own number of the first frame of its present cycle: for all its clients alike."""
        frame: int = self._client.last_frame_time
        return frame

    def heard_sample(
        self, cycle: tuple[int, int] | None, latency_seconds: float, otherwise: int
    ) -> int:
        """The sample of a stream of this server that is heard now.

        Exact, where a stream's own time is read a moment after its callback was asked for.

        Args:
            cycle: of the stream's newest cycle, its ``cycle_frame`` and the sample written there.
            latency_seconds: from writing a sample until it is heard.
            otherwise: what holds where that is not known.
        """
        if cycle is None or self._since_gone is not None:
            return otherwise
        own, apart = self._cycle, (cycle[0] - self._cycle[0] + _WRAP // 2) % _WRAP - _WRAP // 2
        if abs(apart) <= 2 * (self._block[1] - self._block[0]):  # else JACK lost some in between
            self._offset = cycle[1] - apart - own[1]
        if self._offset is None:
            return otherwise
        written = round((self.seconds() - latency_seconds) * self._rate_hz) + self._offset
        return max(0, written)

    def senders(self) -> tuple[str, ...]:
        """The ports of others that send MIDI."""
        return self._others(is_output=True)

    def receivers(self) -> tuple[str, ...]:
        """The ports of others that take MIDI."""
        return self._others(is_input=True)

    def shown(self, name: str) -> str:
        """How a musician knows a port: those of a card, which are only numbered, by an alias."""
        if not name.startswith(_NUMBERED):
            return name
        with suppress(self.errors):
            aliases: list[str] = self._client.get_port_by_name(name).aliases
            return next((alias for alias in aliases if not alias.startswith(_NUMBERED)), name)
        return name

    def connect_from(self, name: str, hear: Hear, later_seconds: float = 0.0) -> None:
        """Let somebody hear a port; nothing happens where that one hears it already.

        Args:
            name: which one.
            hear: called in JACK's own thread.
            later_seconds: how much later than its frame a message of a program is meant: its
                sound takes as long to be heard. What comes from a device is meant at once.

        Raises:
            jack.JackError: where it is gone, or the server is.
        """
        found = [one for one in self._inputs if one.name == name]
        if not found:
            physical = self._client.get_port_by_name(name).is_physical
            port = self._client.midi_inports.register(self._name("in"))
            found = [JackInput(name, port, self._rate_hz, is_physical=physical)]
            self._join(name, port, port)
            self._inputs = (*self._inputs, *found)
        found[0].add(hear, later_seconds)

    def disconnect_from(self, name: str, hear: Hear) -> None:
        """Let somebody no longer hear a port."""
        for one in [one for one in self._inputs if one.name == name]:
            one.remove(hear)
            if not one.is_heard:
                self._drop(one)

    def connect_to(self, name: str, later_seconds: float = 0.0) -> JackOutput:
        """Open a port to send to; ``later_seconds`` and errors as for ``connect_from``."""
        physical = self._client.get_port_by_name(name).is_physical
        port = self._client.midi_outports.register(self._name("out"))
        self._join(port, name, port)
        output = JackOutput(port, self._rate_hz, 0.0 if physical else later_seconds)
        self._outputs = (*self._outputs, output)
        return output

    def keep(self, names: tuple[str, ...]) -> None:
        """Let go of ports that are gone."""
        for one in [one for one in self._inputs if one.name not in names]:
            self._drop(one)

    def tell_latency(self, latency_seconds: float) -> None:
        """Let senders know how long after its frame a message to us is heard.

        Args:
            latency_seconds: from the instant at which our sound is written until it is heard. It is
                told where our sound goes to the card. Where it goes to programs alone, what counts
                is when they take it, and that is at once: a DAW records it on its own beats.
        """
        if self._latency is None or self._since_gone is not None:
            return
        ports = self._client.get_ports(_SOUND, is_audio=True, is_output=True)
        taken_by = [one for port in ports for one in self._client.get_all_connections(port)]
        is_heard = any(one.is_physical for one in taken_by)
        self._latency.tell(round(latency_seconds * self._rate_hz) if is_heard else 0)

    def let_go(self, output: JackOutput) -> None:
        """Send nothing more there."""
        self._outputs = tuple(one for one in self._outputs if one is not output)
        self._unregister(output)

    def close(self) -> None:
        """Leave the server."""
        if self._since_gone is None:
            self._client.deactivate()
            self._client.close()

    def _join(self, source: object, to: object, own: Any) -> None:  # noqa: ANN401  # no types
        """Connect two ports, or let go of our own where that cannot be."""
        try:
            self._client.connect(source, to)
        except self.errors:
            own.unregister()
            raise

    def _others(self, **kind: bool) -> tuple[str, ...]:
        if self._since_gone is not None:
            return ()
        own = f"{self._client.name}:"
        ports = self._client.get_ports(is_midi=True, **kind)
        return tuple(port.name for port in ports if not port.name.startswith(own))

    def _inports(self) -> list[object]:
        return [one.port for one in self._inputs]

    def _name(self, kind: str) -> str:
        self._n_ports += 1
        return f"{kind}_{self._n_ports}"

    def _drop(self, wire: JackInput) -> None:
        self._inputs = tuple(one for one in self._inputs if one is not wire)
        self._unregister(wire)

    def _unregister(self, wire: JackInput | JackOutput) -> None:
        if self._since_gone is None:
            wire.port.unregister()

    def _shut_down(self, status: object, reason: str) -> None:
        del status, reason
        self._since_gone = time.perf_counter() - self._last_seconds

    def _process(self, n_frames: int) -> None:
        first = self._block[1]
        self._cycle = (self._client.last_frame_time, first)
        self._block = (first, first + n_frames)
        try:
            self._pass_on(first, n_frames)
        except Exception as error:  # noqa: BLE001  # the door of JACK's thread: it goes on
            self.fault = f"MIDI over JACK failed: {error!r}"

    def _pass_on(self, first: int, n_frames: int) -> None:
        for wire in self._inputs:
            wire.read(first)
        for output in self._outputs:
            output.write(first, n_frames)


def jack_ports() -> JackPorts | None:
    """JACK's own MIDI, where MIDI goes through JACK and the package is there; else None."""
    if not is_wanted():
        return None
    try:
        with quiet_libraries():
            module = importlib.import_module("jack")
    except (ImportError, OSError):  # no package; no libjack
        return None
    try:
        with quiet_libraries():
            return JackPorts(module)
    except module.JackError:
        return None


def is_wanted() -> bool:
    """Whether MIDI goes through JACK here."""
    return "JACK" in os.environ.get(_BACKEND, "")


def choose_api(api: str) -> None:
    """Let MIDI go where a setting says; to be called before anything of mido's is used.

    mido itself is told by a variable, which stands where nothing else is said.

    Args:
        api: ``jack``, ``system``, or empty for what the variable says.
    """
    if api == "jack":
        os.environ[_BACKEND] = _THROUGH_JACK
    elif api == "system" and is_wanted():
        del os.environ[_BACKEND]
