"""MIDI clock through JACK itself: each message with its frame, whatever the size of the blocks.

Through the usual library a message over JACK is known to a block at best. JACK knows the frame of
each, and its frames are also what the sound is counted in: nothing is measured that can tremble.
"""

from __future__ import annotations

import importlib
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from daw_bridge.midi.device_map import MidiBytes
from daw_bridge.midi.jack_latency import ToldLatency
from daw_bridge.quiet import quiet_libraries

Hear = Callable[[str, bytes, float], None]
"""Takes the bytes of a message of a port, and when it came."""

_CLIENT = "magnet-bridge clock"
_SOUND = "^PortAudio"
"""Whose ports our sound comes out of, as PortAudio names them."""
_WRAP = 1 << 32


class JackPorts:
    """A client of a JACK server that hears and sends MIDI to the frame.

    Its seconds are the frames that the server has written, so that neither a server that stands
    still for a moment nor the size of its blocks is in them: the clock to read sources by.

    Args:
        module: the package JACK-Client.
        hear: called in JACK's own thread.

    Raises:
        jack.JackError: where there is no server.
    """

    def __init__(self, module: ModuleType, hear: Hear) -> None:
        self._client = module.Client(_CLIENT, no_start_server=True)
        self._hear = hear
        self._rate_hz: int = self._client.samplerate
        self._block = (0, 0)  # the first frame of the block that is written now, and of the next
        self._cycle = (0, 0)  # JACK's own number of its first frame, and ours
        self._offset: int | None = None
        self._last_seconds = 0.0
        self._since_gone: float | None = None
        # Replaced whole, never changed in place: JACK's thread reads them.
        self._inputs: tuple[tuple[str, Any, float], ...] = ()
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

    def connect_from(self, name: str, later_seconds: float) -> None:
        """Hear a port.

        Args:
            name: which one.
            later_seconds: how much later than its frame a message of a program is meant: its
                sound takes as long to be heard. What comes from a device is meant at once.
        """
        if name not in (known for known, *_ in self._inputs):
            physical = self._client.get_port_by_name(name).is_physical
            port = self._client.midi_inports.register(self._name("in"))
            self._client.connect(name, port)
            self._inputs = (*self._inputs, (name, port, 0.0 if physical else later_seconds))

    def connect_to(self, name: str, later_seconds: float) -> JackOutput:
        """Open a port to send to; ``later_seconds`` as for ``connect_from``."""
        physical = self._client.get_port_by_name(name).is_physical
        port = self._client.midi_outports.register(self._name("out"))
        self._client.connect(port, name)
        output = JackOutput(port, self._rate_hz, 0.0 if physical else later_seconds)
        self._outputs = (*self._outputs, output)
        return output

    def keep(self, names: tuple[str, ...]) -> None:
        """Let go of ports that are gone."""
        gone = [entry for entry in self._inputs if entry[0] not in names]
        self._inputs = tuple(entry for entry in self._inputs if entry[0] in names)
        for _, port, _ in gone:
            self._unregister(port)

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
        self._unregister(output.port)

    def close(self) -> None:
        """Leave the server."""
        if self._since_gone is None:
            self._client.deactivate()
            self._client.close()

    def _others(self, **kind: bool) -> tuple[str, ...]:
        if self._since_gone is not None:
            return ()
        own = f"{self._client.name}:"
        ports = self._client.get_ports(is_midi=True, **kind)
        return tuple(port.name for port in ports if not port.name.startswith(own))

    def _inports(self) -> list[object]:
        return [port for _, port, _ in self._inputs]

    def _name(self, kind: str) -> str:
        self._n_ports += 1
        return f"{kind}_{self._n_ports}"

    def _unregister(self, port: Any) -> None:  # noqa: ANN401  # the package has no types
        if self._since_gone is None:
            port.unregister()

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
            self.fault = f"MIDI clock over JACK failed: {error!r}"

    def _pass_on(self, first: int, n_frames: int) -> None:
        for name, port, later_seconds in self._inputs:
            for offset, event in port.incoming_midi_events():
                seconds = (first + offset) / self._rate_hz + later_seconds
                self._hear(name, bytes(event), seconds)
        for output in self._outputs:
            output.write(first, n_frames)


class JackOutput:
    """A port that is given messages ahead of time, each with its instant."""

    def __init__(self, port: Any, rate_hz: int, earlier_seconds: float) -> None:  # noqa: ANN401
        self.port = port
        self._rate_hz = rate_hz
        self.earlier_seconds = earlier_seconds
        self._due: deque[tuple[int, bytes]] = deque()
        self._last_frame = 0

    def send_at(self, seconds: float, message: MidiBytes) -> None:
        """Send a message when what sounds at this instant is written, never before the last one."""
        frame = round((seconds - self.earlier_seconds) * self._rate_hz)
        self._last_frame = max(frame, self._last_frame)  # JACK takes events in order
        self._due.append((self._last_frame, bytes(message)))

    def write(self, first: int, n_frames: int) -> None:
        """JACK's thread: what is due in the block that begins with this frame."""
        self.port.clear_buffer()
        while self._due and self._due[0][0] < first + n_frames:
            frame, message = self._due.popleft()
            self.port.write_midi_event(max(0, frame - first), message)


def jack_ports(hear: Hear) -> JackPorts | None:
    """JACK's own MIDI, where MIDI goes through JACK and the package is there; else None."""
    if "JACK" not in os.environ.get("MIDO_BACKEND", ""):
        return None
    try:
        with quiet_libraries():
            module = importlib.import_module("jack")
    except (ImportError, OSError):  # no package; no libjack
        return None
    try:
        with quiet_libraries():
            return JackPorts(module, hear)
    except module.JackError:
        return None
