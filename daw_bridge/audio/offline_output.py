"""The weightless twin of a sound device: renders to an array, as fast as the machine can."""

from __future__ import annotations

import numpy as np

from daw_bridge.audio.deviceless_output import DevicelessOutput
from daw_bridge.audio.loop import Block
from daw_bridge.audio.mixer import BlockSource


class OfflineOutput(DevicelessOutput):
    """Pulls blocks when asked to. Time stands still in between.

    ::

        output = OfflineOutput(rate_hz=48000)
        output.start(deck)
        heard = output.render(96000)      # [96000, 2]

    Args:
        rate_hz: samples per second.
        n_channels: channels of the blocks.
        block_size: samples that one call of the source fills.
    """

    def __init__(self, rate_hz: int = 48000, n_channels: int = 2, block_size: int = 1024) -> None:
        super().__init__(rate_hz, n_channels, block_size)
        self._source: BlockSource | None = None

    @property
    def description(self) -> str:
        """One line for the musician."""
        return f"to a file, {self._rate_hz} Hz, {self.n_channels} channels"

    @property
    def fault(self) -> str:
        """None: an exception of the source is raised by ``render``."""
        return ""

    def start(self, source: BlockSource) -> None:
        """Take blocks from ``source`` from now on."""
        self._source = source

    def stop(self) -> None:
        """Take no more blocks."""
        self._source = None

    def render(self, n_samples: int) -> Block:
        """The next ``n_samples`` of the stream, ``[n_samples, n_channels]``."""
        out = np.zeros((n_samples, self.n_channels), np.float32)
        done = 0
        while done < n_samples:
            count = min(n_samples - done, len(self._block))
            block = self._block[:count]
            if self._source is not None:
                self._source.process(block, self._next_sample)
                out[done : done + count] = block
            self._next_sample += count
            done += count
        return out
