"""Windows: how a stretch of frames longer than the model's window is drawn piece by piece.

Each window keeps the tail of what is there before it and draws its share; the last one sees what
comes after the stretch as well. Shares are equal, so that every window has the same shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

CONTEXT_SHARE = 0.4
"""Of the window, what is kept from before: as MusicGen keeps 12 of its 30 s (arXiv 2306.05284)."""


@dataclass(frozen=True, slots=True)
class Window:
    """Frames of a canvas that are drawn at once.

    Attributes:
        first: where it begins.
        end: where it ends, exclusive.
        drawn_from: where its own share begins.
        drawn_to: where its share ends, exclusive.
    """

    first: int
    end: int
    drawn_from: int
    drawn_to: int


def lay_windows(n_frames: int, stretch: tuple[int, int], window_frames: int) -> list[Window]:
    """Windows that draw a stretch of a canvas, in order.

    Args:
        n_frames: of the canvas.
        stretch: the frames to draw, first and end; all others are given.
        window_frames: the longest that the model draws at once.
    """
    first, end = stretch
    if n_frames <= window_frames:
        return [Window(0, n_frames, *stretch)]
    context = int(CONTEXT_SHARE * window_frames)
    before, after = min(first, context), min(n_frames - end, context)
    spare = window_frames - (end - first)
    if spare >= min(before, context // 2) + min(after, context // 2):
        return [_single(n_frames, stretch, (before, after), window_frames)]
    after = min(after, context // 2)
    return _several(stretch, (before, after), context, window_frames)


def _single(
    n_frames: int, stretch: tuple[int, int], around: tuple[int, int], window_frames: int
) -> Window:
    """One window, its context on both sides as even as it can be."""
    first, end = stretch
    spare = window_frames - (end - first)
    before = min(around[0], max(spare - around[1], spare // 2))
    after = min(around[1], spare - before)
    return Window(first - before, min(n_frames, end + after), first, end)


def _several(
    stretch: tuple[int, int], around: tuple[int, int], context: int, window_frames: int
) -> list[Window]:
    first, end = stretch
    before, after = around
    room_first = window_frames - before
    room = window_frames - context
    room_last = room - after
    left = end - first - room_first
    n_inner = max(0, math.ceil((left - room_last) / room))
    rooms = [room_first, *[room] * n_inner, room_last]
    share = math.ceil((end - first) / len(rooms))
    windows, at = [], first
    for i, most in enumerate(rooms):
        rest = sum(rooms[i + 1 :])  # what those after it can take at most
        to = min(end, at + max(min(share, most), end - at - rest))
        is_last = i + 1 == len(rooms)
        begin = max(0, at - (before if i == 0 else context))
        windows.append(Window(begin, to + after if is_last else to, at, to))
        at = to
    return windows
