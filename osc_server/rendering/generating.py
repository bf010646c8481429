"""Generate: a clip from words, a loop or a line."""

from __future__ import annotations

import numpy as np

from osc_server.contract.requests import GenerateClip
from osc_server.rendering.aligning import decode
from osc_server.rendering.finishing import Finished, Target, finish
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Codes, Engine
from osc_server.rendering.planning import plan_clip


def generate(request: GenerateClip, engine: Engine) -> Piece:
    """Lay out a clip from words.

    Raises:
        BadRequest: it does not fit the model.
        ModelUnavailable: it needs a companion that the model does not have.
    """
    clip_plan = plan_clip(request, engine.info, 0)
    target = Target(
        n_samples=clip_plan.n_samples,
        rate_hz=request.rate_hz,
        n_channels=request.n_channels,
        loop=request.loop,
        loudness_lufs=request.loudness_lufs,
    )

    def finish_codes(codes: Codes) -> Finished:
        audio = decode(engine, codes, circular=request.loop)
        return finish(np.asarray(audio), engine.info.sample_rate_hz, target)

    seam_frame = 0 if request.loop else None
    return Piece(request, clip_plan.canvas, clip_plan.beats, finish_codes, seam_frame=seam_frame)
