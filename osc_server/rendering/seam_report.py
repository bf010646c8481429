"""A loop's seam against its interior: spectral flux and perplexity of its codes (arXiv 2504.04466).

Both are ratios: about 1 says that the seam is like any other place of the same loop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osc_server.rendering.bands import ONSET_FRAMES_PER_SECOND, Levels, band_levels_db
from osc_server.rendering.canvas import Canvas
from osc_server.rendering.plan import Audio, Codes, Engine
from osc_server.rendering.planning import wrap_of

_AROUND_SECONDS = 0.025
_AROUND_FRAMES = 12  # on each side of the seam, for the perplexity
_STILL_DB = 0.5  # of rise per band and frame: less is heard as standing still
_MOST = 100.0


def seam_flux(audio: Audio, rate_hz: int, bpm: float, levels: Levels | None = None) -> float:
    """Spectral flux at a loop's seam relative to that on its other beats.

    The flux of a place is the strongest rise within 25 ms of it, in dB a mel band. A seam is a
    downbeat, so it is held against beats and not against what lies between them; half a decibel is
    added to both, so that a steady pad with a steady seam gives 1.

    Args:
        audio: ``[n_samples, n_channels]``, one turn.
        rate_hz: its rate.
        bpm: its tempo.
        levels: the audio's own ``band_levels_db``, where they are known.
    """
    levels = band_levels_db(audio, rate_hz, loop=True) if levels is None else levels
    flux = np.maximum(levels - np.roll(levels, 1, axis=0), 0).mean(axis=1)
    n_beats = max(2, round(len(audio) / rate_hz * bpm / 60))
    around = round(_AROUND_SECONDS * ONSET_FRAMES_PER_SECOND)
    beats = np.round(np.arange(n_beats) * len(flux) / n_beats).astype(int)
    near = beats[:, None] + np.arange(-around, around + 1)
    strongest = flux[near % len(flux)].max(axis=1) + _STILL_DB
    return float(min(_MOST, strongest[0] / strongest[1:].mean()))


def seam_perplexity(engine: Engine, codes: Codes, canvas: Canvas, seam_frame: int) -> float:
    """Perplexity of a loop's codes around its seam relative to that of its interior.

    Arguments as of ``seam_surprise``; 0 where there is no room around the seam.
    """
    surprise = seam_surprise(engine, codes, canvas, seam_frame)
    return 0.0 if surprise is None else float(min(_MOST, np.exp(surprise.seam - surprise.inside)))


@dataclass(frozen=True, slots=True)
class SeamSurprise:
    """How unexpected a loop's codes are to the model, in nats a code.

    Attributes:
        seam: within 12 frames of the seam; its exponential is the perplexity of arXiv 2504.04466.
        inside: everywhere else.
    """

    seam: float
    inside: float


def seam_surprise(
    engine: Engine, codes: Codes, canvas: Canvas, seam_frame: int
) -> SeamSurprise | None:
    """Judge a loop's codes around its seam and inside it; None where it has no room for that.

    Around the seam every code is judged, of the interior every second span: an even sample.

    Args:
        engine: the network that judges, from all that surrounds each place, on the circle if the
            canvas is one.
        codes: ``[K, n_frames]``.
        canvas: that they were drawn on.
        seam_frame: where the loop begins on it; inside of it where it is no circle.
    """
    n_frames = codes.shape[1]
    wrap = 0
    if canvas.circular:
        # Turned so that the seam lies in the middle: it is judged from both sides in any case.
        wrap, turn = wrap_of(n_frames, engine.info), (seam_frame - n_frames // 2) % n_frames
        canvas, codes = canvas.turned(turn), np.roll(codes, -turn, axis=1)
        seam_frame = (seam_frame - turn) % n_frames
    blank = replace(canvas, codes=None, mask=None, revision=None, rescoring=0.0)
    around = min(_AROUND_FRAMES, seam_frame, n_frames - seam_frame)
    if not 0 < 2 * around < n_frames:
        return None
    is_seam = np.zeros(n_frames, np.bool_)
    is_seam[seam_frame - around : seam_frame + around] = True
    nats = engine.surprise(codes, blank.plan(0, wrap), is_seam)
    return SeamSurprise(float(nats[is_seam].mean()), float(np.nanmean(nats[~is_seam])))
