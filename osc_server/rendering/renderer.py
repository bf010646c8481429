"""One job from request to clip on disk: plan, codes, audio, finishing, measuring, writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np

from osc_server.contract.clip import ClipSidecar, Measured
from osc_server.contract.errors import GenerationFailed
from osc_server.contract.requests import DecodingOptions, GenerateClip
from osc_server.library.clips import ClipStore
from osc_server.rendering.finishing import SILENCE_LUFS, Finished, Target, finish
from osc_server.rendering.plan import Decoding, Engine, OnPreview, OnStep, SecondsLeft
from osc_server.rendering.planning import ClipPlan, plan_clip
from osc_server.rendering.seam import seam_score
from osc_server.rendering.tempo import bpm_measured


@dataclass(frozen=True, slots=True)
class Clocks:
    """What a renderer asks the time of.

    Attributes:
        seconds: a clock that only runs forward, to measure how long rendering took.
        utc: date and time in UTC, to name and date clips.
    """

    seconds: Callable[[], float]
    utc: Callable[[], datetime]


class Renderer:
    """Renders requests with one engine into one clips folder. Used by the worker process."""

    def __init__(
        self, engine: Engine, store: ClipStore, clocks: Clocks, versions: Mapping[str, str]
    ) -> None:
        """Args: ``versions`` of the product and of what computes, for the sidecars."""
        self._engine = engine
        self._store = store
        self._clocks = clocks
        self._versions = versions

    def render(
        self,
        request: GenerateClip,
        seed: int,
        on_step: OnStep,
        *,
        on_preview: OnPreview | None = None,
        seconds_left: SecondsLeft | None = None,
    ) -> tuple[ClipSidecar, ...]:
        """Make a clip and write it; returns the sidecars of all takes, the best first.

        Args:
            request: its preset already applied.
            seed: to draw from; the same request and seed give the same codes.
            on_step: told of each step; raises Cancelled to stop the job, also after the last step.
            on_preview: told once the first codebook can be heard.
            seconds_left: seconds until the clip must be on disk.

        Raises:
            BadRequest: where the request does not fit the model.
            GenerationFailed: where the model returns what is not audio.
            StorageFailed: where the clip cannot be written.
        """
        begun = self._clocks.seconds()
        clip_plan = plan_clip(request, self._engine.info, seed)
        (decoded,) = self._engine.generate([clip_plan.plan], on_step)
        codes = decoded.codes
        audio = self._engine.decode(codes, circular=request.loop)
        if not np.isfinite(audio).all():
            raise GenerationFailed(
                "the model returned numbers that are no sound: try another seed or less guidance"
            )
        finished = finish(audio, self._engine.info.sample_rate_hz, _target(request, clip_plan))
        tempo = bpm_measured(finished.audio, request.rate_hz, request.bpm, loop=request.loop)
        seam = seam_score(finished.audio, request.rate_hz) if request.loop else 0.0
        on_step(sum(clip_plan.plan.decoding.steps), sum(clip_plan.plan.decoding.steps))
        took = self._clocks.seconds() - begun
        measured = _measured(request, clip_plan, finished, tempo, seam, took)
        sidecar = self._sidecar(request, clip_plan, measured, finished.notes)
        self._store.save(sidecar, finished.audio, codes)
        return (sidecar,)

    def _sidecar(
        self,
        request: GenerateClip,
        clip_plan: ClipPlan,
        measured: Measured,
        notes: tuple[str, ...],
    ) -> ClipSidecar:
        created = self._clocks.utc()
        plan, info = clip_plan.plan, self._engine.info
        return ClipSidecar(
            id=self._store.new_id(created, request.prompt, request.bpm, measured.bars),
            created=created.isoformat(timespec="seconds"),
            request=replace(request, decoding=_options(plan.decoding)),
            model_prompt=plan.prompt,
            seed=plan.seed,
            model=info.name,
            weights_hash=info.weights_hash,
            n_frames=plan.n_frames,
            measured=measured,
            notes=" ".join((*clip_plan.notes, *notes)),
            versions=self._versions,
        )


def _target(request: GenerateClip, clip_plan: ClipPlan) -> Target:
    return Target(
        n_samples=clip_plan.n_samples,
        rate_hz=request.rate_hz,
        n_channels=request.n_channels,
        loop=request.loop,
        loudness_lufs=request.loudness_lufs,
    )


def _measured(
    request: GenerateClip,
    clip_plan: ClipPlan,
    finished: Finished,
    tempo: float,
    seam: float,
    took: float,
) -> Measured:
    silent = finished.lufs <= SILENCE_LUFS
    seconds = clip_plan.n_samples / request.rate_hz
    return Measured(
        seconds=seconds,
        n_samples=clip_plan.n_samples,
        rate_hz=request.rate_hz,
        n_channels=request.n_channels,
        bars=float(clip_plan.bars),
        bpm=request.bpm,
        bpm_measured=round(tempo, 3),
        seam=round(seam, 3),
        lufs=None if silent else round(finished.lufs, 2),
        true_peak_dbtp=None if silent else round(finished.true_peak_db, 2),
        rtf=round(took / seconds, 4),
    )


def _options(decoding: Decoding) -> DecodingOptions:
    values = asdict(decoding)
    return DecodingOptions(**{name: values[name] for name in DecodingOptions.__slots__})
