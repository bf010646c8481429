"""A job's replies, made of what the worker answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.errors import GenerationFailed, Late
from osc_server.contract.replies import CancelledReply, Failed, Progress, Ready, Take
from osc_server.contract.requests import RequestId
from osc_server.jobs.job import Job
from osc_server.jobs.messages import Stepped

SILENCE_LUFS = -70.0
"""What a silent clip's loudness is said to be: the absolute gate of BS.1770-4."""


def progress_reply(job: Job, stepped: Stepped, elapsed_seconds: float) -> Progress:
    """How far a job is, and how long the rest takes if it goes on like this."""
    left = stepped.steps - stepped.step
    return Progress(
        id=job.request.id,
        fraction=stepped.step / stepped.steps,
        step=stepped.step,
        steps=stepped.steps,
        eta_seconds=elapsed_seconds / stepped.step * left,
    )


def orphan_reply(job: Job, how_it_died: str) -> Failed | CancelledReply:
    """What is said of a job whose worker died over it."""
    if job.cancelling:
        return CancelledReply(job.request.id)
    sentence = (
        f"the model's process {how_it_died} while it made this clip; it is being started again, "
        "so send the request again"
    )
    return Failed(job.request.id, GenerationFailed.code, sentence)


def late_reply(job: Job) -> Failed:
    """What is said of a job whose deadline passed before it could begin."""
    sentence = (
        f"the deadline of {job.request.deadline_ms:g} ms passed before the job could begin: other "
        "jobs or the loading of the model took the time; give it more, or cancel what waits"
    )
    return Failed(job.request.id, Late.code, sentence)


def hardly_kept(left_seconds: float, least_seconds: float) -> str:
    """What is said at once of a deadline that leaves less time than the fewest steps take."""
    return (
        f"The deadline of {left_seconds * 1000:.0f} ms will hardly be kept: with the fewest steps "
        f"the clip takes about {least_seconds * 1000:.0f} ms from now."
    )


def overdue(ready: Ready, seconds: float) -> Ready:
    """The same, saying that it came too late, and by how much."""
    note = f"Ready {max(1, round(seconds * 1000))} ms after its deadline."
    return replace(ready, notes=f"{ready.notes} {note}".strip())


def take_replies(
    request_id: RequestId, sidecars: Sequence[ClipSidecar], paths: Sequence[Path]
) -> list[Take]:
    """The takes of a job, the best first; none where it made but one."""
    if len(sidecars) < 2:
        return []
    return [
        Take(
            id=request_id,
            rank=rank,
            count=len(sidecars),
            clip=sidecar.id,
            path=str(path),
            score=sidecar.score,
            bpm_measured=sidecar.measured.bpm_measured,
            seam=sidecar.measured.seam,
            confidence=sidecar.measured.confidence,
            seed=sidecar.seed,
        )
        for rank, (sidecar, path) in enumerate(zip(sidecars, paths, strict=True), 1)
    ]


def ready_reply(request_id: RequestId, sidecar: ClipSidecar, path: Path) -> Ready:
    """A finished clip as its client hears of it, when it is new or asked for again."""
    measured = sidecar.measured
    return Ready(
        id=request_id,
        clip=sidecar.id,
        path=str(path),
        seconds=measured.seconds,
        bars=measured.bars,
        bpm=measured.bpm,
        bpm_measured=measured.bpm_measured,
        seam=measured.seam,
        lufs=SILENCE_LUFS if measured.lufs is None else measured.lufs,
        seed=sidecar.seed,
        rate_hz=measured.rate_hz,
        rtf=measured.rtf,
        notes=sidecar.notes,
        seam_flux=measured.seam_flux,
        seam_perplexity=measured.seam_perplexity,
        confidence=measured.confidence,
        takes=sidecar.n_takes,
        tempo_confidence=measured.tempo_confidence,
        stretch=measured.stretch,
        turned_beats=measured.turned_beats,
        unknown_words=" ".join(sidecar.unknown_words),
    )
