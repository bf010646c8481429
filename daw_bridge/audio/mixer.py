"""The mixer: adds the decks up and sets the level of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from daw_bridge.audio.level import SmoothedLevel
from daw_bridge.audio.loop import Block
from daw_bridge.audio.mailbox import Mailbox


class BlockSource(Protocol):
    """What an output pulls its blocks from, inside the audio callback."""

    def process(self, out: Block, start: int) -> None:
        """Fill ``out [n_samples, n_channels]`` with stream samples from ``start`` on."""
        ...


class Mixer:
    """Sums any number of decks.

    ``set_level`` is for any one thread; ``process`` is for the audio callback alone.

    Args:
        decks: what is summed; all with the same channels and block size.
        rate_hz: samples per second of the stream.
        block_size: most samples in one call of ``process``.
        n_channels: channels of the decks and of the blocks.
        level_db: level of the sum at the start.
    """

    def __init__(
        self,
        decks: Sequence[BlockSource],
        rate_hz: int,
        block_size: int,
        n_channels: int,
        level_db: float = 0.0,
    ) -> None:
        self._decks = tuple(decks)
        self._level = SmoothedLevel(rate_hz, block_size, n_channels, level_db)
        self._mailbox: Mailbox[float] = Mailbox()
        self._deck_block = np.zeros((block_size, n_channels), np.float32)

    def set_level(self, level_db: float) -> None:
        """Glide to a level in dB; -90 and below is silence."""
        self._mailbox.put(level_db)

    def process(self, out: Block, start: int) -> None:
        """Fill ``out [n_samples, n_channels]`` with the sum of all decks from ``start`` on."""
        level_db = self._mailbox.take()
        if level_db is not None:
            self._level.aim(level_db)
        out.fill(0.0)
        deck_block = self._deck_block[: len(out)]
        for deck in self._decks:
            deck.process(deck_block, start)
            np.add(out, deck_block, out)
        self._level.apply(out)
