"""What a request leaves open and the clip that it starts from answers: tempo, words, rate, loop.

A value counts as asked where the client named it or where it differs from its default.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from osc_server.contract.musical_time import beats_to_seconds, seconds_to_beats
from osc_server.contract.requests import CloseLoop, Continue, GenerateClip, Infill
from osc_server.rendering.source import Source
from osc_server.rendering.tempo import bpm_measured

_WIRE_NAMES = {"rate_hz": "rate", "n_channels": "channels", "loudness_lufs": "loudness"}
_DEFAULTS = {field.name: field.default for field in fields(GenerateClip)}
_HEARD_SECONDS = 60.0  # of a long file the tempo is measured in its first minute
_NEARLY_WHOLE = 0.0015  # of a BPM, relative: what measuring leaves open
_NEARLY_A_BAR = 0.02  # of a bar: what exporting a loop leaves open


def is_asked(request: GenerateClip, attribute: str) -> bool:
    """Whether a value was asked for, rather than left to what is usual."""
    wire_name = _WIRE_NAMES.get(attribute, attribute)
    return wire_name in request.given or getattr(request, attribute) != _DEFAULTS[attribute]


def inherit(request: GenerateClip, source: Source) -> tuple[GenerateClip, tuple[str, ...]]:
    """The request with what it leaves open taken from its source, and what to say about it."""
    bpm, notes = _tempo(request, source)
    request = replace(request, bpm=bpm)
    taken: dict[str, Any] = {}
    if source.sidecar is not None:
        told = source.sidecar.request
        if not is_asked(request, "meter"):
            taken["meter"] = told.meter
        if not request.prompt and not request.mix:
            taken |= {"prompt": told.prompt, "mix": told.mix if _is_whole(request) else ()}
            taken |= {"key": request.key or told.key, "negative": request.negative or told.negative}
            if not told.prompt and told.mix and not _is_whole(request):
                taken["prompt"] = ", ".join(dict.fromkeys(part.prompt for part in told.mix))
    exact = isinstance(request.start, Infill)  # samples outside stay: so do rate and channels
    if exact or not is_asked(request, "rate_hz"):
        taken["rate_hz"] = source.rate_hz
    if exact or not is_asked(request, "n_channels"):
        taken["n_channels"] = source.n_channels
    request = replace(request, **taken)
    return replace(request, loop=_loop(request, source), **_length(request, source)), notes


def source_beats(request: GenerateClip, source: Source) -> float:
    """Length of the source in quarter notes at the request's tempo; nearly whole bars are whole."""
    beats = seconds_to_beats(source.seconds, request.bpm)
    bar = float(request.meter.beats_per_bar)
    bars = round(beats / bar)
    return bars * bar if bars and abs(beats / bar - bars) < _NEARLY_A_BAR else beats


def _is_whole(request: GenerateClip) -> bool:
    """Whether the result lies where its source lies: then what belongs to its bars does too."""
    return not isinstance(request.start, Continue)


def _tempo(request: GenerateClip, source: Source) -> tuple[float, tuple[str, ...]]:
    if is_asked(request, "bpm"):
        return request.bpm, ()
    if source.sidecar is not None:
        return source.sidecar.request.bpm, ()
    heard = source.audio[: round(_HEARD_SECONDS * source.rate_hz)]
    bpm = bpm_measured(heard, source.rate_hz, request.bpm, loop=False)
    if bpm == 0.0:
        return request.bpm, (
            f"No beat was found in the given audio, so {request.bpm:g} bpm were assumed: "
            "give bpm where it matters.",
        )
    bpm = round(bpm) if abs(bpm / round(bpm) - 1) < _NEARLY_WHOLE else round(bpm, 3)
    return bpm, (f"The given audio was measured at {bpm:g} bpm: give bpm if it is another.",)


def _loop(request: GenerateClip, source: Source) -> bool:
    if isinstance(request.start, Continue):
        return False
    if isinstance(request.start, CloseLoop):
        return True
    if "loop" in request.given or not request.loop:
        return request.loop
    if source.sidecar is not None:
        return source.sidecar.request.loop
    beats, bar = source_beats(request, source), float(request.meter.beats_per_bar)
    return beats % bar == 0


def _length(request: GenerateClip, source: Source) -> dict[str, Any]:
    """The length of what is about as long as its source; as bars where they are whole."""
    if isinstance(request.start, Continue):
        return {}
    asked = (request.bars, request.beats, request.seconds)
    if isinstance(request.start, CloseLoop):
        if any(length is not None for length in asked):
            return {}
        bar = float(request.meter.beats_per_bar)
        beats = seconds_to_beats(source.seconds, _own_bpm(request, source))
        if beats < bar * (1 - _NEARLY_A_BAR):
            return {"beats": float(max(1, round(beats)))}
        return {"bars": float(round(beats / bar))}
    beats, bar = source_beats(request, source), float(request.meter.beats_per_bar)
    exact = beats_to_seconds(beats, request.bpm)
    if beats % bar == 0 and abs(exact - source.seconds) * source.rate_hz < 1:
        return {"bars": beats / bar, "beats": None, "seconds": None}
    return {"bars": None, "beats": None, "seconds": source.seconds}


def _own_bpm(request: GenerateClip, source: Source) -> float:
    return request.bpm if source.sidecar is None else source.sidecar.request.bpm
