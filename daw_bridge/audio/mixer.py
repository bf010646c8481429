"""The mixer: puts each deck on its own outputs, adds up what shares one, and sets the level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.level import SmoothedLevel
from daw_bridge.audio.loop import Block
from daw_bridge.audio.mailbox import Mailbox

Columns = tuple[int, ...]
"""Columns of a block that a deck's channels are added to."""


class BlockSource(Protocol):
    """What an output pulls its blocks from, inside the audio callback."""

    def process(self, out: Block, start: int) -> None:
        """Fill ``out [n_samples, n_channels]`` with stream samples from ``start`` on."""
        ...


class Tap(Protocol):
    """Who copies what passes, inside the audio callback; allocates nothing."""

    def take(self, source: int, block: Block, start: int) -> None:
        """Copy ``block``: of deck ``source``, counted from 0, or of the mix (-1)."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """Change-overs that begin on one sample.

    Attributes:
        cues: deck and cue; all cues have one ``at_beat`` and one ``quantum_beats``.
    """

    cues: tuple[tuple[Deck, Cue], ...]


class Mixer:
    """Plays any number of decks.

    ``set_level``, ``launch`` and ``set_tap`` are for any one thread; ``process`` is for the audio
    callback alone.

    Args:
        decks: what is played; all with the same block size.
        rate_hz: samples per second of the stream.
        block_size: most samples in one call of ``process``.
        n_channels: channels of the blocks.
        level_db: level of the sum at the start.
        routes: where each deck's channels go; a deck without a route goes to the first ones.
            The deck has as many channels as its route; without routes as the blocks.
    """

    def __init__(
        self,
        decks: Sequence[BlockSource],
        rate_hz: int,
        block_size: int,
        n_channels: int,
        level_db: float = 0.0,
        routes: Sequence[Columns] | None = None,
    ) -> None:
        straight = tuple(range(n_channels))
        self._decks = tuple(decks)
        self._routes = (straight,) * len(self._decks) if routes is None else tuple(routes)
        self._level = SmoothedLevel(rate_hz, block_size, n_channels, level_db)
        self._wanted_db = self._aimed_db = level_db
        self._mailbox: Mailbox[Scene] = Mailbox()
        self._tap: Tap | None = None
        widths = {len(route) for route in self._routes}
        blocks = {width: np.zeros((block_size, width), np.float32) for width in widths}
        self._deck_blocks = tuple(blocks[len(route)] for route in self._routes)

    def set_level(self, level_db: float) -> None:
        """Glide to a level in dB; -90 and below is silence."""
        self._wanted_db = level_db

    def launch(self, scene: Scene) -> None:
        """Let several decks change over on one sample, also where the letter comes late.

        Raises:
            Busy: when the sound stream has stopped taking orders.
        """
        self._mailbox.put(scene)
        for deck, cue in scene.cues:
            deck.hold(cue.loop)

    def set_tap(self, tap: Tap | None) -> None:
        """Let somebody copy what passes, from the next block on."""
        self._tap = tap

    def process(self, out: Block, start: int) -> None:
        """Fill ``out [n_samples, n_channels]`` with the sum of all decks from ``start`` on."""
        if (scene := self._mailbox.take()) is not None:
            _begin(scene, start)
        if (wanted_db := self._wanted_db) != self._aimed_db:
            self._aimed_db = wanted_db
            self._level.aim(wanted_db)
        tap = self._tap
        out.fill(0.0)
        for index, deck in enumerate(self._decks):
            block = self._deck_blocks[index][: len(out)]
            deck.process(block, start)
            if tap is not None:
                tap.take(index, block, start)
            for channel, column in enumerate(self._routes[index]):
                np.add(out[:, column], block[:, channel], out[:, column])
        self._level.apply(out)
        if tap is not None:
            tap.take(-1, out, start)


def _begin(scene: Scene, now: int) -> None:
    """Hand the cues to their decks; one that is late makes all wait alike."""
    beat = max(deck.beat_in_time(cue, now) for deck, cue in scene.cues)
    for deck, cue in scene.cues:
        deck.take(cue, now, beat)
