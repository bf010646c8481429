"""Sound to a real device, through PortAudio."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Protocol

import numpy as np

from daw_bridge.audio.favour import before_the_rest
from daw_bridge.audio.loop import Block
from daw_bridge.audio.mixer import BlockSource
from daw_bridge.audio.output import DeviceStuck, OutputSettings, StreamTime, heard_sample
from daw_bridge.audio.portaudio import (
    SoundDevice,
    choose_device,
    load_sounddevice,
    look_again,
    output_devices,
)
from osc_server.contract.errors import DeviceUnavailable


class Flags(Protocol):
    """What PortAudio says of a block, in its own names."""

    output_underflow: bool
    input_overflow: bool


class StreamClock(Protocol):
    """When a block is asked for, when it is heard and when it came in, likewise."""

    currentTime: float
    outputBufferDacTime: float
    inputBufferAdcTime: float


class Stream(Protocol):
    """A stream of PortAudio's, likewise."""

    time: float
    active: bool

    def start(self) -> None:
        """Begin to call back."""

    def abort(self) -> None:
        """Stop at once."""

    def close(self) -> None:
        """Give the device back."""


_CLOSE_SECONDS = 10.0
"""Until a device that plays has surely stopped: on a machine at work it takes some."""
_LOST_SECONDS = 0.7
"""How long one is waited for that has stopped by itself."""


