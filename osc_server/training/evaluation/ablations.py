"""The paper's ablations on our model (arXiv 2401.04577, tables 3 to 6), as far as decoding decides.

The paper trained a network for each span length and each reach of attention; here one trained
network is decoded otherwise than it was trained, which shows what decoding can do about it and not
what training could. Rescoring, the hybrid, guidance and steps are decisions of decoding in the
paper too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from osc_server.magnet.checkpoints import load_checkpoint
from osc_server.magnet.companion_choice import find_companion
from osc_server.magnet.engine import MagnetEngine, find_model
from osc_server.magnet.precision import hasten, stored_dtype
from osc_server.rendering.hybrid import begin_with_hint
from osc_server.rendering.plan import Plan
from osc_server.rendering.planning import plan_clip
from osc_server.training.evaluation.generation import Ask, request_for, specimen_of
from osc_server.training.evaluation.remembering import RememberingEngine
from osc_server.training.evaluation.specimen import Specimen

HINT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to decode.

    Attributes:
        name: in the report.
        decoding: what differs from the model's own settings.
        rescoring: weight of the companion when spans are ranked.
        hint: seconds that the companion writes first.
        span: frames in a span; None = as trained.
        all_context: attention reaches everything in all codebooks.
        paper: where the paper reports it, and what it found, in words.
        expected: whether that makes this way ``better`` or ``worse`` than the shipped one; empty
            where the paper does not say.
    """

    name: str
    decoding: Mapping[str, Any] = field(default_factory=dict)
    rescoring: float = 0.0
    hint: float = 0.0
    span: int | None = None
    all_context: bool = False
    paper: str = ""
    expected: Literal["better", "worse", ""] = ""

    @property
    def is_another_network(self) -> bool:
        """Whether the network itself is run otherwise."""
        return self.span is not None or self.all_context

    @property
    def is_of_decoding_alone(self) -> bool:
        """Whether it needs neither another network nor a companion."""
        return not (self.is_another_network or self.rescoring or self.hint)

    @property
    def network(self) -> str:
        """What makes its network another; empty for the model's own."""
        return f"span {self.span}, all {self.all_context}" if self.is_another_network else ""


SHIPPED = "as shipped"
_STEPS = "table 6: more steps are better, and those of the first codebook count most"
_GUIDANCE = "table 4: guidance that falls during decoding is better than constant guidance"
_SPAN = "table 3: spans of 3 frames (60 ms) are best, single frames clearly worse"
VARIANTS = (
    Variant(SHIPPED),
    Variant("steps 20, 10, 10, 10", {"steps": (20, 10, 10, 10)}, paper=_STEPS, expected="better"),
    Variant("steps 20, 3, 3, 3", {"steps": (20, 3, 3, 3)}, paper=_STEPS, expected="better"),
    Variant("steps 5, 2, 2, 2", {"steps": (5, 2, 2, 2)}, paper=_STEPS, expected="worse"),
    Variant("steps 1, 1, 1, 1", {"steps": (1, 1, 1, 1)}, paper=_STEPS, expected="worse"),
    Variant(
        "rescoring by its companion, weight 0.5",
        rescoring=0.5,
        paper="table 5: rescoring is better, and slower",
        expected="better",
    ),
    Variant(
        "hybrid, 2 s by its companion",
        hint=HINT_SECONDS,
        paper="section 5: better than MAGNeT alone, between it and autoregression in time",
        expected="better",
    ),
    Variant("span of 1 frame", span=1, paper=_SPAN, expected="worse"),
    Variant(
        "unrestricted context",
        all_context=True,
        paper="table 3: attention of the later codebooks within 0.1 s is better than everywhere",
        expected="worse",
    ),
    Variant("constant guidance", {"guidance_min": 3.0}, paper=_GUIDANCE, expected="worse"),
    Variant("no guidance", {"guidance_max": 1.0}, paper=_GUIDANCE, expected="worse"),
    Variant("guidance in all codebooks", {"guided_codebooks": 0}, paper="not in the paper"),
)


def variant_engine(
    variant: Variant, spec: str, models_folder: Path, device: torch.device
) -> MagnetEngine:
    """A model whose spans or whose reach of attention are not those that it was trained with.

    Raises:
        ModelUnavailable: as ``load_engine``.
    """
    folder, name = find_model(spec, models_folder)
    model = load_checkpoint(folder, models_folder, device, stored_dtype("auto", device))
    network = model.network
    if variant.all_context:
        network.spec = replace(network.spec, subcodes_context=-1)
    hasten(network, "auto", device)
    span = model.span if variant.span is None else variant.span
    companion = find_companion(model, models_folder, device, network.out_norm.weight.dtype)
    return MagnetEngine(replace(model, span=span), name, device, companion)


@dataclass(frozen=True, slots=True)
class Played:
    """What a variant made of the asks, in their order, and its seconds for each second of audio."""

    clips: list[Specimen]
    rtf: list[float]


Variants = Sequence[tuple[Variant, Played]]
"""Every way of decoding, and what it played."""


def play_variant(
    variant: Variant,
    engine: RememberingEngine,
    asks: Sequence[Ask],
    on_clip: Callable[[int], None] = lambda count: None,
) -> Played:
    """Loops for all asks; one at a time, so that each time is its own."""
    clips, rtf = [], []
    for ask in asks:
        plan, hint_seconds = _plan(variant, engine, ask)
        codes = engine.generate([plan], lambda done, steps: None)[0].codes
        seconds = engine.last_seconds
        audio = engine.decode(codes, circular=True)[:, 0].astype(np.float32)
        clip = specimen_of(ask, audio, engine.info)
        clips.append(clip)
        rtf.append((seconds + hint_seconds) / clip.seconds)
        on_clip(1)
    return Played(clips, rtf)


def _plan(variant: Variant, engine: RememberingEngine, ask: Ask) -> tuple[Plan, float]:
    """The plan, its beginning written where there is a hint, and the seconds that took."""
    info = engine.info
    request = request_for(ask, info)
    clip = plan_clip(request, info, ask.seed)
    plan, seconds = clip.plan, 0.0
    if variant.hint:
        n_hint = round(variant.hint * info.frame_rate)
        begun = begin_with_hint(engine, request, clip.canvas, ask.seed, n_hint, lambda a, b: None)
        seconds = engine.last_seconds
        plan = begun.canvas.plan(ask.seed, plan.wrap_frames)
    decoding = replace(plan.decoding, **variant.decoding)
    return replace(plan, decoding=decoding, rescoring=variant.rescoring), seconds
