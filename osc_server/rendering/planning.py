"""From a request to frames: musical lengths, words, decoding, and what is refused at once.

The length rule: the loop as a whole is rounded to frames, never its bars; the beat grid is laid on
those frames so that it closes; one resampling then gives the exact number of samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from osc_server.contract.errors import BadRequest, ModelUnavailable
from osc_server.contract.musical_time import Meter, beats_to_samples, beats_to_seconds
from osc_server.contract.requests import Continue, DecodingOptions, GenerateClip
from osc_server.rendering.canvas import Canvas
from osc_server.rendering.plan import BeatGrid, Decoding, EngineInfo, MixedPrompt, Plan

WRAP_FRAMES = 25
"""Half a second of its own tail and head around a loop: as far as the seam is heard."""
LEAST_WRAP_FRAMES = 8
"""With less room than this, a seam is closed by a second pass that has it in the middle."""
LONGEST_SECONDS = 300.0
"""The longest continuation."""


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What is made from words, in both worlds.

    Attributes:
        plan: what the engine carries out.
        canvas: the same before its seed.
        beats: length in quarter notes.
        bars: length in bars of the request's meter.
        seconds: length as asked, unrounded.
        n_samples: length of the finished clip at the request's rate.
    """

    plan: Plan
    canvas: Canvas
    beats: Fraction
    bars: Fraction
    seconds: float
    n_samples: int


def plan_clip(request: GenerateClip, info: EngineInfo, seed: int) -> ClipPlan:
    """Lay a request without a source out for one model.

    Args:
        request: what is asked, its preset already merged in.
        info: the model that will render it.
        seed: the seed to draw from, whether asked or drawn.

    Raises:
        BadRequest: when the clip is longer than the model's window, or a value does not fit it.
        ModelUnavailable: when it needs a companion that the model does not have.
    """
    beats = _some(request.length_beats)
    seconds = beats_to_seconds(beats, request.bpm)
    n_frames = frames_of(seconds, info, loop=request.loop)
    if n_frames > info.window_frames:
        raise BadRequest(_too_long(seconds, request, info))
    grid = grid_of(request, info, n_frames if request.loop else None, beats)
    canvas = lay_canvas(request, info, n_frames, grid)
    hint_frames(request, info, n_frames)
    return ClipPlan(
        plan=canvas.plan(seed, wrap_of(n_frames, info) if request.loop else 0),
        canvas=canvas,
        beats=beats,
        bars=beats / request.meter.beats_per_bar,
        seconds=seconds,
        n_samples=beats_to_samples(beats, request.bpm, request.rate_hz),
    )


def check_request(request: GenerateClip, info: EngineInfo) -> None:
    """Refuse what can be refused before any audio is read.

    Raises:
        BadRequest: a value does not fit the model.
        ModelUnavailable: it needs a companion that the model does not have.
    """
    if request.start is None:
        plan_clip(request, info, 0)
        return
    if request.hint is not None:
        raise BadRequest("a hint begins a clip that is made from words: leave it out, or the clip")
    check_companion(request, info)
    merge_decoding(request.decoding, info)
    if isinstance(request.start, Continue):
        seconds = beats_to_seconds(_some(request.length_beats), request.bpm)
        if seconds > LONGEST_SECONDS + 1e-6:
            raise BadRequest(
                f"{seconds:.4g} s is too long: a clip can be continued by up to "
                f"{LONGEST_SECONDS:g} s at once"
            )


def check_companion(request: GenerateClip, info: EngineInfo) -> None:
    """See that there is an autoregressive companion where one is needed."""
    needs_one = request.rescore > 0 or request.hint is not None
    if needs_one and not (request.companion or info.companion):
        raise ModelUnavailable(
            f"{info.name} has no autoregressive companion: leave out hint and rescore, or load a "
            "model that has one"
        )


def lay_canvas(
    request: GenerateClip,
    info: EngineInfo,
    n_frames: int,
    grid: BeatGrid,
    *,
    first_frame: int = 0,
) -> Canvas:
    """An empty canvas with the request's words and decoding.

    Args:
        request: what is asked.
        info: the model.
        n_frames: length of the canvas.
        grid: where its beats lie; the model is told only if it takes the tempo.
        first_frame: where the request's bar 0 begins.
    """
    check_companion(request, info)
    frames_per_bar = grid.beats_per_bar / grid.beats_per_frame
    return Canvas(
        prompt=_words(request.prompt, request, info),
        n_frames=n_frames,
        decoding=merge_decoding(request.decoding, info),
        grid=grid if info.takes_tempo else None,
        circular=request.loop,
        rescoring=request.rescore,
        negative=request.negative.strip(),
        mix=_mix(request, info, (first_frame, n_frames), frames_per_bar),
        companion=request.companion,
    )