class DeviceOutput:
    """Plays a source on chosen outputs of a device.

    The callback copies and counts; it allocates no audio memory, waits for no lock, writes no log
    and lets no exception out. A fault of the source is silence, a count and a sentence in
    ``fault``; the stream goes on. Stream samples go on counting when the device is opened again.

    Args:
        settings: which device, and how.
        cycle_frame: gives the frame with which JACK's present cycle begins; asked in the callback
            of a device of JACK.

    Raises:
        DeviceUnavailable: with what to do, where there is no such device or it cannot do that.
    """

    def __init__(
        self, settings: OutputSettings, cycle_frame: Callable[[], int] | None = None
    ) -> None:
        self._sounddevice: ModuleType = load_sounddevice()
        device = choose_device(output_devices(), settings)
        self._device = device
        self._settings = settings
        self._rate_hz = settings.rate_hz or device.rate_hz
        self._columns = tuple(channel - 1 for channel in settings.channels)
        self._mixed = np.zeros((settings.block_size, len(self._columns)), np.float32)
        self._source: BlockSource | None = None
        self._stream: Stream | None = None
        self._next_sample = 0
        self._underruns = 0
        self._late_blocks = 0
        self._fault: BaseException | None = None
        self._stuck = False
        self._published = StreamTime(0, 0.0)
        self._latency_seconds = 0.0
        self._cycle_frame = cycle_frame if "JACK" in device.host_api else None
        self._cycle: tuple[int, int] | None = None
        self._check()

    @property
    def device(self) -> SoundDevice:
        """What it plays on."""
        return self._device

    @property
    def description(self) -> str:
        """One line for the musician: device, host API, outputs, rate, block."""
        outputs = "+".join(str(channel) for channel in self._settings.channels)
        return (
            f"{self._device.name} ({self._device.host_api}), outputs {outputs}, "
            f"{self._rate_hz} Hz, blocks of {self.block_size}"
        )

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self._rate_hz

    @property
    def n_channels(self) -> int:
        """Channels of the blocks that it asks for."""
        return len(self._columns)

    @property
    def block_size(self) -> int:
        """Most samples that it asks for at once."""
        return len(self._mixed)

    @property
    def latency_seconds(self) -> float:
        """From the instant at which a block is asked for until it is heard, as the host says."""
        return self._latency_seconds

    @property
    def underruns(self) -> int:
        """Blocks that came too late since the start, as PortAudio flagged them."""
        return self._underruns

    @property
    def late_blocks(self) -> int:
        """Blocks that took longer to fill than they last: the underruns that are our own.

        Counted from the instant at which PortAudio asked, so that waiting for Python's lock is in
        it. Where there are underruns and none of these, the machine or its driver was late.
        """
        return self._late_blocks

    @property
    def fault(self) -> str:
        """Why it is not playing, as a sentence; empty while all is well."""
        if self._fault is not None:
            return f"the deck failed and fell silent: {self._fault!r}"
        return f"{self._device.name} has stopped: is it still plugged in?" if self.lost else ""

    @property
    def lost(self) -> bool:
        """Whether the device has stopped by itself."""
        stream = self._stream
        return self._source is not None and (stream is None or not stream.active)

    @property
    def published(self) -> StreamTime:
        """The last pair of stream sample and the stream time at which it is heard."""
        return self._published

    @property
    def cycle(self) -> tuple[int, int] | None:
        """Of JACK's newest cycle: its first frame, and the stream sample that was written there."""
        return self._cycle

    def heard_sample(self) -> int:
        """The stream sample that is heard now."""
        if self._stream is None:
            return self._next_sample
        pair = self._published
        return heard_sample(pair, self._stream.time, self._rate_hz, self._next_sample)

    def start(self, source: BlockSource) -> None:
        """Open the device and begin to pull blocks.

        Raises:
            DeviceUnavailable: where another program holds it or it is gone.
        """
        self._source = source
        try:
            self._open()
        except DeviceUnavailable:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop, and give the device back; more than once is fine."""
        self._source = None
        self._close()

    def restart(self) -> None:
        """Look for the device again and go on where the stream stopped.

        Raises:
            DeviceStuck: where PortAudio hangs in the stream of a JACK server that ended.
            DeviceUnavailable: where it is not there.
        """
        self._close()
        if self._stuck:
            raise DeviceStuck(
                f"{self._device.name} is gone: start magnet-bridge again once it is back"
            )
        look_again(self._sounddevice)
        self._device = choose_device(output_devices(), self._settings)
        if self._source is not None:
            self._open()

    def _open(self) -> None:
        try:
            with before_the_rest():
                self._stream = self._make_stream()
                self._stream.start()
        except self._sounddevice.PortAudioError as error:
            self._close()
            raise self._unavailable(error) from error

    def _make_stream(self) -> Stream:
        stream: Stream = self._sounddevice.OutputStream(
            **self._arguments(), blocksize=self.block_size, callback=self._callback
        )
        return stream

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        # PortAudio waits for ever for a JACK server that is gone, also at the end of the program. A
        # stream that is there still calls back: a program that ended meanwhile would crash.
        patience = _CLOSE_SECONDS if stream.active else _LOST_SECONDS
        closing = threading.Thread(target=_give_back, args=(stream,), daemon=True)
        closing.start()
        closing.join(patience)
        if closing.is_alive():
            self._stuck = True
            atexit.unregister(self._sounddevice._exit_handler)

    def _callback(self, outdata: Block, frames: int, time: StreamClock, status: Flags) -> None:
        if status.output_underflow:
            self._underruns += 1
        start = self._next_sample
        if (cycle_frame := self._cycle_frame) is not None:
            frame, cycle = cycle_frame(), self._cycle
            if cycle is None or cycle[0] != frame:  # some hosts ask several times in a cycle
                self._cycle = (frame, start)
        outdata.fill(0.0)
        try:
            self._fill(outdata, frames, start)
            if (stream := self._stream) is not None:
                took_seconds = stream.time - time.currentTime
                self._late_blocks += took_seconds * self._rate_hz > frames
        except Exception as error:  # noqa: BLE001  # the door of the audio room: silence, not a stop
            outdata.fill(0.0)
            self._fault = error
        self._next_sample = start + frames
        # Some hosts give no DAC time; what is written now is then taken as heard now. A whole new
        # pair in one assignment: a reader in another thread sees the old one or the new one.
        heard_at = time.outputBufferDacTime or time.currentTime
        self._latency_seconds = heard_at - time.currentTime
        self._published = StreamTime(start, heard_at)

    def _fill(self, outdata: Block, frames: int, start: int) -> None:
        source, columns = self._source, self._columns
        if source is None:
            return
        done = 0
        while done < frames:  # some hosts ask for more than they were told
            count = min(frames - done, len(self._mixed))
            mixed = self._mixed[:count]
            source.process(mixed, start + done)
            for channel, column in enumerate(columns):
                outdata[done : done + count, column] = mixed[:, channel]
            done += count

    def _arguments(self) -> dict[str, object]:
        return {
            "device": self._device.index,
            "samplerate": self._rate_hz,
            "channels": max(self._settings.channels),
            "dtype": "float32",
        }

    def _check(self) -> None:
        try:
            self._sounddevice.check_output_settings(**self._arguments())
        except self._sounddevice.PortAudioError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: BaseException) -> DeviceUnavailable:
        taken = " or close the program that holds it" if sys.platform != "darwin" else ""
        return DeviceUnavailable(
            f"{self._device.name} cannot play {len(self._columns)} channels at {self._rate_hz} Hz "
            f"({error}): choose another device or rate{taken}"
        )


def _give_back(stream: Stream) -> None:
    stream.abort()
    stream.close()
