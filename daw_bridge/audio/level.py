"""A level in dB that moves without a click."""

from __future__ import annotations

import numpy as np

from daw_bridge.audio.loop import Block

RAMP_SECONDS = 0.02
SILENCE_DB = -90.0
"""This and below is silence, as at the bottom of a fader."""


def db_to_gain(level_db: float) -> float:
    """Factor for a level: 1.0 at 0 dB, 0.0 at -90 dB and below."""
    return 0.0 if level_db <= SILENCE_DB else float(10.0 ** (level_db / 20.0))


class SmoothedLevel:
    """Multiplies blocks by a gain that glides to its target in 20 ms, whatever the block size.

    Used by the audio callback alone; ``aim`` is called from inside it when a letter says so.

    Args:
        rate_hz: samples per second.
        block_size: most samples in one call of ``apply``.
        n_channels: channels of the blocks.
        level_db: where it starts.
    """

    def __init__(
        self, rate_hz: int, block_size: int, n_channels: int, level_db: float = 0.0
    ) -> None:
        n_ramp = max(1, round(RAMP_SECONDS * rate_hz))
        steps = np.arange(1, n_ramp + 1, dtype=np.float32) / np.float32(n_ramp)
        # One column a channel: numpy allocates a buffer where it has to broadcast one column.
        self._ramp = np.repeat(steps[:, None], n_channels, axis=1)
        self._gains = np.empty((block_size, n_channels), np.float32)
        self._from = self._to = db_to_gain(level_db)
        self._position = n_ramp

    def aim(self, level_db: float) -> None:
        """Glide to ``level_db`` from wherever it is."""
        self._from = self._gain()
        self._to = db_to_gain(level_db)
        self._position = 0

    def apply(self, block: Block) -> None:
        """Multiply ``block [n_samples, n_channels]`` in place."""
        count = min(len(block), len(self._ramp) - self._position)
        if count > 0:
            gains = self._gains[:count]
            np.multiply(
                self._ramp[self._position : self._position + count], self._to - self._from, gains
            )
            np.add(gains, self._from, gains)
            np.multiply(block[:count], gains, block[:count])
            self._position += count
        if self._to != 1.0 and count < len(block):
            np.multiply(block[count:], self._to, block[count:])

    def _gain(self) -> float:
        if self._position == 0:
            return self._from
        return self._from + (self._to - self._from) * float(self._ramp[self._position - 1, 0])
