"""What closes a loop: circular decoding against plain decoding and a crossfade (arXiv 2504.04466).

As LoopGen measures it: perplexity of the codes around the seam, when the loop is laid in a circle
and the network itself judges each of them from all that surrounds it. A crossfaded or corpus loop
has to be encoded for that; what encoding alone does to the figure is a row of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from osc_server.rendering.plan import Codes, Engine
from osc_server.rendering.planning import ClipPlan, plan_clip
from osc_server.rendering.seam_report import SeamSurprise, seam_surprise
from osc_server.training.evaluation.generation import Ask, request_for
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.spectra import Floats

FADE_FRAMES = 12  # 0.24 s: from the plain loop's own continuation back into its start
N_RESAMPLINGS = 2000

CIRCULAR, PLAIN, CROSSFADED = "circular", "plain", "crossfaded"
SOURCES = (PLAIN, CROSSFADED, CIRCULAR, "circular, encoded again")


Closing = dict[str, SeamSurprise]
"""One ask, closed in each way of ``SOURCES`` and judged."""


def judge_closing(engine: Engine, ask: Ask) -> Closing:
    """Make a loop plainly and circularly from the same seed, and judge its seams."""
    info = engine.info
    request = request_for(ask, info)
    clip = plan_clip(request, info, ask.seed)
    line = replace(clip.plan, wrap_frames=0)
    # Its continuation is drawn with it: a musician renders a little more than the loop to fade.
    longer = replace(line, n_frames=min(line.n_frames + FADE_FRAMES, info.window_frames))
    circle, plain, long = (
        engine.generate([plan], lambda done, steps: None)[0].codes
        for plan in (clip.plan, line, longer)
    )
    audio = engine.decode(long, circular=False)[:, 0]
    samples_per_frame = len(audio) // long.shape[1]
    codes = {
        PLAIN: plain,
        CROSSFADED: encode_circle(engine, crossfade(audio, line.n_frames * samples_per_frame)),
        CIRCULAR: circle,
        SOURCES[3]: encode_circle(engine, engine.decode(circle, circular=True)[:, 0]),
    }
    return {source: _judged(engine, found, clip) for source, found in codes.items()}


def _judged(engine: Engine, codes: Codes, clip: ClipPlan) -> SeamSurprise:
    surprise = seam_surprise(engine, codes, clip.canvas, 0)
    if surprise is None:
        raise ValueError(f"a loop of {clip.seconds:g} s has no interior: ask for more bars")
    return surprise


def crossfade(audio: Floats, n_samples: int) -> Floats:
    """The first ``n_samples``, what comes after them faded out over their start (equal power)."""
    loop = audio[:n_samples].astype(np.float32)
    tail = audio[n_samples:]
    turn = np.linspace(0.0, np.pi / 2, len(tail), dtype=np.float32)
    loop[: len(tail)] = loop[: len(tail)] * np.sin(turn) + tail * np.cos(turn)
    return loop


def encode_circle(engine: Engine, loop: Floats) -> Codes:
    """Codes of a loop that hears its own end before its start, ``[K, n_frames]``."""
    codes = engine.encode(np.tile(loop, 3)[:, None])
    n_frames = codes.shape[1] // 3
    return codes[:, n_frames : 2 * n_frames]


def closing_figures(closings: Sequence[Closing], seed: int) -> Record:
    """Perplexities of each source, and how much lower the seam is than in plain decoding."""
    n = len(closings)
    draws = np.random.default_rng(seed).integers(n, size=(N_RESAMPLINGS, n))
    seams = {source: np.array([c[source].seam for c in closings]) for source in SOURCES}
    return {
        "loops": n,
        "sources": {
            source: {
                "seam": float(np.exp(seams[source].mean())),
                "inside": float(np.exp(np.mean([c[source].inside for c in closings]))),
                "lower_than_plain": _reduction(seams[source], seams[PLAIN], draws),
            }
            for source in SOURCES
        },
    }


def _reduction(
    seam: NDArray[np.float64], plain: NDArray[np.float64], draws: NDArray[np.int64]
) -> Record:
    """By how much the perplexity of all seams is lower than that of the plain ones, 0..1."""
    difference = seam - plain
    shares = 1.0 - np.exp(difference[draws].mean(axis=1))
    low, high = np.percentile(shares, [2.5, 97.5])
    return {
        "share": round(float(1.0 - np.exp(difference.mean())), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
    }
