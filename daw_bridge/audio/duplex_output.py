"""An output and an input of one device, in one stream: what comes in lies under what goes out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from daw_bridge.audio.device_output import DeviceOutput, Flags, Stream, StreamClock
from daw_bridge.audio.input import InputSettings
from daw_bridge.audio.input_ring import InputRing
from daw_bridge.audio.loop import Block
from daw_bridge.audio.output import OutputSettings
from daw_bridge.audio.portaudio import SoundDevice, choose_input, input_devices, is_jack
from osc_server.contract.errors import DeviceUnavailable

_LOOKS = 64


class DuplexOutput(DeviceOutput):
    """Plays as a DeviceOutput does, and holds what comes in, block by block in the same callback.

    Both directions have one sample count, so they cannot drift. What comes in with the block that
    begins at sample ``s`` belongs to what was heard ``round_trip`` samples earlier: the sum of both
    latencies, from the driver's own times, or as the settings say. Under JACK it is none: what
    other programs play while a block of ours is on the wires comes in with that block.

    Args:
        settings: which device plays, and how.
        listening: which of its inputs are listened to.

    Raises:
        DeviceUnavailable: with what to do, where the device cannot do both.
    """

    def __init__(
        self,
        settings: OutputSettings,
        listening: InputSettings,
        cycle_frame: Callable[[], int] | None = None,
    ) -> None:
        self._listening = listening
        self._round_trips = np.zeros(_LOOKS)
        self._n_looks = 0
        super().__init__(settings, cycle_frame)
        inputs = listening.of(self._input_device().n_channels)
        self._inputs = tuple(channel - 1 for channel in inputs)
        n_ring = round(listening.ring_seconds * self.rate_hz)
        self.ring = InputRing(n_ring, len(inputs), self.block_size)
        self.input = DuplexInput(self)

    @property
    def input_description(self) -> str:
        """One line for the musician."""
        inputs = "+".join(str(column + 1) for column in self._inputs)
        said = "JACK's wires have none" if is_jack(self._device) else "as the driver says"
        if self._listening.latency_ms:
            said += f" and {self._listening.latency_ms:g} ms more"
        return (
            f"{self._device.name}, inputs {inputs}, on the output's own samples, "
            f"{self.round_trip / self.rate_hz * 1000:.1f} ms behind what is heard ({said})"
        )

    @property
    def round_trip(self) -> int:
        """Samples from what is heard to its coming in again."""
        known = self._round_trips[: min(self._n_looks, _LOOKS)]
        told_seconds = float(np.median(known)) if len(known) else 0.0
        if is_jack(self._device):
            told_seconds = 0.0  # what is told is the card's, which a program's wire does not have
        return round((told_seconds + self._listening.latency_ms / 1000) * self.rate_hz)

    def _make_stream(self) -> Stream:
        self.ring.begin_anew()
        device = self._input_device()
        stream: Stream = self._sounddevice.Stream(
            device=(device.index, self._device.index),
            samplerate=self.rate_hz,
            channels=(max(self._inputs) + 1, max(self._settings.channels)),
            dtype="float32",
            # Under JACK its own blocks: other ones PortAudio would put together, a block late.
            blocksize=0 if is_jack(self._device) else self.block_size,
            callback=self._both,
        )
        return stream

    def _both(
        self, indata: Block, outdata: Block, frames: int, time: StreamClock, status: Flags
    ) -> None:
        if status.input_overflow:
            self.ring.lose()
        self.ring.take(indata, self._inputs, self._next_sample)
        came_in, heard = time.inputBufferAdcTime, time.outputBufferDacTime
        if came_in and heard:
            self._round_trips[self._n_looks % _LOOKS] = heard - came_in
            self._n_looks += 1
        self._callback(outdata, frames, time, status)

    def _check(self) -> None:
        super()._check()
        device = self._input_device()
        inputs = self._listening.of(device.n_channels)
        try:
            self._sounddevice.check_input_settings(
                device=device.index,
                samplerate=self.rate_hz,
                channels=max(inputs),
                dtype="float32",
            )
        except self._sounddevice.PortAudioError as error:
            raise DeviceUnavailable(
                f"{device.name} cannot be listened to at {self.rate_hz} Hz ({error}): choose "
                "other --inputs, another --input, or another --output-rate"
            ) from error

    def _input_device(self) -> SoundDevice:
        return choose_input(input_devices(), self._listening, self._device)


class DuplexInput:
    """The listening side of a DuplexOutput."""

    def __init__(self, output: DuplexOutput) -> None:
        self._output = output

    @property
    def ring(self) -> InputRing:
        """What came in last, by the samples of the output."""
        return self._output.ring

    @property
    def description(self) -> str:
        """One line for the musician."""
        return self._output.input_description

    @property
    def fault(self) -> str:
        """Why nothing comes in: what holds the output up."""
        return self._output.fault if self._output.lost else ""

    def look(self, now_seconds: float) -> None:
        """Nothing to compare: both directions have one clock."""

    def place_of(self, sample: int) -> int:
        """The input's sample that comes in as the output's ``sample`` is heard; exact."""
        return sample + self._output.round_trip