def grid_of(
    request: GenerateClip,
    info: EngineInfo,
    circle_frames: int | None,
    beats: Fraction | float,
    first_beat: float = 0.0,
) -> BeatGrid:
    """The beat grid of a circle of so many frames, on which it closes, or of a line (None)."""
    bar = request.meter.beats_per_bar
    if circle_frames is None:
        return BeatGrid(request.bpm / 60 / info.frame_rate, float(bar), first_beat)
    bars = Fraction(beats) / bar
    return BeatGrid(float(beats / circle_frames), float(bar), first_beat, float(bars))


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


def frames_of(seconds: float, info: EngineInfo, *, loop: bool) -> int:
    """A loop takes the nearest frame; a line takes all that it touches, and is cut afterwards."""
    exact = seconds * info.frame_rate
    # A line of 2.0 s is 100 frames, also where float error makes it 100.00000001.
    return max(1, round(exact) if loop else math.ceil(exact - 1e-6))


def hint_frames(request: GenerateClip, info: EngineInfo, n_frames: int) -> int:
    """Frames that the autoregressive companion writes; 0 where no hint is asked.

    Raises:
        BadRequest: more than the window, or nothing left to draw.
    """
    if request.hint is None:
        return 0
    hint, clip_seconds = request.hint, n_frames / info.frame_rate
    seconds = (
        hint.seconds if hint.seconds is not None else beats_to_seconds(hint.beats or 0, request.bpm)
    )
    window_seconds = info.window_frames / info.frame_rate
    if seconds > window_seconds:
        raise BadRequest(
            f"a hint of {seconds:.4g} s is longer than the {window_seconds:g} s that {info.name} "
            "makes at once: ask for less"
        )
    n_hint = round(seconds * info.frame_rate)
    if n_hint >= n_frames:
        raise BadRequest(
            f"a hint of {seconds:.4g} s leaves nothing of a clip of {clip_seconds:.4g} s to be "
            "drawn: ask for a shorter hint or a longer clip"
        )
    if n_hint < 1:
        raise BadRequest("a hint must be more than nothing: ask for a beat or more")
    return n_hint


def longest_bars(bpm: float, meter: Meter, info: EngineInfo) -> int:
    """Whole bars that fit the model's window at this tempo; 0 where not even one does."""
    frames_per_bar = meter.beats_per_bar * 60 / Fraction(bpm) * info.frame_rate
    return int((info.window_frames + Fraction(1, 2)) / frames_per_bar)


def wrap_of(n_frames: int, info: EngineInfo) -> int:
    """Frames of context on each side of a loop that the window has room for."""
    return max(0, min(WRAP_FRAMES, n_frames, (info.window_frames - n_frames) // 2))


def _some(beats: Fraction) -> Fraction:
    if beats <= 0:
        raise BadRequest("the length must be more than nothing: ask for bars, beats or seconds")
    return beats


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
        f"{advice}, and continue it"
    )


def _words(prompt: str, request: GenerateClip, info: EngineInfo) -> str:
    """The prompt as the model reads it: key always in words, tempo only where it has no input."""
    words = [prompt.strip(), request.key.strip()]
    if not info.takes_tempo:
        words.append(f"{request.bpm:g} bpm")
    return ", ".join(word for word in words if word)


def _mix(
    request: GenerateClip, info: EngineInfo, extent: tuple[int, int], frames_per_bar: float
) -> tuple[MixedPrompt, ...]:
    """The prompts on frames; the first and the last of them reach to the canvas' ends."""
    first_frame, n_frames = extent
    parts = []
    for part in request.mix:
        begin = first_frame + round(part.from_bar * frames_per_bar) if part.from_bar > 0 else 0
        end = None if part.to_bar is None else first_frame + round(part.to_bar * frames_per_bar)
        end = None if end is None or end >= n_frames else end
        if begin >= n_frames:
            raise BadRequest(
                f"the prompt {part.prompt[:40]!r} begins at bar {part.from_bar:g}, where the clip "
                "has ended: let it begin earlier"
            )
        parts.append(MixedPrompt(_words(part.prompt, request, info), part.weight, begin, end))
    _refuse_gaps(parts, n_frames, (n_frames - first_frame) / frames_per_bar)
    return tuple(parts)


def _refuse_gaps(parts: list[MixedPrompt], n_frames: int, n_bars: float) -> None:
    covered = 0
    for part in sorted(parts, key=lambda part: part.first_frame):
        if part.first_frame > covered:
            break
        covered = max(covered, n_frames if part.end_frame is None else part.end_frame)
    if parts and covered < n_frames:
        raise BadRequest(
            f"no prompt sounds in some of the {n_bars:.3g} bars: let one begin earlier or end later"
        )
