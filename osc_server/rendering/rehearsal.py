"""Rehearsing: what a model's steps and finishing take, measured on clips that nobody hears.

Without it the first job after loading would be planned in the dark, and a short deadline missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from osc_server.contract.requests import DecodingOptions, GenerateClip
from osc_server.rendering.drawing import Watch, draw
from osc_server.rendering.generating import generate
from osc_server.rendering.pacing import N_TRUSTED
from osc_server.rendering.plan import Decoded, Engine, OnStep
from osc_server.rendering.takes import finish_take
from osc_server.rendering.time_budget import FinishingTime

REHEARSED_SECONDS = 4.0  # of audio: as many frames as clips have, and yet quick
_NO_HURRY = 1e6  # seconds


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What was found.

    Attributes:
        least_seconds: that a second of audio takes at least, drawn in one step a codebook.
    """

    least_seconds: float


def rehearse(
    engine: Engine, finishing: FinishingTime, seconds: Callable[[], float], on_step: OnStep
) -> Rehearsed:
    """Draw and finish two short clips: the first to warm up, the second as quickly as can be.

    Args:
        engine: remembers what its steps took.
        finishing: is told what finishing took.
        seconds: a clock that only runs forward.
        on_step: told of each step; what it raises ends the rehearsal.
    """
    info = engine.info
    audio_seconds = min(REHEARSED_SECONDS, info.window_frames / info.frame_rate)
    few = [N_TRUSTED + 1] * min(2, info.n_codebooks)
    _make(engine, few + [1] * (info.n_codebooks - len(few)), audio_seconds, seconds, on_step)
    begun = seconds()
    drawn = _make(engine, [1] * info.n_codebooks, audio_seconds, seconds, on_step)
    finished = seconds()
    finishing.learn(finished - drawn, audio_seconds)
    return Rehearsed((finished - begun) / audio_seconds)


def _make(
    engine: Engine,
    steps: Sequence[int],
    audio_seconds: float,
    seconds: Callable[[], float],
    on_step: OnStep,
) -> float:
    """Make a clip and forget it; returns when it was drawn."""
    options = DecodingOptions(steps=tuple(steps))
    request = GenerateClip(0, prompt="drums", seconds=audio_seconds, decoding=options)
    piece = generate(request, engine)
    end = seconds() + _NO_HURRY  # with a deadline steps are timed
    decoded: list[Decoded] = draw(
        engine, [piece.canvas], [0], Watch(on_step, None, lambda: end - seconds())
    )
    drawn = seconds()
    finish_take(piece, 0, decoded[0])
    return drawn
