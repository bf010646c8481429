"""Drawing canvases with an engine: all takes as one batch, window by window, in the time left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from osc_server.rendering.canvas import Canvas
from osc_server.rendering.plan import (
    Codes,
    Decoded,
    Engine,
    EngineInfo,
    OnStage,
    OnStep,
    SecondsLeft,
)
from osc_server.rendering.planning import LEAST_WRAP_FRAMES, WRAP_FRAMES, wrap_of
from osc_server.rendering.progress import Progress
from osc_server.rendering.windows import Window, lay_windows

_SEED_LIMIT = 10**6  # as drawn seeds: every host can say them


@dataclass(frozen=True, slots=True)
class Watch:
    """What a drawing tells and asks while it goes on.

    Attributes:
        on_step: told of each step.
        on_coarse: given the first codebook of each take as soon as the whole canvas has it.
        seconds_left: until the codes must be there; None = as long as it takes.
    """

    on_step: OnStep
    on_coarse: Callable[[Sequence[Codes]], None] | None = None
    seconds_left: SecondsLeft | None = None


def derived_seed(seed: int, i: int) -> int:
    """The i-th of the seeds that follow from one; the 0th is that one itself."""
    if i == 0:
        return seed
    digest = hashlib.sha256(f"{seed} {i}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _SEED_LIMIT


def take_seeds(seed: int, n_takes: int) -> list[int]:
    """A seed for each take, all different; the first take has the seed of the request."""
    seeds: list[int] = []
    i = 0
    while len(seeds) < n_takes:
        candidate = derived_seed(seed, i)
        if candidate not in seeds:
            seeds.append(candidate)
        i += 1
    return seeds


def draw(
    engine: Engine, canvases: Sequence[Canvas], seeds: Sequence[int], watch: Watch
) -> list[Decoded]:
    """Codes for each take.

    Args:
        engine: the model.
        canvases: one for each take, alike but for what is given on them.
        seeds: one for each take.
        watch: what is told and asked on the way.
    """
    canvas = canvases[0]
    if canvas.n_frames > engine.info.window_frames:
        return _draw_by_windows(engine, canvases, seeds, watch)
    wrap = wrap_of(canvas.n_frames, engine.info) if canvas.circular else 0
    is_open = canvas.circular and wrap < LEAST_WRAP_FRAMES and canvas.revision is None
    if not is_open:
        progress = Progress(watch.on_step, [1.0])
        return _generate(engine, canvases, seeds, replace(watch, on_step=progress.phase()), wrap)
    return _draw_and_close(engine, canvases, seeds, watch)


def _draw_and_close(
    engine: Engine, canvases: Sequence[Canvas], seeds: Sequence[int], watch: Watch
) -> list[Decoded]:
    """Draw a loop that leaves no room for its own tail and head: as a line, then once more.

    The second time it is turned by half: its seam lies in the middle, where half a second on each
    side is drawn anew.
    """
    progress = Progress(watch.on_step, [1.0, 1.0])
    lines = [replace(canvas, circular=False) for canvas in canvases]
    first = _generate(engine, lines, seeds, _share(watch, progress, 2), 0)
    half, n_frames = canvases[0].n_frames // 2, canvases[0].n_frames
    seam = n_frames - half
    turned = []
    for canvas, decoded in zip(canvases, first, strict=True):
        given = canvas.given(decoded.codes, 0, 0)
        mask = np.ones(decoded.codes.shape, np.bool_)
        mask[:, max(0, seam - WRAP_FRAMES) : seam + WRAP_FRAMES] = False
        if canvas.mask is not None:
            mask |= np.roll(canvas.mask, -half, axis=1)  # what was given stays given
        turned.append(replace(given.turned(half), circular=False, mask=mask))
    again = [derived_seed(seed, 1) for seed in seeds]
    closing = replace(watch, on_coarse=None)
    second = _generate(engine, turned, again, _share(closing, progress, 1), 0)
    return [
        _merged(old, new, np.roll(canvas.mask, half, axis=1), half)
        for old, new, canvas in zip(first, second, turned, strict=True)
        if canvas.mask is not None
    ]


def _merged(old: Decoded, new: Decoded, kept: NDArray[np.bool_], half: int) -> Decoded:
    codes, confidence = np.roll(new.codes, half, axis=1), np.roll(new.confidence, half, axis=1)
    return Decoded(
        codes, np.where(kept, old.confidence, confidence), _unique(old.notes + new.notes)
    )


def _draw_by_windows(
    engine: Engine, canvases: Sequence[Canvas], seeds: Sequence[int], watch: Watch
) -> list[Decoded]:
    windows = _windows(canvases[0], engine.info)
    progress = Progress(watch.on_step, [window.end - window.first for window in windows])
    codes = [np.array(canvas.codes) for canvas in canvases if canvas.codes is not None]
    confidence = [np.ones(part.shape, np.float32) for part in codes]
    notes: tuple[str, ...] = ()
    for i, window in enumerate(windows):
        where = slice(window.first, window.end)
        parts = [
            _window_of(canvas, done, window) for canvas, done in zip(canvases, codes, strict=True)
        ]
        here = replace(
            _share(watch, progress, len(windows) - i),
            on_coarse=_on_the_last(watch, codes, where) if i + 1 == len(windows) else None,
        )
        window_seeds = [derived_seed(seed, i) for seed in seeds]
        for take, decoded in enumerate(_generate(engine, parts, window_seeds, here, 0)):
            codes[take][:, where] = decoded.codes
            is_new = decoded.confidence < 1
            confidence[take][:, where][is_new] = decoded.confidence[is_new]
            notes += decoded.notes
    return [Decoded(*pair, _unique(notes)) for pair in zip(codes, confidence, strict=True)]


def _windows(canvas: Canvas, info: EngineInfo) -> list[Window]:
    """Where frames are missing, windows that fill them; otherwise windows side by side."""
    missing = np.flatnonzero(~canvas.mask.all(axis=0)) if canvas.mask is not None else np.array([])
    if len(missing):
        stretch = int(missing[0]), int(missing[-1]) + 1
        return lay_windows(canvas.n_frames, stretch, info.window_frames)
    n_windows = -(-canvas.n_frames // info.window_frames)
    edges = [round(i * canvas.n_frames / n_windows) for i in range(n_windows + 1)]
    return [Window(first, end, first, end) for first, end in pairwise(edges)]


def _window_of(canvas: Canvas, done: Codes, window: Window) -> Canvas:
    """The window's part of a canvas, with all that earlier windows drew given."""
    mask = np.ones(done.shape, np.bool_)
    if canvas.mask is not None:
        mask = canvas.mask.copy()
        mask[:, : window.drawn_from] = True
    return replace(canvas, codes=done, mask=mask).part(window.first, window.end)


