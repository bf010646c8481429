"""What closes a loop: circular decoding against plain decoding and a crossfade (arXiv 2504.04466).

Perplexity of the codes at the seam, the loop laid in a circle. Two judge: the autoregressive
companion, which reads on from the loop's end, as LoopGen judges (see ``reading``); and the network
itself, each code from all that surrounds it. LoopGen encodes the audio of every loop for that. Here
both are measured: the codes that were drawn, and those of the audio encoded again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from osc_server.magnet.protocols import Companion
from osc_server.rendering.plan import Codes, Engine
from osc_server.rendering.planning import ClipPlan, plan_clip
from osc_server.rendering.seam_report import SeamSurprise, seam_surprise
from osc_server.training.evaluation.generation import Ask, request_for
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.reading import reader_surprise
from osc_server.training.evaluation.spectra import Floats

FADE_FRAMES = 12  # 0.24 s: from the plain loop's own continuation back into its start
N_RESAMPLINGS = 2000

PLAIN, CIRCULAR = "plain", "circular"
PLAIN_AGAIN, CROSSFADED, CIRCULAR_AGAIN = "plain again", "crossfaded again", "circular again"
SOURCES = (PLAIN, CIRCULAR, PLAIN_AGAIN, CROSSFADED, CIRCULAR_AGAIN)
"""Codes as they were drawn, and, *again*, those of the audio encoded again."""


@dataclass(frozen=True, slots=True)
class Surprises:
    """How unexpected one loop is.

    Attributes:
        network: to the network that drew it; the seam is 12 frames on each side.
        reader: to its companion; the seam is what follows it. None where there is no companion.
    """

    network: SeamSurprise
    reader: SeamSurprise | None = None


Closing = dict[str, Surprises]
"""One ask, closed in each way of ``SOURCES`` and judged."""


def judge_closing(engine: Engine, ask: Ask, reader: Companion | None = None) -> Closing:
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
        CIRCULAR: circle,
        PLAIN_AGAIN: encode_circle(engine, engine.decode(plain, circular=False)[:, 0]),
        CROSSFADED: encode_circle(engine, crossfade(audio, line.n_frames * samples_per_frame)),
        CIRCULAR_AGAIN: encode_circle(engine, engine.decode(circle, circular=True)[:, 0]),
    }
    return {source: _judged(engine, reader, found, clip) for source, found in codes.items()}


def _judged(engine: Engine, reader: Companion | None, codes: Codes, clip: ClipPlan) -> Surprises:
    surprise = seam_surprise(engine, codes, clip.canvas, 0)
    if surprise is None:
        raise ValueError(f"a loop of {clip.seconds:g} s has no interior: ask for more bars")
    if reader is None:
        return Surprises(surprise)
    device = torch.device(engine.info.device)
    return Surprises(surprise, reader_surprise(reader, codes, clip.plan, device))


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
    """Perplexities of each source, and how much lower the seam is than in plain decoding.

    Under ``reader`` the same as the companion judges it, where there is one.
    """
    network = [{name: each.network for name, each in c.items()} for c in closings]
    record: Record = {"loops": len(closings), "sources": _figures(network, seed), "reader": None}
    read = [
        {name: each.reader for name, each in c.items() if each.reader is not None} for c in closings
    ]
    if all(len(c) == len(SOURCES) for c in read):
        record["reader"] = _figures(read, seed)
    return record


def _figures(judged: Sequence[Mapping[str, SeamSurprise]], seed: int) -> Record:
    n = len(judged)
    draws = np.random.default_rng(seed).integers(n, size=(N_RESAMPLINGS, n))
    seams = {source: np.array([j[source].seam for j in judged]) for source in SOURCES}
    return {
        source: {
            "seam": float(np.exp(seams[source].mean())),
            "inside": float(np.exp(np.mean([j[source].inside for j in judged]))),
            "lower_than_plain": _reduction(
                seams[source], seams[PLAIN_AGAIN if source.endswith("again") else PLAIN], draws
            ),
        }
        for source in SOURCES
    }


def _reduction(
    seam: NDArray[np.float64], plain: NDArray[np.float64], draws: NDArray[np.int64]
) -> Record:
    """By how much the perplexity of all seams is lower than that of plain ones, 0..1."""
    difference = seam - plain
    shares = 1.0 - np.exp(difference[draws].mean(axis=1))
    low, high = np.percentile(shares, [2.5, 97.5])
    return {
        "share": round(float(1.0 - np.exp(difference.mean())), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
    }
