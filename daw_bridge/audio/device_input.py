"""An input on a device of its own, whose clock is not the output's."""

from __future__ import annotations

from types import ModuleType

from daw_bridge.audio.device_output import Flags, Stream, StreamClock
from daw_bridge.audio.input import InputSettings
from daw_bridge.audio.input_ring import InputRing
from daw_bridge.audio.loop import Block
from daw_bridge.audio.output import AudioOutput, StreamTime
from daw_bridge.audio.portaudio import SoundDevice, load_sounddevice
from daw_bridge.clock.sample_time import SampleTime
from osc_server.contract.errors import DeviceUnavailable


class DeviceInput:
    """Holds what comes in, and finds where it lies under what another device plays.

    Two devices have two clocks. Both streams say where they stand; each is compared many times a
    second with one steady clock, and the relation of the two is smoothed over some twenty looks.

    Args:
        device: what is listened to.
        settings: how.
        output: what plays meanwhile; the input is opened at its rate.
        block_size: samples in one block.

    Raises:
        DeviceUnavailable: with what to do, where the device cannot do that.
    """

    def __init__(
        self, device: SoundDevice, settings: InputSettings, output: AudioOutput, block_size: int
    ) -> None:
        self._sounddevice: ModuleType = load_sounddevice()
        self._device = device
        self._latency_ms = settings.latency_ms
        self._rate_hz = output.rate_hz
        self._block_size = block_size
        inputs = settings.of(device.n_channels)
        self._columns = tuple(channel - 1 for channel in inputs)
        n_ring = round(settings.ring_seconds * output.rate_hz)
        self._ring = InputRing(n_ring, len(inputs), block_size)
        self._stream: Stream | None = None
        self._published = StreamTime(0, 0.0)
        self._next_sample = 0
        self._wanted = False
        self._came_in = SampleTime(output.rate_hz, self.captured_sample)
        self._heard = SampleTime(output.rate_hz, output.heard_sample)
        self._check()

    @property
    def ring(self) -> InputRing:
        """What came in last, by this stream's samples."""
        return self._ring

    @property
    def description(self) -> str:
        """One line for the musician."""
        inputs = "+".join(str(column + 1) for column in self._columns)
        block_ms = self._block_size / self._rate_hz * 1000
        return (
            f"{self._device.name} ({self._device.host_api}), inputs {inputs}, a device of its own: "
            f"aligned by the times of both drivers, to a block ({block_ms:.0f} ms) at worst, "
            f"and {self._latency_ms:g} ms of --input-latency"
        )

    @property
    def lost(self) -> bool:
        """Whether the device has stopped by itself."""
        stream = self._stream
        return self._wanted and (stream is None or not stream.active)

    @property
    def fault(self) -> str:
        """Why nothing comes in, as a sentence; empty while all is well."""
        return f"the input {self._device.name} has stopped: is it plugged in?" if self.lost else ""

    def captured_sample(self) -> int:
        """The sample of this stream that comes in now."""
        stream, pair = self._stream, self._published
        if stream is None:
            return self._next_sample
        return pair.sample + int((stream.time - pair.seconds) * self._rate_hz)

    def look(self, now_seconds: float) -> None:
        """Compare both streams with a steady clock, at this instant; many times a second."""
        if self._ring.written and not self.lost:
            self._came_in.look(now_seconds)
            self._heard.look(now_seconds)

    def place_of(self, sample: int) -> int:
        """The input's sample that comes in as the output's ``sample`` is heard, about now."""
        place = self._came_in.sample_of(self._heard.seconds_of(sample))
        return round(place + self._latency_ms / 1000 * self._rate_hz)

    def start(self) -> None:
        """Open the device and begin to listen.

        Raises:
            DeviceUnavailable: where it is gone, or may not be listened to.
        """
        self._wanted = True
        self.close()
        self._ring.begin_anew()
        try:
            self._stream = self._sounddevice.InputStream(
                **self._arguments(), blocksize=self._block_size, callback=self._callback
            )
            self._stream.start()
        except self._sounddevice.PortAudioError as error:
            self.close()
            raise self._unavailable(error) from error

    def stop(self) -> None:
        """Stop, and give the device back; more than once is fine."""
        self._wanted = False
        self.close()

    def close(self) -> None:
        """Give the device back for now: PortAudio is about to look for its devices again."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort()
            stream.close()

    def _callback(self, indata: Block, frames: int, time: StreamClock, status: Flags) -> None:
        if status.input_overflow:
            self._ring.lose()
        start = self._next_sample
        self._ring.take(indata, self._columns, start)
        self._next_sample = start + frames
        # Some hosts give no ADC time; the block's end is then taken to have come in now.
        came_in = time.inputBufferAdcTime or time.currentTime - frames / self._rate_hz
        self._published = StreamTime(start, came_in)

    def _arguments(self) -> dict[str, object]:
        return {
            "device": self._device.index,
            "samplerate": self._rate_hz,
            "channels": max(self._columns) + 1,
            "dtype": "float32",
        }

    def _check(self) -> None:
        try:
            self._sounddevice.check_input_settings(**self._arguments())
        except self._sounddevice.PortAudioError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: BaseException) -> DeviceUnavailable:
        return DeviceUnavailable(
            f"{self._device.name} cannot be listened to at {self._rate_hz} Hz ({error}): choose "
            "another with --input, or set --output-rate to a rate that both devices have"
        )
