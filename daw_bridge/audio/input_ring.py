"""The last seconds of an input: the audio callback copies them in, anybody reads them out."""

from __future__ import annotations

import numpy as np

from daw_bridge.audio.loop import Block
from osc_server.contract.errors import Late


class InputRing:
    """Holds what came in last, addressed by the sample index of the stream that brought it.

    ``take`` and ``lose`` are for the audio callback alone, which copies and waits for nobody;
    everything else is for any thread. There is no lock: where the writing has come to is published
    after each block, and a reader looks at it again once it has copied, so what was overwritten
    meanwhile is found out.

    Args:
        n_samples: how much it holds.
        n_channels: channels that it holds.
        block_size: most samples in one call of ``take``.
    """

    def __init__(self, n_samples: int, n_channels: int, block_size: int) -> None:
        self._samples = np.zeros((n_samples, n_channels), np.float32)
        self._block_size = block_size
        self._begins = 0
        self._written = 0
        self._lost_at = -1

    @property
    def n_channels(self) -> int:
        """Channels that it holds."""
        return self._samples.shape[1]

    def seconds(self, rate_hz: int) -> float:
        """How much it holds at a rate."""
        return len(self._samples) / rate_hz

    @property
    def written(self) -> int:
        """The sample after the newest that is here."""
        return self._written

    @property
    def oldest(self) -> int:
        """The oldest sample that can be read; what is older was overwritten, or never came."""
        # The block that is being written now lies over the oldest ones.
        return max(self._begins, self._written + self._block_size - len(self._samples))

    def read(self, first: int, end: int) -> Block:
        """A copy of ``[first, end)``, ``[n_samples, n_channels]``.

        Raises:
            Late: where some of it is not here any more, or not yet.
        """
        if first < self.oldest or end > self._written:
            raise Late("the input does not hold all of that")
        copy = self._samples[np.arange(first, end) % len(self._samples)]
        if first < self.oldest:
            raise Late("the input has gone on over what was being read: try again")
        return copy

    def has_hole(self, first: int, end: int) -> bool:
        """Whether the driver dropped something within ``[first, end)``, as far as is known."""
        return first <= self._lost_at < end

    # The audio callback

    def take(self, block: Block, columns: tuple[int, ...], start: int) -> None:
        """Copy chosen columns of ``block [n_samples, n]``, which begins at stream sample ``start``.

        Where ``start`` is not what comes next, all that was before is given up.
        """
        if start != self._written:
            self._begins = self._written = start
        samples, done = self._samples, 0
        while done < len(block):
            position = (start + done) % len(samples)
            count = min(len(block) - done, len(samples) - position, self._block_size)
            for channel, column in enumerate(columns):
                samples[position : position + count, channel] = block[done : done + count, column]
            done += count
            self._written = start + done

    def lose(self) -> None:
        """Note that the driver dropped something here."""
        self._lost_at = self._written

    def begin_anew(self) -> None:
        """Give up what is here: time has passed that did not come in."""
        self._begins = self._written
