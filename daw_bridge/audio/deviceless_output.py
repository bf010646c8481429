"""What outputs without a device have in common: a block to fill, and nothing that can be lost."""

from __future__ import annotations

import numpy as np


class DevicelessOutput:
    """The part of the AudioOutput protocol that is the same wherever no device is involved.

    Args:
        rate_hz: samples per second.
        n_channels: channels of the blocks.
        block_size: samples that one call of the source fills.
    """

    def __init__(self, rate_hz: int = 48000, n_channels: int = 2, block_size: int = 1024) -> None:
        self._rate_hz = rate_hz
        self._block = np.zeros((block_size, n_channels), np.float32)
        self._next_sample = 0

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self._rate_hz

    @property
    def n_channels(self) -> int:
        """Channels of the blocks that it asks for."""
        return self._block.shape[1]

    @property
    def block_size(self) -> int:
        """Most samples that it asks for at once."""
        return len(self._block)

    @property
    def latency_seconds(self) -> float:
        """None: nothing is heard."""
        return 0.0

    @property
    def underruns(self) -> int:
        """None: nobody hears a late block."""
        return 0

    @property
    def late_blocks(self) -> int:
        """None, likewise."""
        return 0

    @property
    def lost(self) -> bool:
        """Never: there is no device."""
        return False

    def heard_sample(self) -> int:
        """The sample after the last block."""
        return self._next_sample

    def restart(self) -> None:
        """Nothing to look for."""
