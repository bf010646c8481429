"""Vary: a clip of the same length and beats as its source, some of it drawn anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import beats_to_samples
from osc_server.contract.requests import GenerateClip, Vary
from osc_server.rendering.aligning import decode
from osc_server.rendering.channels import place
from osc_server.rendering.distance import spectral_distance_db
from osc_server.rendering.finishing import (
    SILENCE_LUFS,
    Finished,
    Target,
    finish,
    measure_loudness,
)
from osc_server.rendering.given import Given, circle_codes, line_codes, stored_codes
from osc_server.rendering.inheriting import is_asked
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Codes, Engine, Revision
from osc_server.rendering.planning import LONGEST_SECONDS, frames_of, grid_of, lay_canvas
from osc_server.rendering.source import Source

_SOFTEST_LUFS, _LOUDEST_LUFS = -60.0, -5.0


def vary_source(request: GenerateClip, source: Source, engine: Engine) -> Piece:
    """Lay out a variation of a source, a loop as a circle.

    What is longer than the model's window is varied window by window.

    Raises:
        BadRequest: where the source is too long, or the amount is none.
    """
    if not isinstance(request.start, Vary):
        raise TypeError("vary is given a Vary")
    start, info = request.start, engine.info
    if not 0 <= start.amount <= 1:
        raise BadRequest(f"amount {start.amount:g} is out of range: 0 (nothing) to 1 (all)")
    if source.seconds > LONGEST_SECONDS:
        raise BadRequest(
            f"{source.seconds:.4g} s are too long to be varied: at most {LONGEST_SECONDS:g} s; "
            "cut out the part that matters"
        )
    n_frames = frames_of(source.seconds, info, loop=request.loop)
    grid = grid_of(request, info, n_frames if request.loop else None, request.length_beats)
    given = _given(request, source, engine, n_frames)
    canvas = replace(
        lay_canvas(request, info, n_frames, grid).given(given.codes, 0, 0),
        revision=Revision(start.amount, start.strategy),
    )
    target = _target(request, source)

    def finish_codes(codes: Codes) -> Finished:
        audio = decode(engine, codes, circular=request.loop)
        placed = place(audio, source.audio) if request.n_channels == 2 else audio
        finished = finish(np.asarray(placed), info.sample_rate_hz, target)
        return _with_distance(finished, source, target)

    return Piece(
        request,
        canvas,
        request.length_beats,
        finish_codes,
        seam_frame=0 if canvas.circular else None,
        source=source,
    )


def _given(request: GenerateClip, source: Source, engine: Engine, n_frames: int) -> Given:
    if request.loop:
        return circle_codes(source, request, engine, n_frames)
    stored = stored_codes(source, request, engine)
    if stored is not None and stored.shape[1] == n_frames:
        return Given(stored)
    return line_codes(source, engine, 0.0, n_frames)


def _target(request: GenerateClip, source: Source) -> Target:
    """As long as the source, and as loud unless another loudness is asked."""
    same_rate = request.rate_hz == source.rate_hz
    exact = beats_to_samples(request.length_beats, request.bpm, request.rate_hz)
    loudness = request.loudness_lufs
    if not is_asked(request, "loudness_lufs"):
        lufs, _ = measure_loudness(source.audio, source.rate_hz, request.loop)
        if lufs > SILENCE_LUFS:
            loudness = round(float(np.clip(lufs, _SOFTEST_LUFS, _LOUDEST_LUFS)), 1)
    return Target(
        n_samples=source.n_samples if same_rate else exact,
        rate_hz=request.rate_hz,
        n_channels=request.n_channels,
        loop=request.loop,
        loudness_lufs=loudness,
    )


def _with_distance(finished: Finished, source: Source, target: Target) -> Finished:
    distance = spectral_distance_db(source.audio, source.rate_hz, finished.audio, target.rate_hz)
    return replace(finished, notes=(*finished.notes, f"It is {distance:.1f} dB from its source."))
