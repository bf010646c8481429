"""The sound devices of a live set: what plays, and what is listened to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from daw_bridge.audio.device_input import DeviceInput
from daw_bridge.audio.device_output import DeviceOutput
from daw_bridge.audio.duplex_output import DuplexOutput
from daw_bridge.audio.input import AudioInput
from daw_bridge.audio.mixer import BlockSource
from daw_bridge.audio.output import AudioOutput, DeviceStuck
from daw_bridge.audio.portaudio import (
    choose_input,
    input_devices,
    load_sounddevice,
    look_again,
    share_a_stream,
)
from daw_bridge.audio.silent_output import SilentOutput
from daw_bridge.config import BridgeConfig
from daw_bridge.live.state import LiveState
from daw_bridge.quiet import quiet_libraries
from daw_bridge.session.building import OFFLINE_RATE_HZ
from osc_server.contract.errors import DeviceUnavailable

_DEVICE_SECONDS = 2.0
_FIRST_BLOCKS_SECONDS = 0.5


class Sound:
    """The output of a live set, and its input where one was named.

    One device for both is one stream, so that samples align; two have a stream each.

    Args:
        config: names the devices.
        cycle_frame: as of ``DeviceOutput``.
        awaits: play silently until they are there, as a set does that goes on after its device
            was lost.

    Raises:
        DeviceUnavailable: where a device that was named is not there and not awaited; where none
            was named and there is none, a silent stand-in plays.
    """

    def __init__(
        self,
        config: BridgeConfig,
        cycle_frame: Callable[[], int] | None = None,
        *,
        awaits: bool = False,
    ) -> None:
        self.output: AudioOutput
        self.input: AudioInput | None = None
        self._config = config
        self._second: DeviceInput | None = None
        self._awaiting = False
        try:
            self._open(config, cycle_frame)
        except DeviceUnavailable as error:
            is_named = config.output or config.host_api or config.input_settings() is not None
            if is_named and not awaits:
                raise
            rate_hz = config.output_rate or OFFLINE_RATE_HZ
            self.output = SilentOutput(
                rate_hz, len(config.live_outputs()), config.block, str(error)
            )
            self._awaiting = awaits

    def _open(self, config: BridgeConfig, cycle_frame: Callable[[], int] | None) -> None:
        listening = config.input_settings()
        self.output = output = DeviceOutput(config.live_settings(), cycle_frame)
        if listening is None:
            return
        device = choose_input(input_devices(), listening, output.device)
        if share_a_stream(device, output.device):
            duplex = DuplexOutput(config.live_settings(), listening, cycle_frame)
            self.output, self.input = duplex, duplex.input
        else:
            self._second = DeviceInput(device, listening, output, output.block_size)
            self.input = self._second

    @contextmanager
    def playing(
        self, source: BlockSource, state: LiveState, begin_anew: Callable[[], None]
    ) -> Iterator[None]:
        """Play and listen while the block lasts; what goes is opened again once it is back.

        Args:
            source: what is played.
            state: told what goes and comes back.
            begin_anew: called where only a new process can open a device again.

        Raises:
            DeviceUnavailable: where one is gone, held by another program, or may not be used.
        """
        keeping = None
        try:
            self.output.start(source)
            if self._second is not None:
                self._second.start()
            keeping = asyncio.create_task(self._keep(state, begin_anew))
            yield
        finally:
            if keeping is not None:
                keeping.cancel()
            if self._second is not None:
                self._second.stop()
            self.output.stop()

    async def _keep(self, state: LiveState, begin_anew: Callable[[], None]) -> None:
        """Say what is listened to; open a sound device again that has gone, once it is back."""
        if self.input is not None:
            await asyncio.sleep(_FIRST_BLOCKS_SECONDS)  # which say how late it comes in
            state.message = f"listening to {self.input.description}"
        while True:
            await asyncio.sleep(_DEVICE_SECONDS)
            try:
                # Here and not in a thread: PortAudio wants to be asked from one.
                if self._awaiting:
                    self._check_awaited()
                    begin_anew()  # nobody can take the silent stand-in's place in this process
                    return
                self._bring_back(state)
            except DeviceStuck:
                begin_anew()
                return
            except DeviceUnavailable as error:
                state.say(str(error))

    def _check_awaited(self) -> None:
        """Raises DeviceUnavailable where what is awaited is not there yet."""
        with quiet_libraries():
            look_again(load_sounddevice())
            Sound(self._config)

    def _bring_back(self, state: LiveState) -> None:
        """Open what was lost. Raises DeviceUnavailable where it is not there yet."""
        if self.output.lost:
            if self._second is not None:
                self._second.close()  # every stream ends as the devices are looked for
            self.output.restart()
            state.say(f"the sound is back: {self.output.description}")
        if self._second is not None and self._second.lost:
            self._second.start()
            state.say(f"the input is back: {self._second.description}")
