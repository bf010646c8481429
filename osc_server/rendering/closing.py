"""Close the loop: given audio at the host's exact length, its last and first moments made anew."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import soxr

from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import beats_to_samples, beats_to_seconds
from osc_server.contract.requests import GenerateClip
from osc_server.rendering.aligning import (
    circle_to_model,
    decode,
    encode,
    samples_per_frame,
)
from osc_server.rendering.channels import place, to_mono
from osc_server.rendering.conform import MAX_STRETCH, stretch
from osc_server.rendering.finishing import (
    Finished,
    Target,
    fit_loop,
    report,
    set_channels,
    set_loudness,
)
from osc_server.rendering.inheriting import is_asked
from osc_server.rendering.levels import for_model
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Audio, Codes, Engine
from osc_server.rendering.planning import (
    LEAST_WRAP_FRAMES,
    LONGEST_SECONDS,
    frames_of,
    grid_of,
    lay_canvas,
    wrap_of,
)
from osc_server.rendering.source import Source
from osc_server.rendering.splicing import splice
from osc_server.rendering.tempo import bpm_measured

_SEAM_BEATS = 1.0
"""On each side of the seam, what is made anew; at most a quarter of the loop."""
_SURELY_WRONG = 0.004  # a tempo that was measured this far from the host's is conformed
_CONFORMED_SECONDS = 2.0  # what is shorter tells no tempo
_LEAST_SHARE = 0.5  # of the loop that must be given


@dataclass(frozen=True, slots=True)
class _Turn:
    """A loop turned so that its seam lies in the middle.

    Attributes:
        audio: ``[n_samples, n_channels]`` at the clip's own rate.
        seam: the sample at which the loop begins.
        seam_frame: the frame at which it begins.
        place: first sample and end of what is made anew, around the seam.
    """

    audio: Audio
    seam: int
    seam_frame: int
    place: tuple[int, int]


def close_loop(request: GenerateClip, source: Source, engine: Engine) -> Piece:
    """Lay out the loop that a source becomes.

    The source is stretched where its tempo is another than the host's, cut at the loop's end, or
    carried on by the model where it is too short. A beat on each side of the seam is made anew on
    the circle (arXiv 2504.04466); the rest keeps its own samples.

    Raises:
        BadRequest: where the source is far too short, or its tempo too far away.
    """
    seconds = beats_to_seconds(request.length_beats, request.bpm)
    if seconds > LONGEST_SECONDS:
        raise BadRequest(f"{seconds:.4g} s are too long for a loop: at most {LONGEST_SECONDS:g} s")
    audio, notes = _conformed(request, source)
    n_samples = beats_to_samples(request.length_beats, request.bpm, request.rate_hz)
    missing = max(0, n_samples - len(audio))
    if missing > (1 - _LEAST_SHARE) * n_samples:
        raise BadRequest(
            f"{len(audio) / request.rate_hz:.4g} s are less than half of a loop of {seconds:.4g} "
            "s: ask for fewer bars, or continue the audio first"
        )
    if missing > request.rate_hz // 100:
        notes += (
            f"The last {missing / request.rate_hz:.2g} s were missing, and made by the model.",
        )
    n_frames = frames_of(seconds, engine.info, loop=True)
    turn = _turned(request, audio, (n_samples, n_frames), missing)
    return replace(_lay(request, turn, engine, n_frames), source=source, notes=notes)


def _conformed(request: GenerateClip, source: Source) -> tuple[Audio, tuple[str, ...]]:
    """The source at the clip's rate and channels and at the host's tempo."""
    audio = set_channels(source.audio, request.n_channels)
    if source.rate_hz != request.rate_hz:
        audio = np.asarray(soxr.resample(audio, source.rate_hz, request.rate_hz, "VHQ"), "f4")
    if not request.conform:
        return audio, ()
    told = source.sidecar.request.bpm if source.sidecar else 0.0
    bpm = told or _measured(request, source)
    if bpm == 0.0 or bpm == request.bpm:
        return audio, ()
    ratio = bpm / request.bpm
    if abs(ratio - 1) > MAX_STRETCH:
        if not told:  # measured, so perhaps wrong: what the musician says holds
            return audio, ()
        raise BadRequest(
            f"{bpm:g} bpm cannot become {request.bpm:g}: audio is stretched by at most "
            f"{MAX_STRETCH * 100:g} %, so ask for a tempo that is nearer"
        )
    is_loop = source.sidecar is not None and source.sidecar.request.loop
    stretched = stretch(audio, request.rate_hz, round(len(audio) * ratio), loop=is_loop)
    return stretched, (f"It was stretched from {bpm:.2f} to {request.bpm:g} bpm.",)


def _measured(request: GenerateClip, source: Source) -> float:
    """The source's own tempo, where it is surely another than the host's."""
    if source.seconds < _CONFORMED_SECONDS:
        return 0.0
    bpm = bpm_measured(source.audio, source.rate_hz, request.bpm, loop=False)
    return 0.0 if abs(bpm / request.bpm - 1) < _SURELY_WRONG else bpm


def _turned(request: GenerateClip, audio: Audio, sizes: tuple[int, int], missing: int) -> _Turn:
    n_samples, n_frames = sizes
    exact = np.zeros((n_samples, audio.shape[1]), np.float32)
    exact[: len(audio)] = audio[:n_samples]
    around = min(round(_SEAM_BEATS * 60 / request.bpm * request.rate_hz), n_samples // 4)
    seam_frame = n_frames // 2
    seam = round(seam_frame * n_samples / n_frames)
    before = min(missing + around, seam - 1)
    turned = np.roll(exact, seam, axis=0)
    return _Turn(turned, seam, seam_frame, (seam - before, seam + around))


def _lay(request: GenerateClip, turn: _Turn, engine: Engine, n_frames: int) -> Piece:
    """The whole loop as a circle, or, where the window leaves it no room, what is near its seam."""
    info, per_frame = engine.info, len(turn.audio) / n_frames
    mono, gain_db = for_model(to_mono(turn.audio), request.rate_hz)
    audio = circle_to_model(mono, n_frames, info)
    grid = grid_of(request, info, n_frames, request.length_beats)
    canvas = lay_canvas(request, info, n_frames, grid).turned(n_frames - turn.seam_frame)
    drawn = _frames(turn.place, per_frame)
    circular = wrap_of(n_frames, info) >= LEAST_WRAP_FRAMES
    first = 0
    if not circular:
        first, end = _around(drawn, n_frames, info.window_frames)
        size = samples_per_frame(info)
        canvas, audio = canvas.part(first, end), audio[first * size : end * size]
    codes = encode(engine, audio, circular=circular)
    canvas = canvas.given(codes, drawn[0] - first, drawn[1] - first)
    begin, n_made = round(first * per_frame), round(canvas.n_frames * per_frame)

    def finish_codes(codes: Codes) -> Finished:
        made = fit_loop(decode(engine, codes, circular=circular), n_made)
        return _finished(request, turn, made, begin, -gain_db)

    return Piece(
        request,
        canvas,
        request.length_beats,
        finish_codes,
        seam_frame=turn.seam_frame - first,
        is_turned=canvas.n_frames == n_frames,
    )


def _frames(place: tuple[int, int], per_frame: float) -> tuple[int, int]:
    """All frames that a stretch of samples touches, but for a hair."""
    return int(place[0] / per_frame + 0.05), math.ceil(place[1] / per_frame - 0.05)


def _around(drawn: tuple[int, int], n_frames: int, window_frames: int) -> tuple[int, int]:
    """A window's worth of frames with what is drawn in its middle."""
    n_line = min(window_frames, n_frames)
    if drawn[1] - drawn[0] >= n_line:
        raise BadRequest("too much of this loop is missing: ask for fewer bars")
    first = (drawn[0] + drawn[1] - n_line) // 2
    first = max(0, min(first, n_frames - n_line))
    return first, first + n_line


def _finished(
    request: GenerateClip, turn: _Turn, made: Audio, begin: int, otherwise_db: float
) -> Finished:
    """The loop with its made seam, turned back; as loud as it was unless another is asked."""
    given = turn.audio[begin : begin + len(made)]
    made = made[: len(given)]
    inside = turn.place[0] - begin, turn.place[1] - begin
    part = splice(given, place(made, given), inside, request.rate_hz, otherwise_db)
    audio = turn.audio.copy()
    audio[turn.place[0] : turn.place[1]] = part
    audio = np.roll(audio, -turn.seam, axis=0)
    if not is_asked(request, "loudness_lufs"):
        return report(audio, request.rate_hz, True)
    n_channels = audio.shape[1]
    target = Target(len(audio), request.rate_hz, n_channels, True, request.loudness_lufs)
    return set_loudness(audio, target)
