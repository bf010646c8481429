"""A piece: a request laid out for one model, from its canvas to how its codes become a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from osc_server.contract.requests import GenerateClip
from osc_server.rendering.canvas import Canvas
from osc_server.rendering.finishing import Finished
from osc_server.rendering.plan import Codes
from osc_server.rendering.source import Source


@dataclass(frozen=True, slots=True)
class Piece:
    """What an instrument makes of a request.

    Attributes:
        request: with all that it left open filled in.
        canvas: what each take is drawn on.
        beats: length of the clip in quarter notes.
        finish: from a canvas' codes, ``[k, n_frames]``, to the finished clip; the first codebooks
            alone give a preview.
        first_frame: of the canvas, where the clip's own codes begin.
        seam_frame: of the canvas, where a loop begins; None where it shows no whole seam.
        is_turned: whether the canvas is the whole loop, begun elsewhere than at its seam.
        source: what it starts from; None for words alone.
        notes: what a musician should know, one sentence each.
    """

    request: GenerateClip
    canvas: Canvas
    beats: Fraction
    finish: Callable[[Codes], Finished]
    first_frame: int = 0
    seam_frame: int | None = None
    is_turned: bool = False
    source: Source | None = None
    notes: tuple[str, ...] = ()

    @property
    def bars(self) -> Fraction:
        """Length in bars of the request's meter."""
        return self.beats / self.request.meter.beats_per_bar

    def own_codes(self, codes: Codes) -> Codes:
        """Of a canvas' codes those of the clip itself, from its beginning on."""
        if self.is_turned:
            return np.roll(codes, -(self.seam_frame or 0), axis=1)
        return codes[:, self.first_frame :]
