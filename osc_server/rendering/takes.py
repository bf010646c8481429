"""Takes: what was drawn, finished, measured and ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from osc_server.contract.clip import Measured
from osc_server.rendering.finishing import SILENCE_LUFS, Finished
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Decoded
from osc_server.rendering.ranking import mean_confidence, score
from osc_server.rendering.seam import seam_score
from osc_server.rendering.seam_report import seam_flux
from osc_server.rendering.tempo import bpm_measured


@dataclass(frozen=True, slots=True)
class Take:
    """One of the clips that a request made.

    Attributes:
        seed: that it was drawn from.
        piece: what it was drawn on.
        decoded: its codes.
        finished: its audio.
        measured: what that is; without the seconds that it took.
        score: what it is ranked by.
    """

    seed: int
    piece: Piece
    decoded: Decoded
    finished: Finished
    measured: Measured
    score: float


def finish_take(piece: Piece, seed: int, decoded: Decoded) -> Take:
    """Finish and measure what was drawn from one seed."""
    finished = piece.finish(decoded.codes)
    measured = _measure(piece, finished, mean_confidence(decoded))
    return Take(seed, piece, decoded, finished, measured, score(measured, loop=piece.request.loop))


def ranked(takes: Sequence[Take]) -> list[Take]:
    """The best first; of equals the one that was drawn first."""
    return sorted(takes, key=lambda take: -take.score)


def with_times(take: Take, rtf: float, seam_perplexity: float) -> Take:
    """With what is only known at the end."""
    measured = replace(take.measured, rtf=round(rtf, 4), seam_perplexity=round(seam_perplexity, 3))
    return replace(take, measured=measured)


def _measure(piece: Piece, finished: Finished, confidence: float) -> Measured:
    request, audio = piece.request, finished.audio
    silent = finished.lufs <= SILENCE_LUFS
    tempo = bpm_measured(audio, request.rate_hz, request.bpm, loop=request.loop)
    seam = seam_score(audio, request.rate_hz) if request.loop else 0.0
    flux = seam_flux(audio, request.rate_hz, request.bpm) if request.loop else 0.0
    return Measured(
        seconds=len(audio) / request.rate_hz,
        n_samples=len(audio),
        rate_hz=request.rate_hz,
        n_channels=audio.shape[1],
        bars=float(piece.bars),
        bpm=request.bpm,
        bpm_measured=round(tempo, 3),
        seam=round(seam, 3),
        lufs=None if silent else round(finished.lufs, 2),
        true_peak_dbtp=None if silent else round(finished.true_peak_db, 2),
        rtf=0.0,
        seam_flux=round(flux, 3),
        confidence=round(confidence, 4),
    )
