"""From a request to a plan: musical lengths become frames, words become the model's prompt.

The length rule: the loop as a whole is rounded to frames, never its bars; the beat grid is laid on
those frames so that it closes; one resampling then gives the exact number of samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter, beats_to_samples, beats_to_seconds
from osc_server.contract.requests import DecodingOptions, GenerateClip
from osc_server.rendering.plan import BeatGrid, Decoding, EngineInfo, Plan

WRAP_FRAMES = 25
"""Half a second of its own tail and head around a loop: as far as the seam is heard."""


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What is made, in both worlds.

    Attributes:
        plan: what the engine carries out.
        beats: length in quarter notes.
        bars: length in bars of the request's meter.
        seconds: length as asked, unrounded.
        n_samples: length of the finished clip at the request's rate.
        notes: what could not be met as asked, one sentence each.
    """

    plan: Plan
    beats: Fraction
    bars: Fraction
    seconds: float
    n_samples: int
    notes: tuple[str, ...] = ()


def plan_clip(request: GenerateClip, info: EngineInfo, seed: int) -> ClipPlan:
    """Lay a request out for one model.

    Args:
        request: what is asked, its preset already merged in.
        info: the model that will render it.
        seed: the seed to draw from, whether asked or drawn.

    Raises:
        BadRequest: when the clip is longer than the model's window, or a value does not fit it.
    """
    beats = request.length_beats
    if beats <= 0:
        raise BadRequest("the length must be more than nothing: ask for bars, beats or seconds")
    seconds = beats_to_seconds(beats, request.bpm)
    n_frames = _frames(seconds, request, info)
    wrap_frames = _wrap(n_frames, info) if request.loop else 0
    notes = []
    if request.loop and wrap_frames == 0:
        notes.append(
            "The loop fills the model's whole window, so its seam was left to chance: "
            "ask for a little less to have it closed."
        )
    plan = Plan(
        prompt=_words(request, info),
        n_frames=n_frames,
        seed=seed,
        decoding=merge_decoding(request.decoding, info),
        beat_grid=_beat_grid(beats, n_frames, request, info) if info.takes_tempo else None,
        wrap_frames=wrap_frames,
    )
    return ClipPlan(
        plan=plan,
        beats=beats,
        bars=beats / request.meter.beats_per_bar,
        seconds=seconds,
        n_samples=beats_to_samples(beats, request.bpm, request.rate_hz),
        notes=tuple(notes),
    )


def merge_decoding(options: DecodingOptions, info: EngineInfo) -> Decoding:
    """The model's own decoding, changed where the request says otherwise.

    Raises:
        BadRequest: when steps are not one number a codebook, or top_k exceeds the codebook.
    """
    names = DecodingOptions.__slots__
    asked = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    decoding: Decoding = replace(info.defaults, **asked)
    if len(decoding.steps) != info.n_codebooks:
        raise BadRequest(
            f"steps must be {info.n_codebooks} numbers, one a codebook of {info.name}, "
            f"not {len(decoding.steps)}"
        )
    if decoding.top_k > info.codebook_size:
        raise BadRequest(
            f"top_k {decoding.top_k} is out of range: 0 to {info.codebook_size} for {info.name}"
        )
    return decoding


def _frames(seconds: float, request: GenerateClip, info: EngineInfo) -> int:
    """A loop takes the nearest frame; a line takes all that it touches, and is cut afterwards."""
    exact = seconds * info.frame_rate
    # A line of 2.0 s is 100 frames, also where float error makes it 100.00000001.
    n_frames = max(1, round(exact) if request.loop else math.ceil(exact - 1e-6))
    if n_frames > info.window_frames:
        raise BadRequest(_too_long(seconds, request, info))
    return n_frames


def _too_long(seconds: float, request: GenerateClip, info: EngineInfo) -> str:
    window_seconds = info.window_frames / info.frame_rate
    longest = longest_bars(request.bpm, request.meter, info)
    if longest >= 1:
        advice = f"ask for at most {longest} bar{'s' if longest > 1 else ''} at {request.bpm:g} bpm"
    else:
        advice = (
            f"ask for less than a bar at {request.bpm:g} bpm, or for at most {window_seconds:g} s"
        )
    return (
        f"{seconds:.4g} s is longer than the {window_seconds:g} s that {info.name} makes at once: "
        f"{advice}"
    )


def longest_bars(bpm: float, meter: Meter, info: EngineInfo) -> int:
    """Whole bars that fit the model's window at this tempo; 0 where not even one does."""
    frames_per_bar = meter.beats_per_bar * 60 / Fraction(bpm) * info.frame_rate
    return int((info.window_frames + Fraction(1, 2)) / frames_per_bar)


def _wrap(n_frames: int, info: EngineInfo) -> int:
    """Frames of context on each side of a loop that the window has room for."""
    return min(WRAP_FRAMES, n_frames, (info.window_frames - n_frames) // 2)


def _beat_grid(beats: Fraction, n_frames: int, request: GenerateClip, info: EngineInfo) -> BeatGrid:
    bars = beats / request.meter.beats_per_bar
    return BeatGrid(
        beats_per_frame=(
            float(beats / n_frames) if request.loop else request.bpm / 60 / info.frame_rate
        ),
        beats_per_bar=float(request.meter.beats_per_bar),
        cycle_bars=float(bars) if request.loop else 0.0,
    )


def _words(request: GenerateClip, info: EngineInfo) -> str:
    """The prompt as the model reads it: key always in words, tempo only where it has no input."""
    words = [request.prompt.strip(), request.key.strip()]
    if not info.takes_tempo:
        words.append(f"{request.bpm:g} bpm")
    return ", ".join(word for word in words if word)
