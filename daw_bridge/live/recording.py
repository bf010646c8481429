"""Recording a live set: on and off over OSC, written beside the sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from daw_bridge.audio.recorder import Recorder
from daw_bridge.live.rig import Rig
from daw_bridge.live.state import LiveState
from osc_server.contract.errors import StorageFailed

_DRAIN_SECONDS = 0.5


class Recording:
    """Switches recording on and off.

    Args:
        rig: what is recorded.
        state: told where the files are, and what went wrong.
        new_folder: names the folder of the next recording.
    """

    def __init__(self, rig: Rig, state: LiveState, new_folder: Callable[[], Path]) -> None:
        self._rig = rig
        self._state = state
        self._new_folder = new_folder
        self._recorder: Recorder | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def on(self) -> bool:
        """Whether it records."""
        return self._recorder is not None

    def switch(self, on: bool) -> None:
        """Begin with the next block, or end.

        Raises:
            StorageFailed: where the folder cannot be written.
        """
        if on and self._recorder is None:
            widths = [len(route) for route in self._rig.routes]
            output = self._rig.output
            folder = self._new_folder()
            self._recorder = Recorder(folder, output.rate_hz, widths, output.n_channels)
            self._rig.mixer.set_tap(self._recorder)
            self._state.message = f"recording to {folder}"
            self._task = asyncio.create_task(self._drain(self._recorder))
        elif not on and self._recorder is not None:
            self._rig.mixer.set_tap(None)
            self._recorder = None

    async def close(self) -> None:
        """End, and wait until the files are whole."""
        self.switch(False)
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task

    async def _drain(self, recorder: Recorder) -> None:
        try:
            while self._recorder is recorder:
                await asyncio.sleep(_DRAIN_SECONDS)
                await asyncio.to_thread(recorder.drain)
        except StorageFailed as error:
            self.switch(False)
            self._state.message = str(error)
        try:
            paths = await asyncio.to_thread(recorder.finish)
        except StorageFailed as error:
            self._state.message = str(error)
            return
        lost = f", {recorder.lost_samples} samples lost" if recorder.lost_samples else ""
        self._state.message = f"recorded {len(paths)} files to {paths[-1].parent}{lost}"
