"""Reading a loop by the stream's sample index: the position is computed, never accumulated."""

from __future__ import annotations

from fractions import Fraction

from daw_bridge.audio.loop import Block, Loop


class LoopReader:
    """Where a loop lies on the stream. Sample ``starts_at`` of the stream is its sample 0.

    Reading is circular in both directions: just before ``starts_at`` lies the loop's own tail,
    which is what a fade that must leave the downbeat whole fades in.

    Args:
        loop: what to read.
        starts_at: stream sample of the loop's first sample.
        beat: the clock's beat there.
    """

    __slots__ = ("beat", "loop", "starts_at")

    def __init__(self, loop: Loop, starts_at: int, beat: Fraction) -> None:
        self.loop = loop
        self.starts_at = starts_at
        self.beat = beat

    def read(self, out: Block, sample: int) -> None:
        """Copy the loop as it lies under stream samples ``sample ... sample + len(out)``.

        Args:
            out: ``[n_samples, n_channels]``, filled whole.
            sample: stream index of its first sample.
        """
        samples = self.loop.samples
        length = len(samples)
        position = (sample - self.starts_at) % length
        done = 0
        while done < len(out):
            count = min(len(out) - done, length - position)
            out[done : done + count] = samples[position : position + count]
            done += count
            position = 0
