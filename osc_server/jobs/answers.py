"""A job's replies, made of what the worker answered."""

from __future__ import annotations

from pathlib import Path

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.errors import GenerationFailed
from osc_server.contract.replies import CancelledReply, Failed, Progress, Ready
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
    )
