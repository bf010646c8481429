"""Takes: what was drawn, finished, measured and ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from osc_server.contract.clip import Measured
from osc_server.rendering.finishing import SILENCE_LUFS, Finished
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Codes, Decoded
from osc_server.rendering.ranking import mean_confidence, score
from osc_server.rendering.seam import seam_score
from osc_server.rendering.seam_report import seam_flux
from osc_server.rendering.tempo_truth import Timed, set_in_time, turned_codes


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
        codes: the clip's own, ``[K, T]``, turned as its audio was.
        codes_match: whether they are its audio.
        off_bpm: its tempo, where that is not the host's and could not be conformed; or 0.
    """

    seed: int
    piece: Piece
    decoded: Decoded
    finished: Finished
    measured: Measured
    score: float
    codes: Codes
    codes_match: bool = True
    off_bpm: float = 0.0


def finish_take(piece: Piece, seed: int, decoded: Decoded) -> Take:
    """Finish what was drawn from one seed, set it in time, and measure it."""
    knows_tempo = piece.canvas.grid is not None
    timed = set_in_time(piece.request, piece.finish(decoded.codes), knows_tempo=knows_tempo)
    measured = _measure(piece, timed, mean_confidence(decoded))
    codes, match = turned_codes(piece.own_codes(decoded.codes), timed, piece.request)
    return Take(
        seed,
        piece,
        decoded,
        timed.finished,
        measured,
        score(measured, loop=piece.request.loop),
        codes,
        match,
        timed.off_bpm,
    )


def ranked(takes: Sequence[Take]) -> list[Take]:
    """The best first; of equals the one that was drawn first."""
    return sorted(takes, key=lambda take: -take.score)


def with_times(take: Take, rtf: float, seam_perplexity: float) -> Take:
    """With what is only known at the end."""
    measured = replace(take.measured, rtf=round(rtf, 4), seam_perplexity=round(seam_perplexity, 3))
    return replace(take, measured=measured)


def _measure(piece: Piece, timed: Timed, confidence: float) -> Measured:
    request, finished = piece.request, timed.finished
    audio = finished.audio
    silent = finished.lufs <= SILENCE_LUFS
    seam = seam_score(audio, request.rate_hz) if request.loop else 0.0
    flux = seam_flux(audio, request.rate_hz, request.bpm, timed.levels) if request.loop else 0.0
    return Measured(
        seconds=len(audio) / request.rate_hz,
        n_samples=len(audio),
        rate_hz=request.rate_hz,
        n_channels=audio.shape[1],
        bars=float(piece.bars),
        bpm=request.bpm,
        bpm_measured=round(timed.tempo.bpm, 3),
        seam=round(seam, 3),
        lufs=None if silent else round(finished.lufs, 2),
        true_peak_dbtp=None if silent else round(finished.true_peak_db, 2),
        rtf=0.0,
        seam_flux=round(flux, 3),
        confidence=round(confidence, 4),
        tempo_confidence=round(timed.tempo.confidence, 3),
        stretch=round(timed.stretch, 5),
        turned_beats=round(timed.turned_beats, 4),
    )