def _on_the_last(
    watch: Watch, codes: Sequence[Codes], where: slice
) -> Callable[[Sequence[Codes]], None] | None:
    """With the last window's first codebook the whole canvas has it."""
    if watch.on_coarse is None:
        return None
    tell = watch.on_coarse

    def on_coarse(parts: Sequence[Codes]) -> None:
        whole = [done[:1].copy() for done in codes]
        for row, part in zip(whole, parts, strict=True):
            row[:, where] = part
        tell(whole)

    return on_coarse


def _generate(
    engine: Engine, canvases: Sequence[Canvas], seeds: Sequence[int], watch: Watch, wrap: int
) -> list[Decoded]:
    plans = [canvas.plan(seed, wrap) for canvas, seed in zip(canvases, seeds, strict=True)]
    return engine.generate(
        plans,
        watch.on_step,
        on_stage=_first_stage(watch.on_coarse),
        seconds_left=watch.seconds_left,
    )


def _first_stage(on_coarse: Callable[[Sequence[Codes]], None] | None) -> OnStage | None:
    if on_coarse is None:
        return None
    is_told = False

    def on_stage(n_codebooks: int, codes: Sequence[Codes]) -> None:
        nonlocal is_told
        if not is_told:
            is_told = True
            on_coarse([part[:1] for part in codes])

    return on_stage


def _share(watch: Watch, progress: Progress, n_left: int) -> Watch:
    """The watch of one of several phases: its part of the time that is left."""
    here = replace(watch, on_step=progress.phase())
    whole = watch.seconds_left
    if whole is None:
        return here
    others = whole() * (n_left - 1) / n_left
    return replace(here, seconds_left=lambda: whole() - others)


def _unique(notes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
