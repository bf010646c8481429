"""Infill: a stretch of given audio made anew; every sample outside of it stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import seconds_to_beats
from osc_server.contract.requests import GenerateClip, Infill
from osc_server.rendering.aligning import decode, line_to_host
from osc_server.rendering.channels import place
from osc_server.rendering.exact import with_part
from osc_server.rendering.finishing import Finished, fit_loop, report
from osc_server.rendering.given import Given, circle_codes, line_codes, stored_codes
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Audio, Codes, Engine
from osc_server.rendering.planning import (
    LEAST_WRAP_FRAMES,
    LONGEST_SECONDS,
    frames_of,
    grid_of,
    lay_canvas,
    wrap_of,
)
from osc_server.rendering.source import Source
from osc_server.rendering.splicing import splice
from osc_server.rendering.windows import CONTEXT_SHARE

_LEAST_SECONDS = 0.06
"""One span: the least that the model draws."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the canvas lies on the source.

    Attributes:
        given: its codes.
        begin: sample of the source at which frame 0 begins.
        samples_per_frame: of the source.
        circular: whether the canvas is the whole source, as a circle.
    """

    given: Given
    begin: float
    samples_per_frame: float
    circular: bool


def infill(request: GenerateClip, source: Source, engine: Engine) -> Piece:
    """Lay out a stretch between two beats of a source.

    Raises:
        BadRequest: where the stretch lies outside the source, or is too short or too long.
    """
    if not isinstance(request.start, Infill):
        raise TypeError("infill is given an Infill")
    first, end = _stretch(request.start, request, source)
    layout = _lay_out(request, source, engine, (first, end))
    frames = _frames(layout, first, end)
    n_frames = layout.given.codes.shape[1]
    beats = Fraction(seconds_to_beats(source.seconds, request.bpm))
    per_sample = request.bpm / 60 / source.rate_hz
    grid = grid_of(
        request,
        engine.info,
        n_frames if layout.circular else None,
        request.length_beats if layout.circular else beats,
        layout.begin * per_sample,
    )
    bar_zero = -round(layout.begin / layout.samples_per_frame)
    canvas = lay_canvas(request, engine.info, n_frames, grid, first_frame=bar_zero)
    canvas = replace(canvas.given(layout.given.codes, *frames), circular=layout.circular)

    def finish_codes(codes: Codes) -> Finished:
        part = _part(source, engine, layout, codes, (first, end))
        return _finished(source, part, first, request.loop)

    return Piece(
        request,
        canvas,
        request.length_beats,
        finish_codes,
        seam_frame=0 if canvas.circular else None,
        source=source,
    )


def _stretch(start: Infill, request: GenerateClip, source: Source) -> tuple[int, int]:
    """First sample and end of what is made anew."""
    length = seconds_to_beats(source.seconds, request.bpm)
    nearly = seconds_to_beats(2 / source.rate_hz, request.bpm)
    if start.from_beats < 0 or start.to_beats > length + nearly + 0.01:
        raise BadRequest(
            f"beats {start.from_beats:g} to {start.to_beats:g} reach outside the clip, which has "
            f"{length:.6g} beats at {request.bpm:g} bpm"
        )
    per_beat = 60 / request.bpm * source.rate_hz
    first, end = round(start.from_beats * per_beat), round(start.to_beats * per_beat)
    end = min(end, source.n_samples)
    seconds = (end - first) / source.rate_hz
    if seconds < _LEAST_SECONDS:
        raise BadRequest(
            f"{seconds * 1000:.3g} ms are too short to be made anew: ask for at least "
            f"{_LEAST_SECONDS * 1000:g} ms"
        )
    if seconds > LONGEST_SECONDS:
        raise BadRequest(
            f"{seconds:.4g} s are too long to be made anew at once: ask for at most "
            f"{LONGEST_SECONDS:g} s"
        )
    return first, end


def _lay_out(
    request: GenerateClip, source: Source, engine: Engine, stretch: tuple[int, int]
) -> _Layout:
    info = engine.info
    per_frame = source.rate_hz / info.frame_rate
    n_circle = frames_of(source.seconds, info, loop=True)
    if request.loop and wrap_of(n_circle, info) >= LEAST_WRAP_FRAMES:
        given = circle_codes(source, request, engine, n_circle)
        return _Layout(given, 0.0, source.n_samples / n_circle, True)
    stored = stored_codes(source, request, engine)
    if stored is not None:
        is_loop = source.sidecar is not None and source.sidecar.request.loop
        exact = source.n_samples / stored.shape[1] if is_loop else per_frame
        return _Layout(Given(stored), 0.0, exact, False)
    # A frame begins exactly where the stretch does.
    first, end = stretch
    around = (
        info.window_frames
        if n_circle <= info.window_frames
        else int(CONTEXT_SHARE * info.window_frames)
    )
    before = min(int(first / per_frame), around)
    n_new = frames_of((end - first) / source.rate_hz, info, loop=False)
    after = min(int((source.n_samples - first) / per_frame) - n_new, around)
    begin = first - before * per_frame
    n_frames = before + n_new + max(0, after)
    given = line_codes(source, engine, begin / source.rate_hz, n_frames)
    return _Layout(given, begin, per_frame, False)


def _frames(layout: _Layout, first: int, end: int) -> tuple[int, int]:
    """All frames that the stretch touches, but for a hair."""
    begin = int((first - layout.begin) / layout.samples_per_frame + 0.05)
    close = -int(-((end - layout.begin) / layout.samples_per_frame - 0.05) // 1)
    return max(0, begin), min(layout.given.codes.shape[1], max(close, begin + 1))


def _part(
    source: Source, engine: Engine, layout: _Layout, codes: Codes, stretch: tuple[int, int]
) -> Audio:
    """What takes the stretch's place, ``[end - first, n_channels]``."""
    first, end = stretch
    audio = decode(engine, codes, circular=layout.circular)
    if layout.circular:
        made, begin = fit_loop(audio, source.n_samples), 0
        # Turned so that the stretch lies in the middle, between what precedes and follows it.
        turn = (first + end) // 2 - source.n_samples // 2
        given = np.roll(source.audio, -turn, axis=0)
        made, begin = np.roll(made, -turn, axis=0), turn
    else:
        exact = layout.samples_per_frame * engine.info.frame_rate
        made = line_to_host(audio, source.rate_hz, engine.info)
        if abs(exact - source.rate_hz) > 1e-6:
            made = fit_loop(audio, round(layout.samples_per_frame * codes.shape[1]))
        begin = round(layout.begin)
        skipped = max(0, -begin)
        made, begin = made[skipped:], begin + skipped
        given = source.audio[begin : begin + len(made)]
        made = made[: len(given)]
    where = (first - begin, min(end - begin, len(given)))
    spread = place(made, given)
    part = splice(given, spread, where, source.rate_hz, -layout.given.gain_db)
    return np.pad(part, ((0, end - first - len(part)), (0, 0)))


def _finished(source: Source, part: Audio, first: int, loop: bool) -> Finished:
    exact, subtype = with_part(source, part, first)
    audio = source.audio.copy()
    audio[first : first + len(part)] = part
    return report(audio, source.rate_hz, loop, exact=exact, subtype=subtype)
