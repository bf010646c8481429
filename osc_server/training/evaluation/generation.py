"""Asks the model for loops as the server would: same requests, same plans, batched by length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from osc_server.contract.requests import GenerateClip
from osc_server.rendering.plan import Engine, EngineInfo, Plan
from osc_server.rendering.planning import plan_clip
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.spectra import Floats

BARS = (4, 2, 1)  # the most of these that fit 10 s, as musicians ask for loops
_LONGEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One loop to make: what, how fast, from which seed, and what kind of sound it should be.

    Attributes:
        family: of the families of ``families``, or empty where that is not asked.
        key: as a request says it (``A minor``), or empty.
    """

    prompt: str
    kind: str
    bpm: float
    seed: int
    family: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Ablation:
    """What the model is told of the tempo: by its input, in words, both or neither."""

    grid: bool = True
    words: bool = False


def bars_for(bpm: float, info: EngineInfo) -> int:
    """Bars of 4/4 to ask for: 4, 2 or 1, the most that fit ten seconds and the window."""
    longest = min(_LONGEST_SECONDS, info.window_frames / info.frame_rate)
    return next((bars for bars in BARS if bars * 240.0 / bpm <= longest), 1)


def request_for(ask: Ask, info: EngineInfo) -> GenerateClip:
    """What a client would send to get this loop."""
    return GenerateClip(
        id=ask.seed,
        prompt=ask.prompt,
        bars=float(bars_for(ask.bpm, info)),
        bpm=ask.bpm,
        seed=ask.seed,
        key=ask.key,
    )


def plan_for(ask: Ask, info: EngineInfo, ablation: Ablation) -> Plan:
    """The plan that the server would make of this ask, less what the ablation leaves out."""
    told = replace(ask, prompt=f"{ask.prompt}, {ask.bpm:g} bpm") if ablation.words else ask
    plan = plan_clip(request_for(told, info), info, ask.seed).plan
    return plan if ablation.grid else replace(plan, beat_grid=None)


def generate(
    engine: Engine,
    asks: Sequence[Ask],
    *,
    batch: int,
    ablation: Ablation = Ablation(),
    on_clip: Callable[[int], None] = lambda count: None,
) -> list[Specimen]:
    """Loops for all asks, in their order.

    Args:
        engine: the model.
        asks: what to make; those of equal length share a batch.
        batch: most clips in a batch.
        ablation: what the model is told of the tempo.
        on_clip: called with the number of clips that a finished batch held.
    """
    info = engine.info
    plans = [plan_for(ask, info, ablation) for ask in asks]
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, plan in enumerate(plans):
        groups.setdefault((plan.n_frames, plan.wrap_frames, plan.decoding), []).append(index)
    made: dict[int, Specimen] = {}
    for members in groups.values():
        for first in range(0, len(members), batch):
            part = members[first : first + batch]
            decoded = engine.generate([plans[i] for i in part], lambda done, steps: None)
            for i, clip in zip(part, decoded, strict=True):
                audio = engine.decode(clip.codes, circular=True)[:, 0].astype(np.float32)
                made[i] = specimen_of(asks[i], audio, info)
            on_clip(len(part))
    return [made[i] for i in range(len(asks))]


def specimen_of(ask: Ask, audio: Floats, info: EngineInfo) -> Specimen:
    """A loop that was made for an ask."""
    return Specimen(
        audio=audio,
        rate_hz=info.sample_rate_hz,
        kind=ask.kind,
        prompt=ask.prompt,
        bpm=ask.bpm,
        n_bars=bars_for(ask.bpm, info),
        seed=ask.seed,
        family=ask.family,
        key=ask.key,
    )
