"""The cases: what is decoded, with which checkpoint, in which of the reference's ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from osc_server.rendering.plan import Decoding
from tests.osc_server.magnet.reference.checkpoints import Sizes

SMALL = Sizes()
SHARP = Sizes(sharpness=25.0, seed=2)  # many probabilities are exactly 1
WIDE = Sizes(dim=96, n_heads=6, n_layers=3, card=300, hidden_scale=2, seed=3)
SINGLE = Sizes(span=1, seed=4)
LONG_SPANS = Sizes(span=5, context=3, seed=5)
TWO_CODEBOOKS = Sizes(dim=64, n_heads=2, n_codebooks=2, card=128, seed=6)
UNRESTRICTED = Sizes(context=-1, seed=7)
ALONE = Sizes(context=0, n_layers=1, seed=8)


@dataclass(frozen=True)
class Case:
    """One call of the reference.

    Attributes:
        n_given: frames of the audio prompt; its codes follow from the seed.
        n_items: rows of the batch, all of the same text.
    """

    sizes: Sizes
    decoding: Decoding
    n_frames: int = 60
    n_given: int = 0
    n_items: int = 1
    text: str = "dusty breakbeat with a warm bass"
    seed: int = 1


def _way(**options: Any) -> Decoding:
    return Decoding(**({"top_p": 0.0, "steps": (6, 4, 3, 2)} | options))


WAYS = {
    "plain": _way(),
    "top-p": _way(top_p=0.9),
    "low-top-p": _way(top_p=0.2),
    "top-k": _way(top_k=7),
    "top-1": _way(top_k=1),
    "greedy": _way(greedy=True),
    "prod": _way(top_p=0.8, scoring="prod"),
    "top-k-prod": _way(top_k=12, scoring="prod"),
    "steady": _way(top_p=0.9, anneal_temperature=False, temperature=1.0),
    "cold": _way(top_p=0.9, temperature=0.02),
    "stride1": _way(span="stride1"),
    "stride1-top-p": _way(span="stride1", top_p=0.9),
    "stride1-top-k": _way(span="stride1", top_k=9, anneal_temperature=False),
    "guidance-1": _way(top_p=0.9, guidance_max=1.0, guidance_min=1.0),
    "guidance-0": _way(top_p=0.9, guidance_max=0.0, guidance_min=0.0),
    "guidance-rising": _way(top_p=0.9, guidance_max=1.0, guidance_min=6.0),
    "one-step": _way(top_p=0.9, steps=(1, 1, 1, 1)),
    "many-steps": _way(top_p=0.9, steps=(40, 21, 13, 30)),
}
PLACES = {  # frames, frames given
    "whole": (60, 0),
    "prompt": (60, 21),
    "ragged-1": (60, 22),
    "ragged-2": (60, 23),
    "nearly-all": (60, 57),
    "short": (6, 2),
}


def make_cases() -> dict[str, Case]:
    """All cases by name."""
    cases = {f"small/{name}": Case(SMALL, way) for name, way in WAYS.items()}
    for way in ("plain", "top-p", "top-k", "prod", "stride1", "greedy"):
        for place, (n_frames, n_given) in PLACES.items():
            cases[f"{place}/{way}"] = Case(SMALL, WAYS[way], n_frames, n_given)
    for name, sizes in (
        ("sharp", SHARP),
        ("wide", WIDE),
        ("single", SINGLE),
        ("long-spans", LONG_SPANS),
        ("unrestricted", UNRESTRICTED),
        ("alone", ALONE),
    ):
        for way in ("plain", "top-p", "top-k", "prod", "stride1", "steady"):
            cases[f"{name}/{way}"] = Case(sizes, WAYS[way])
        cases[f"{name}/ragged"] = Case(sizes, WAYS["top-p"], 60, 17)
        cases[f"{name}/ragged-stride1"] = Case(sizes, WAYS["stride1"], 60, 17)
    sharp_single = Sizes(span=1, sharpness=25.0, seed=9)
    for way in ("stride1", "stride1-top-k", "prod"):
        cases[f"sharp-single/{way}"] = Case(sharp_single, WAYS[way], 60, 17)
    two = Decoding(steps=(5, 4))
    cases["two-codebooks"] = Case(TWO_CODEBOOKS, two)
    for n_frames in (59, 61, 97):
        cases[f"odd-{n_frames}/stride1"] = Case(SMALL, WAYS["stride1"], n_frames)
        cases[f"odd-{n_frames}/stride1-ragged"] = Case(SMALL, WAYS["stride1"], n_frames, 20)
    for n_frames in (59, 61):
        cases[f"odd-{n_frames}/single"] = Case(SINGLE, WAYS["top-p"], n_frames, 7)
        cases[f"odd-{n_frames}/trimmed"] = Case(SMALL, WAYS["top-p"], n_frames)
    for way in ("top-p", "stride1", "top-k"):
        cases[f"batch/{way}"] = Case(SMALL, WAYS[way], 60, 8, n_items=3)
    cases["no-words"] = Case(SMALL, WAYS["top-p"], text="")
    cases["long-text"] = Case(SMALL, WAYS["top-p"], text=" and ".join(["a slow pad"] * 20))
    cases["defaults"] = Case(WIDE, Decoding(steps=(20, 10, 10, 10)), 120)
    return cases


def random_case(seed: int) -> Case:
    """A case of any kind: sizes, way and place are drawn from the seed."""
    generator = np.random.default_rng(seed)

    def pick(*values: Any) -> Any:
        return values[int(generator.integers(len(values)))]

    n_heads = pick(1, 2, 4)
    sizes = Sizes(
        dim=n_heads * pick(8, 16, 24),
        n_heads=n_heads,
        n_layers=pick(1, 2, 4),
        card=pick(17, 64, 500, 2048),
        n_codebooks=pick(1, 2, 4),
        span=pick(1, 2, 3, 3, 4),
        context=pick(-1, 0, 2, 5, 5, 20),
        sharpness=pick(0.5, 2.0, 8.0, 30.0),
        seed=seed,
    )
    n_frames = int(generator.integers(20, 130))
    top_k, top_p = pick((0, 0.0), (0, 0.9), (0, 0.5), (5, 0.0), (16, 0.0))
    decoding = Decoding(
        temperature=pick(0.3, 1.0, 3.0),
        top_p=top_p,
        top_k=top_k,
        guidance_max=pick(1.0, 3.0, 10.0),
        guidance_min=pick(1.0, 1.0, 3.0),
        steps=tuple(int(n) for n in generator.integers(1, 12, sizes.n_codebooks)),
        span=pick("nonoverlap", "stride1"),
        scoring=pick("max", "prod"),
        greedy=pick(False, False, False, True),
        anneal_temperature=pick(True, True, False),
    )
    n_given = pick(0, int(generator.integers(n_frames - 10)))
    return Case(sizes, decoding, n_frames, n_given, n_items=pick(1, 1, 2), seed=seed)
