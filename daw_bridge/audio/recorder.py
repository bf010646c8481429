"""Recording the mix and each deck to WAVs that begin on the same sample and end on the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

from daw_bridge.audio.loop import Block
from osc_server.contract.errors import StorageFailed

RING_SECONDS = 4.0
"""How long the disk may stand still before samples are lost."""
_MIX = -1


class Recorder:
    """A mixer's tap: the audio callback copies into rings, ``drain`` writes them to files.

    Each file is named for its source (``mix.wav``, ``deck-1.wav``, …), is 32-bit float, and takes
    its name when it is whole. A deck that was silent all along leaves none.

    ``take`` is for the audio callback alone; ``drain`` and ``finish`` are for any one thread, and
    not for the event loop, since they wait for the disk.

    Args:
        folder: made here; holds the files.
        rate_hz: samples per second.
        widths: channels of each deck.
        n_channels: channels of the mix.

    Raises:
        StorageFailed: where the folder cannot be written.
    """

    def __init__(self, folder: Path, rate_hz: int, widths: Sequence[int], n_channels: int) -> None:
        self._folder = folder
        n_ring = round(RING_SECONDS * rate_hz)
        names = [*(f"deck-{index + 1}" for index in range(len(widths))), "mix"]
        self._rings = [np.zeros((n_ring, width), np.float32) for width in (*widths, n_channels)]
        self._heard = [False] * len(names)
        self._begins: int | None = None
        self._written = 0  # samples that are whole in all rings, from the beginning
        self._drained = 0
        self._lost = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._parts = [folder / f".{name}.part" for name in names]
            self._files = [
                soundfile.SoundFile(part, "w", rate_hz, ring.shape[1], "FLOAT", format="WAV")
                for part, ring in zip(self._parts, self._rings, strict=True)
            ]
        except (OSError, soundfile.LibsndfileError) as error:
            raise StorageFailed(f"cannot record to {folder}: {error}") from error
        self._names = names

    @property
    def lost_samples(self) -> int:
        """Samples that the disk was too slow for; they are silence in the files."""
        return self._lost

    def take(self, source: int, block: Block, start: int) -> None:
        """Copy a block of a deck, counted from 0, or of the mix (-1), which comes last."""
        begins = self._begins
        if begins is None:
            begins = self._begins = start
        ring = self._rings[source]
        position = (start - begins) % len(ring)
        first = min(len(block), len(ring) - position)
        ring[position : position + first] = block[:first]
        ring[: len(block) - first] = block[first:]
        if source == _MIX:
            self._written = start - begins + len(block)

    def drain(self) -> None:
        """Write what has come since the last time.

        Raises:
            StorageFailed: where the disk is full or gone.
        """
        written, n_ring = self._written, len(self._rings[0])
        # An eighth of the ring is left alone: the callback is writing on meanwhile.
        lost = max(0, written - self._drained - (n_ring - n_ring // 8))
        try:
            for index, (file, ring) in enumerate(zip(self._files, self._rings, strict=True)):
                if lost:
                    file.write(np.zeros((lost, ring.shape[1]), np.float32))
                at = np.arange(self._drained + lost, written) % n_ring
                samples = ring[at]
                self._heard[index] = self._heard[index] or bool(samples.any())
                file.write(samples)
        except (OSError, soundfile.LibsndfileError) as error:
            raise StorageFailed(f"cannot record to {self._folder}: {error}") from error
        self._lost += lost
        self._drained = written

    def finish(self) -> list[Path]:
        """Write the rest and close the files; those that sounded, and the mix.

        To be called once the mixer has let go of this tap and played a block since.

        Raises:
            StorageFailed: as ``drain``; what was written before is kept all the same.
        """
        try:
            self.drain()
        finally:
            for file in self._files:
                with suppress(soundfile.LibsndfileError):
                    file.close()
            paths = self._settle()
        return paths

    def _settle(self) -> list[Path]:
        paths = []
        for name, part, heard in zip(self._names, self._parts, self._heard, strict=True):
            if heard or name == "mix":
                paths.append(self._folder / f"{name}.wav")
                os.replace(part, paths[-1])
            else:
                part.unlink(missing_ok=True)
        return paths
