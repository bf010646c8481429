"""The canvas: all frames of what is rendered, given or to be drawn, however many they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osc_server.rendering.plan import (
    BeatGrid,
    Codes,
    Decoding,
    KeepMask,
    MixedPrompt,
    Plan,
    Revision,
)


@dataclass(frozen=True, slots=True)
class Canvas:
    """What one take is drawn on.

    Attributes:
        prompt: the words.
        n_frames: its length; may exceed the model's window.
        decoding: how codes are drawn.
        grid: where the beats lie, counted from its frame 0.
        circular: whether its end runs into its start.
        codes: ``[K, n_frames]``, read where ``mask`` is True; None = nothing given.
        mask: ``[K, n_frames]``, True = given.
        revision: of what is given, what is drawn anew after all.
        rescoring: weight of the autoregressive companion.
        companion: which one; empty = the model's own.
        negative: words to go away from.
        mix: several prompts instead of one.
    """

    prompt: str
    n_frames: int
    decoding: Decoding
    grid: BeatGrid | None = None
    circular: bool = False
    codes: Codes | None = None
    mask: KeepMask | None = None
    revision: Revision | None = None
    rescoring: float = 0.0
    negative: str = ""
    mix: tuple[MixedPrompt, ...] = ()
    companion: str = ""

    def given(self, codes: Codes, first: int, end: int) -> Canvas:
        """With ``codes`` given, but for the frames from ``first`` to ``end``."""
        mask = np.ones(codes.shape, np.bool_)
        mask[:, first:end] = False
        return replace(self, codes=codes, mask=mask)

    def plan(self, seed: int, wrap_frames: int = 0) -> Plan:
        """The whole canvas as one plan."""
        return Plan(
            prompt=self.prompt,
            n_frames=self.n_frames,
            seed=seed,
            decoding=self.decoding,
            beat_grid=self.grid,
            wrap_frames=wrap_frames,
            keep_codes=self.codes,
            keep_mask=self.mask,
            revision=self.revision,
            rescoring=self.rescoring,
            negative=self.negative,
            mix=self.mix,
            companion=self.companion,
        )

    def part(self, first: int, end: int) -> Canvas:
        """The frames from ``first`` to ``end``, as a line."""
        return replace(
            self,
            n_frames=end - first,
            grid=_later(self.grid, first),
            circular=False,
            codes=None if self.codes is None else self.codes[:, first:end],
            mask=None if self.mask is None else self.mask[:, first:end],
            mix=_clipped(self.mix, first, end),
        )

    def turned(self, n_frames: int) -> Canvas:
        """A circle, begun ``n_frames`` later: its seam then lies inside."""
        return replace(
            self,
            grid=_later(self.grid, n_frames),
            codes=None if self.codes is None else np.roll(self.codes, -n_frames, axis=1),
            mask=None if self.mask is None else np.roll(self.mask, -n_frames, axis=1),
            mix=_turned(self.mix, n_frames, self.n_frames),
        )


def _later(grid: BeatGrid | None, n_frames: int) -> BeatGrid | None:
    if grid is None:
        return None
    return replace(grid, first_beat=grid.first_beat + n_frames * grid.beats_per_frame)


def _clipped(mix: tuple[MixedPrompt, ...], first: int, end: int) -> tuple[MixedPrompt, ...]:
    parts = []
    for part in mix:
        begin = max(part.first_frame, first)
        close = end if part.end_frame is None else min(part.end_frame, end)
        if begin < close:
            parts.append(replace(part, first_frame=begin - first, end_frame=close - first))
    return tuple(parts)


def _turned(mix: tuple[MixedPrompt, ...], n_frames: int, total: int) -> tuple[MixedPrompt, ...]:
    """What crosses the new beginning becomes two parts."""
    halves = _clipped(mix, n_frames, total)
    moved = tuple(
        replace(
            part,
            first_frame=part.first_frame + total - n_frames,
            end_frame=(part.end_frame or 0) + total - n_frames,
        )
        for part in _clipped(mix, 0, n_frames)
    )
    return halves + moved
