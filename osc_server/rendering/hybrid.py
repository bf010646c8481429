"""The hybrid: an autoregressive model writes the beginning, MAGNeT the rest (arXiv 2401.04577).

The hint is made true to the host's tempo before it is kept: decoded, beat-tracked, stretched, begun
on its beat and encoded again. Where it is in time already, as of a model whose tempo is an input,
its codes are kept as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from osc_server.contract.requests import GenerateClip
from osc_server.rendering.aligning import encode, samples_per_frame
from osc_server.rendering.canvas import Canvas
from osc_server.rendering.conform import MAX_STRETCH, conform
from osc_server.rendering.plan import Codes, Engine, OnStep
from osc_server.rendering.tempo import bpm_measured

_IN_TIME = 0.01
"""A model whose tempo is an input is believed within 1 %: no one measures short hints better."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A canvas whose beginning is written.

    Attributes:
        canvas: with the hint given.
        note: what was done to the hint, one sentence or none.
    """

    canvas: Canvas
    note: str = ""


def begin_with_hint(
    engine: Engine,
    request: GenerateClip,
    canvas: Canvas,
    seed: int,
    n_hint: int,
    on_step: OnStep,
) -> Begun:
    """Let the companion write the first frames of a canvas.

    Args:
        engine: has a companion.
        request: whose tempo and meter the hint shall have.
        canvas: empty.
        seed: of this take.
        n_hint: frames to write.
        on_step: told of the companion's steps.
    """
    n_written = _frames_to_write(engine, request, n_hint)
    line = replace(canvas.part(0, min(n_written, canvas.n_frames)), n_frames=n_written)
    written = engine.hint(line.plan(seed), n_written, on_step)
    hint, note = _in_tempo(engine, request, written, n_hint)
    codes = np.zeros((hint.shape[0], canvas.n_frames), np.int64)
    codes[:, : hint.shape[1]] = hint
    return Begun(canvas.given(codes, hint.shape[1], canvas.n_frames), note)


def _frames_to_write(engine: Engine, request: GenerateClip, n_hint: int) -> int:
    """More than is kept, where some may be cut off before the first beat or lost by stretching."""
    if engine.info.takes_tempo:
        return n_hint
    beat = engine.info.frame_rate * 60 / request.bpm
    spare = math.ceil(n_hint * (1 + MAX_STRETCH) + beat)
    return min(spare, engine.info.window_frames)


def _in_tempo(
    engine: Engine, request: GenerateClip, written: Codes, n_hint: int
) -> tuple[Codes, str]:
    info = engine.info
    audio = engine.decode(written, circular=False)
    if info.takes_tempo:
        bpm = bpm_measured(audio, info.sample_rate_hz, request.bpm, loop=False)
        if bpm == 0.0 or abs(bpm / request.bpm - 1) < _IN_TIME:
            return written[:, :n_hint], ""
    conformed, note = conform(audio, info.sample_rate_hz, request.bpm)
    if conformed is audio:
        return written[:, :n_hint], note
    n_kept = min(n_hint, len(conformed) // samples_per_frame(info))
    return encode(engine, conformed[: n_kept * samples_per_frame(info)]), note
