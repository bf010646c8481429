"""Continue: what comes after given audio, from its last sample on, on its beats, at its level."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from osc_server.contract.musical_time import beats_to_samples, beats_to_seconds
from osc_server.contract.requests import GenerateClip
from osc_server.rendering.aligning import decode, line_to_host
from osc_server.rendering.canvas import Canvas
from osc_server.rendering.channels import place
from osc_server.rendering.finishing import (
    Finished,
    fade_out,
    report,
    set_channels,
)
from osc_server.rendering.given import Given, tail_codes
from osc_server.rendering.inheriting import source_beats
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Audio, Codes, Engine
from osc_server.rendering.planning import frames_of, grid_of, lay_canvas
from osc_server.rendering.source import Source
from osc_server.rendering.splicing import splice
from osc_server.rendering.windows import CONTEXT_SHARE

_FADE_OUT_SECONDS = 0.003


def continue_source(request: GenerateClip, source: Source, engine: Engine) -> Piece:
    """Lay out what follows a source; only the new part comes back.

    The source's tail, up to half the model's window of it, is the audio prompt. The beat grid goes
    on where the source ended, nearly whole bars counting as whole.

    Raises:
        BadRequest: it does not fit the model.
    """
    info = engine.info
    seconds = beats_to_seconds(request.length_beats, request.bpm)
    n_new = frames_of(seconds, info, loop=False)
    n_tail = _tail_frames(source, n_new, engine, request.rate_hz)
    ends_at = source_beats(request, source) % float(request.meter.beats_per_bar)
    per_frame = request.bpm / 60 / info.frame_rate
    grid = grid_of(request, info, None, request.length_beats, ends_at - n_tail * per_frame)
    given = tail_codes(source, request, engine, n_tail)
    canvas = lay_canvas(request, info, n_tail + n_new, grid, first_frame=n_tail)
    canvas = _after(canvas, given, n_new)
    n_samples = beats_to_samples(request.length_beats, request.bpm, request.rate_hz)

    def finish_codes(codes: Codes) -> Finished:
        made = line_to_host(decode(engine, codes), request.rate_hz, info)
        n_past = round(n_tail / info.frame_rate * request.rate_hz)
        past = _tail(source, n_past, request)
        part = _join(past, made[: n_past + n_samples], n_samples, given, request.rate_hz)
        return report(fade_out(part, request.rate_hz, _FADE_OUT_SECONDS), request.rate_hz, False)

    return Piece(
        request, canvas, request.length_beats, finish_codes, first_frame=n_tail, source=source
    )


def _tail_frames(source: Source, n_new: int, engine: Engine, rate_hz: int) -> int:
    """Frames of the source that the model sees; whole samples at the host's rate, if possible."""
    window = engine.info.window_frames
    most = max(int(CONTEXT_SHARE * window), min(window // 2, window - n_new))
    n_tail = max(1, min(most, int(source.seconds * engine.info.frame_rate)))
    whole = Fraction(rate_hz, engine.info.frame_rate).denominator
    return n_tail // whole * whole or n_tail


def _after(canvas: Canvas, given: Given, n_new: int) -> Canvas:
    codes = np.concatenate([given.codes, np.zeros((given.codes.shape[0], n_new), np.int64)], axis=1)
    return canvas.given(codes, given.codes.shape[1], codes.shape[1])


def _tail(source: Source, n_past: int, request: GenerateClip) -> Audio:
    """The source's last samples in the clip's own rate and channels, ``[n_past, n_channels]``."""
    seconds = n_past / request.rate_hz + 0.1
    audio = source.audio[-round(seconds * source.rate_hz) :]
    audio = set_channels(audio, request.n_channels)
    if source.rate_hz != request.rate_hz:
        import soxr

        audio = np.asarray(soxr.resample(audio, source.rate_hz, request.rate_hz, "VHQ"), np.float32)
    missing = max(0, n_past - len(audio))
    return np.pad(audio, ((missing, 0), (0, 0)))[-n_past:]


def _join(past: Audio, made: Audio, n_samples: int, given: Given, rate_hz: int) -> Audio:
    n_past = len(past)
    made = np.pad(made, ((0, n_past + n_samples - len(made)), (0, 0)))
    around = np.concatenate([past, np.zeros((n_samples, past.shape[1]), np.float32)])
    return splice(around, place(made, past), (n_past, n_past + n_samples), rate_hz, -given.gain_db)
