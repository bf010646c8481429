"""The sound devices of a live set: what plays, and what is listened to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from daw_bridge.audio.device_input import DeviceInput
from daw_bridge.audio.device_output import DeviceOutput
from daw_bridge.audio.duplex_output import DuplexOutput
from daw_bridge.audio.input import AudioInput
from daw_bridge.audio.mixer import BlockSource
from daw_bridge.audio.output import AudioOutput
from daw_bridge.audio.portaudio import choose_input, input_devices, share_a_stream
from daw_bridge.audio.silent_output import SilentOutput
from daw_bridge.config import BridgeConfig
from daw_bridge.live.state import LiveState
from daw_bridge.session.building import OFFLINE_RATE_HZ
from osc_server.contract.errors import DeviceUnavailable

_DEVICE_SECONDS = 2.0
_FIRST_BLOCKS_SECONDS = 0.5


class Sound:
    """The output of a live set, and its input where one was named.

    One device for both is one stream, so that samples align; two have a stream each.

    Args:
        config: names the devices.

    Raises:
        DeviceUnavailable: where a device that was named is not there; where none was named and
            there is none, a silent stand-in plays.
    """

    def __init__(self, config: BridgeConfig) -> None:
        self.output: AudioOutput
        self.input: AudioInput | None = None
        self._second: DeviceInput | None = None
        listening = config.input_settings()
        try:
            self.output = output = DeviceOutput(config.live_settings())
        except DeviceUnavailable as error:
            if config.output or config.host_api or listening is not None:
                raise
            rate_hz = config.output_rate or OFFLINE_RATE_HZ
            self.output = SilentOutput(
                rate_hz, len(config.live_outputs()), config.block, str(error)
            )
            return
        if listening is None:
            return
        device = choose_input(input_devices(), listening, output.device)
        if share_a_stream(device, output.device):
            duplex = DuplexOutput(config.live_settings(), listening)
            self.output, self.input = duplex, duplex.input
        else:
            self._second = DeviceInput(device, listening, output, output.block_size)
            self.input = self._second

    @contextmanager
    def playing(self, source: BlockSource, state: LiveState) -> Iterator[None]:
        """Play and listen while the block lasts; what goes is opened again once it is back.

        Raises:
            DeviceUnavailable: where one is gone, held by another program, or may not be used.
        """
        keeping = None
        try:
            self.output.start(source)
            if self._second is not None:
                self._second.start()
            keeping = asyncio.create_task(self._keep(state))
            yield
        finally:
            if keeping is not None:
                keeping.cancel()
            if self._second is not None:
                self._second.stop()
            self.output.stop()

    async def _keep(self, state: LiveState) -> None:
        """Say what is listened to; open a sound device again that has gone, once it is back."""
        if self.input is not None:
            await asyncio.sleep(_FIRST_BLOCKS_SECONDS)  # which say how late it comes in
            state.message = f"listening to {self.input.description}"
        while True:
            await asyncio.sleep(_DEVICE_SECONDS)
            try:
                # Here and not in a thread: PortAudio wants to be asked from one.
                if self.output.lost:
                    if self._second is not None:
                        self._second.close()  # every stream ends as the devices are looked for
                    self.output.restart()
                    state.message = f"the sound is back: {self.output.description}"
                if self._second is not None and self._second.lost:
                    self._second.start()
                    state.message = f"the input is back: {self._second.description}"
            except DeviceUnavailable as error:
                state.message = str(error)
